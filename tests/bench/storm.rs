//! task-stopped: one ordinary stop, and ten thousand of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use simulator::{Options, Simulator, Throttle};
use tests::bot::{TABLE, batch};
use tests::storm::{Storm, calls, repeated};

use crate::measure::{self, progress};
use crate::process::{Function, Program};

/// One crash loop.
pub(crate) const LOOP: Storm = Storm {
    tasks: 10_000,
    services: 1,
    causes: 1,
};

/// Two hundred services that die of five causes.
pub(crate) const SPREAD: Storm = Storm {
    tasks: 10_000,
    services: 200,
    causes: 5,
};

/// What one ordinary stop costs.
#[derive(Debug, Serialize)]
pub struct OneStop {
    /// Bytes of the deployment package.
    pub zip_bytes: u64,
    /// Median of exec to first request, in milliseconds.
    pub init_ms: f64,
    /// Calls before the publish that wait for another.
    pub round_trips: usize,
    /// Calls before the publish.
    pub calls: usize,
}

/// What a storm cost, and what came of it.
#[derive(Debug, Serialize)]
pub struct Weathered {
    /// Messages, duplicates included.
    pub messages: usize,
    /// Alerts that SNS took.
    pub alerts: usize,
    /// Alerts that told a decade of an incident again.
    pub repeated: Option<usize>,
    /// AWS calls.
    pub calls: usize,
    /// AWS calls that were throttled.
    pub throttled: usize,
    /// Incidents whose count is wrong, or all of them where it cannot be told.
    pub miscounted: Option<usize>,
    /// From the first batch to the last answer, in seconds.
    pub wall_s: f64,
    /// The most memory that one of the two processes held, in bytes.
    pub peak_memory_bytes: u64,
    /// AWS calls by action.
    pub calls_by_action: BTreeMap<String, usize>,
}

/// Measures one ordinary stop: warm, each call 50 ms.
pub async fn one_stop(program: &Program, binary: &Path) -> Result<OneStop, Box<dyn Error>> {
    progress("task-stopped", "cold starts, and one ordinary stop");
    let zip_bytes = measure::zip_size(binary)?;
    let init_ms = measure::init(program).await?;
    let two = Storm {
        tasks: 2,
        services: 2,
        causes: 1,
    };
    let world = two.town();
    let stops = [two.stop(&world, 0), two.stop(&world, 1)];
    let aws = Simulator::start(world, Options::default())?;
    aws.create_table(TABLE, "pk", None);
    aws.set_latency("*", measure::LATENCY);
    let mut function = Function::start(program, aws.url(), None).await?;
    for stop in stops {
        aws.clear_logs();
        function.api.invoke(event(&[stop.to_string()])?).await?;
    }
    let (round_trips, calls) = measure::depth_and_calls(&aws).ok_or("nothing was published")?;
    function.stop().await;
    Ok(OneStop {
        zip_bytes,
        init_ms,
        round_trips,
        calls,
    })
}

/// Sends a storm through two processes of a program at the same time, as the event source mapping
/// does, against the documented buckets of the ECS API. The storm lasts ten minutes of their clock.
pub async fn weather(
    name: &str,
    program: &Program,
    storm: Storm,
    counts: bool,
) -> Result<Weathered, Box<dyn Error>> {
    let Storm {
        tasks, services, ..
    } = storm;
    progress(name, &format!("{tasks} stops of {services} services"));
    let world = storm.town();
    let batches = storm.batches(&world);
    let options = Options {
        throttle: Throttle::VirtualClock,
        ..Options::default()
    };
    let aws = Simulator::start(world, options)?;
    aws.create_table(TABLE, "pk", None);
    let mut one = Function::start(program, aws.url(), None).await?;
    let mut other = Function::start(program, aws.url(), None).await?;
    let began = Instant::now();
    for pair in batches.chunks(2) {
        let second = pair.get(1).map_or(&[][..], Vec::as_slice);
        let (first, second) = (event(&pair[0])?, event(second)?);
        let (first, second) = tokio::join!(one.api.invoke(first), other.api.invoke(second));
        first.and(second)?;
        storm.pass(&aws, batches.len());
    }
    let wall_s = began.elapsed().as_secs_f64();
    let peak_memory_bytes = one.peak_memory()?.max(other.peak_memory()?);
    one.stop().await;
    other.stop().await;
    let alerts = aws.published();
    let (calls_by_action, throttled) = calls(&aws);
    Ok(Weathered {
        messages: batches.iter().map(Vec::len).sum(),
        alerts: alerts.len(),
        repeated: counts.then(|| repeated(&alerts)),
        calls: calls_by_action.values().sum(),
        throttled,
        miscounted: counts.then(|| storm.miscounted(&aws, TABLE)),
        wall_s,
        peak_memory_bytes,
        calls_by_action,
    })
}

fn event(bodies: &[String]) -> Result<Value, serde_json::Error> {
    serde_json::to_value(batch(bodies.iter().cloned()))
}
