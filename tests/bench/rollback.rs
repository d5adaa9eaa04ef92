//! roll-back: from the event that a deployment failed to the call that mends it, once and for two
//! hundred services at the same time.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::Value;
use simulator::{Breaker, Fate, Options, Outcome, Simulator, TaskDefinition, Throttle, World};
use tests::bot::{TABLE, batch};
use tests::queues::ROLLBACKS;

use crate::measure::{self, LATENCY, progress};
use crate::process::{Function, Program};

/// What both functions are told where rollbacks are enabled. The hourly cap is out of the way.
pub(crate) const ENABLED: [(&str, &str); 2] = [
    ("OPSBOT_ROLLBACK_QUEUE_URL", QUEUE),
    ("OPSBOT_ROLLBACKS_PER_HOUR", "1000"),
];
const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-rollbacks.fifo";
const CLUSTER: &str = "prod-apps";
const UPDATE: &str = "ecs:UpdateService";
const ASK: &str = "sqs:SendMessage";
/// So many services fail at once.
const SERVICES: usize = 200;
/// So many events are answered at once.
const EVENTS_AT_ONCE: usize = 20;
/// So many requests are answered at once (the template's maximum concurrency).
const AT_ONCE: usize = 5;
/// So often a request is delivered.
const TRIES: usize = ROLLBACKS.received;

/// One rollback.
#[derive(Debug, Serialize)]
pub struct OneRollback {
    /// Bytes of roll-back's deployment package.
    pub zip_bytes: u64,
    /// Median of exec to first request, in milliseconds.
    pub init_ms: f64,
    /// Calls that wait for another before `UpdateService`, of both functions; the request's way
    /// through the queue counts as one.
    pub round_trips: usize,
    /// From the event to `UpdateService`, in milliseconds, without the time that SQS takes.
    pub to_update_ms: f64,
}

/// Two hundred of them.
#[derive(Debug, Serialize)]
pub struct ManyRollbacks {
    /// Services that failed.
    pub services: usize,
    /// Services that were not updated.
    pub lost: usize,
    /// Services that were updated more than once.
    pub twice: usize,
    /// `UpdateService` calls that were throttled and made again.
    pub throttled: usize,
    /// From the first request to the last answer, in seconds.
    pub wall_s: f64,
}

/// Services whose release has failed, the circuit breaker on and its rollback off, and opted in;
/// and the event of each.
fn failed(services: usize) -> (World, Vec<Value>) {
    let mut world = World::new();
    for n in 0..services {
        let name = format!("service-{n:03}");
        for revision in [41, 42] {
            let definition = TaskDefinition::of(&name).revision(revision);
            world.register(definition.container("app", "app:1"));
        }
        let reason = "CannotPullContainerError: pull access denied";
        world.set_fate(&format!("{name}:42"), Fate::fails_to_start(reason));
        let service = world.service(CLUSTER, &name);
        let service = service.task_definition(&format!("{name}:41")).desired(1);
        service
            .breaker(Breaker::on())
            .tag("opsbot:rollback", "auto")
            .create();
    }
    world.settle();
    world.drain_events();
    for n in 0..services {
        let name = format!("service-{n:03}");
        world.deploy(CLUSTER, &name, &format!("{name}:42"));
    }
    world.settle();
    let mut events = world.drain_events();
    events.retain(|event| {
        event["detail-type"] == "ECS Deployment State Change"
            && event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    });
    (world, events)
}

fn start(world: World, throttle: Throttle) -> Result<Simulator, Box<dyn Error>> {
    let options = Options {
        throttle,
        ..Options::default()
    };
    let aws = Simulator::start(world, options)?;
    aws.create_table(TABLE, "pk", None);
    aws.set_latency("*", LATENCY);
    Ok(aws)
}

/// The requests that were sent since the logs were cleared.
fn requests(aws: &Simulator) -> Vec<String> {
    let sent = aws.sent_messages().into_iter();
    let asked = sent.filter(|message| message.queue_url == QUEUE);
    asked.map(|message| message.body).collect()
}

fn message(body: &str) -> Result<Value, serde_json::Error> {
    serde_json::to_value(batch(std::iter::once(body.to_owned())))
}

