//! The measurements.

use std::error::Error;
use std::io::{Cursor, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use simulator::{Options, Simulator};
use stories::{Story, until};
use tests::bot::TABLE;

use crate::process::{Function, Program};

/// How long each AWS call takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);
/// How often the init is measured.
pub(crate) const STARTS: usize = 20;

/// What was measured of one program.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Bytes of the deployment package; none where the runtime brings the code.
    pub zip_bytes: Option<u64>,
    /// Median of exec to first request, in milliseconds.
    pub init_ms: f64,
    /// Alerts sent before memory and CPU were read.
    pub alerts: usize,
    /// Peak memory after them, in bytes.
    pub peak_memory_bytes: u64,
    /// CPU per event once warm, in milliseconds.
    pub warm_cpu_ms: f64,
    /// The part of it that the kernel used, in milliseconds.
    pub warm_kernel_cpu_ms: f64,
    /// Calls before the publish.
    pub calls: usize,
    /// How many of them wait for another.
    pub round_trips: usize,
    /// From invoke to answer of a warm event, in milliseconds.
    pub warm_answer_ms: f64,
    /// TLS handshakes in the handler of the first event.
    pub handshakes_in_first_event: usize,
}

/// Measures everything about one program.
pub async fn all(
    name: &str,
    program: &Program,
    alerts: usize,
    binary: Option<&Path>,
) -> Result<Measured, Box<dyn Error>> {
    let zip_bytes = binary.map(zip_size).transpose()?;
    progress(name, &format!("{STARTS} cold starts"));
    let init_ms = init(program).await?;
    progress(
        name,
        &format!("{alerts} failed deployments at 50 ms a call"),
    );
    let warm = warm(program, alerts).await?;
    progress(name, "the first event over TLS");
    let handshakes_in_first_event = first_event_over_tls(program).await?;
    Ok(Measured {
        zip_bytes,
        init_ms,
        handshakes_in_first_event,
        ..warm
    })
}

pub(crate) fn progress(name: &str, doing: &str) {
    eprintln!("bench: {name}: {doing} …");
}

/// The package as Lambda takes it: the binary as `bootstrap` in a zip.
pub(crate) fn zip_size(binary: &Path) -> Result<u64, Box<dyn Error>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(9));
    zip.start_file("bootstrap", options)?;
    zip.write_all(&std::fs::read(binary)?)?;
    Ok(zip.finish()?.into_inner().len().try_into()?)
}

/// A town in which a deployment has failed, and the event that says so.
fn failed(tls: bool) -> Result<(Simulator, Value), Box<dyn Error>> {
    let story = Story::named("sidecar-first").ok_or("the story is gone")?;
    let mut world = story.town("aws.ecs");
    story.release(&mut world);
    let events = until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let event = events.into_iter().find(|event| {
        event["detail-type"] == "ECS Deployment State Change"
            && event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    });
    let aws = Simulator::start(
        world,
        Options {
            tls,
            ..Options::default()
        },
    )?;
    aws.create_table(TABLE, "pk", None);
    aws.set_latency("*", LATENCY);
    Ok((aws, event.ok_or("the deployment did not fail")?))
}

/// The same failure so much later that it is news again.
fn again(event: &Value, n: usize) -> Value {
    let mut event = event.clone();
    let at = event["detail"]["updatedAt"]
        .as_str()
        .and_then(domain::facts::parse_time);
    let later = at.unwrap_or_default() + chrono::TimeDelta::minutes(11 * n as i64);
    event["detail"]["updatedAt"] = later.to_rfc3339().into();
    event
}

/// Median of exec to first request, in milliseconds.
pub(crate) async fn init(program: &Program) -> Result<f64, Box<dyn Error>> {
    let (aws, _) = failed(false)?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let function = Function::start(program, aws.url(), None).await?;
        times.push(function.init.as_secs_f64() * 1e3);
        function.stop().await;
    }
    Ok(median(times))
}

async fn warm(program: &Program, alerts: usize) -> Result<Measured, Box<dyn Error>> {
    const WARM_UP: usize = 3;
    let (aws, event) = failed(false)?;
    let mut function = Function::start(program, aws.url(), None).await?;
    for n in 0..WARM_UP {
        function.api.invoke(again(&event, n)).await?;
    }
    aws.clear_logs();
    let (before, kernel_before) = (function.cpu()?, function.kernel_cpu()?);
    let mut times = Vec::new();
    for n in WARM_UP..alerts {
        let began = std::time::Instant::now();
        function.api.invoke(again(&event, n)).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let cpu = function.cpu()? - before;
    let kernel = function.kernel_cpu()? - kernel_before;
    let each = |time: Duration| time.as_secs_f64() * 1e3 / (alerts - WARM_UP) as f64;
    let (round_trips, calls) = depth_and_calls(&aws).ok_or("nothing was published")?;
    if aws.published().len() != alerts - WARM_UP {
        return Err(format!("{} alerts instead of {alerts}", aws.published().len()).into());
    }
    let measured = Measured {
        zip_bytes: None,
        init_ms: 0.0,
        alerts,
        peak_memory_bytes: function.peak_memory()?,
        warm_cpu_ms: each(cpu),
        warm_kernel_cpu_ms: each(kernel),
        calls,
        round_trips,
        warm_answer_ms: median(times),
        handshakes_in_first_event: 0,
    };
    function.stop().await;
    Ok(measured)
}

/// Round trips and calls before the first publish that the log holds.
pub(crate) fn depth_and_calls(aws: &Simulator) -> Option<(usize, usize)> {
    let calls = aws
        .actions()
        .iter()
        .position(|action| action == "sns:Publish")?;
    Some((aws.round_trips_before("sns:Publish")?, calls))
}

async fn first_event_over_tls(program: &Program) -> Result<usize, Box<dyn Error>> {
    let (aws, event) = failed(true)?;
    let ca = std::env::temp_dir().join(format!("opsbot-bench-{}.pem", std::process::id()));
    std::fs::write(&ca, aws.ca_pem().ok_or("no certificate")?)?;
    let mut function = Function::start(program, aws.url(), Some(&ca)).await?;
    let before = aws.tls_handshakes();
    function.api.invoke(event).await?;
    let during = aws.tls_handshakes() - before;
    function.stop().await;
    std::fs::remove_file(&ca)?;
    Ok(during)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