/// Measures one rollback, both functions warm, each call 50 ms.
pub async fn one(
    changed: &Program,
    ours: &Program,
    binary: &Path,
) -> Result<OneRollback, Box<dyn Error>> {
    progress("roll-back", "cold starts, and one rollback");
    let zip_bytes = measure::zip_size(binary)?;
    let init_ms = measure::init(ours).await?;
    let (world, events) = failed(2);
    let aws = start(world, Throttle::Off)?;
    let mut changed = Function::start(changed, aws.url(), None).await?;
    let mut roll_back = Function::start(ours, aws.url(), None).await?;
    let mut measured = (0, 0.0);
    for event in events {
        aws.clear_logs();
        let began = Instant::now();
        changed.api.invoke(event).await?;
        let (to_ask, asking) = step(&aws, ASK, began)?;
        let request = requests(&aws).pop().ok_or("no rollback was asked for")?;
        aws.clear_logs();
        let began = Instant::now();
        roll_back.api.invoke(message(&request)?).await?;
        let (to_update, updating) = step(&aws, UPDATE, began)?;
        let on_the_way = LATENCY.as_secs_f64() * 1e3;
        measured = (to_ask + 1 + to_update, asking + on_the_way + updating);
    }
    changed.stop().await;
    roll_back.stop().await;
    Ok(OneRollback {
        zip_bytes,
        init_ms,
        round_trips: measured.0,
        to_update_ms: measured.1,
    })
}

/// Round trips and milliseconds before the first call of an action.
fn step(aws: &Simulator, action: &str, began: Instant) -> Result<(usize, f64), Box<dyn Error>> {
    let calls = aws.calls();
    let call = calls.iter().find(|call| call.action == action);
    let call = call.ok_or_else(|| format!("{action} was never called"))?;
    let trips = aws.round_trips_before(action).unwrap_or_default();
    Ok((trips, (call.started - began).as_secs_f64() * 1e3))
}

/// Two hundred services fail at once, against the documented buckets of the ECS API; that of
/// `UpdateService` holds 50 and gets 5 a second. An event or a request that fails is delivered
/// again, as Lambda and the queue do.
pub async fn many(changed: &Program, ours: &Program) -> Result<ManyRollbacks, Box<dyn Error>> {
    progress("roll-back", &format!("{SERVICES} services fail at once"));
    let (world, events) = failed(SERVICES);
    let aws = start(world, Throttle::RealClock)?;
    let began = Instant::now();
    deliver(changed, &aws, EVENTS_AT_ONCE, events).await?;
    let requests = requests(&aws);
    let messages = requests.iter().map(|body| message(body));
    deliver(ours, &aws, AT_ONCE, messages.collect::<Result<_, _>>()?).await?;
    let wall_s = began.elapsed().as_secs_f64();
    let mut updated = BTreeMap::new();
    let mut throttled = 0;
    for call in aws.calls().into_iter().filter(|it| it.action == UPDATE) {
        match call.outcome {
            Outcome::Ok => *updated.entry(call.resource).or_insert(0) += 1,
            _ => throttled += 1,
        }
    }
    Ok(ManyRollbacks {
        services: SERVICES,
        lost: SERVICES - updated.len(),
        twice: updated.values().filter(|writes| **writes > 1).count(),
        throttled,
        wall_s,
    })
}

/// Hands every payload to one of so many processes of a program, and again where it fails.
async fn deliver(
    program: &Program,
    aws: &Simulator,
    at_once: usize,
    payloads: Vec<Value>,
) -> Result<(), Box<dyn Error>> {
    let mut workers = Vec::new();
    for _ in 0..at_once {
        workers.push(Function::start(program, aws.url(), None).await?);
    }
    let waiting: VecDeque<_> = payloads.into_iter().map(|it| (it, 1)).collect();
    let waiting = Mutex::new(waiting);
    let work = workers.iter_mut().map(|worker| async {
        while let Some((payload, tries)) = next(&waiting) {
            match worker.api.invoke(payload.clone()).await {
                Ok(()) => {}
                Err(_) if tries < TRIES => put_back(&waiting, (payload, tries + 1)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    let done: Result<Vec<()>, _> = try_join_all(work).await;
    for worker in workers {
        worker.stop().await;
    }
    done.map(|_| ()).map_err(Into::into)
}

type Waiting = Mutex<VecDeque<(Value, usize)>>;

fn next(waiting: &Waiting) -> Option<(Value, usize)> {
    waiting.lock().ok()?.pop_front()
}

fn put_back(waiting: &Waiting, payload: (Value, usize)) {
    if let Ok(mut waiting) = waiting.lock() {
        waiting.push_back(payload);
    }
}
