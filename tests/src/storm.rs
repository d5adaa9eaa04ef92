//! A storm of stopped tasks, as the queue hands it over: duplicates, no order, batches.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Outcome, Published, Simulator, TaskDefinition, World};

/// Messages of one batch, at most (the template's batch size).
pub const BATCH: usize = 100;

/// How long the storm takes: so much time passes in the world between its first and last batch.
pub const LASTS: Duration = Duration::from_secs(600);

/// Stopped reasons and exit codes of causes that are each an incident of their own.
const CAUSES: [(&str, Option<i64>, &str); 5] = [
    ("Essential container in task exited", Some(1), ""),
    (
        "OutOfMemoryError: Container killed due to memory usage",
        Some(137),
        "OutOfMemoryError: Container killed due to memory usage",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to \
         resolve ref example.com/app:1: not found",
        None,
        "",
    ),
    (
        "CannotStartContainerError: OCI runtime create failed: exec: \"/app/server\": stat \
         /app/server: no such file or directory: unknown",
        None,
        "",
    ),
    ("Task failed container health checks", Some(143), ""),
];

/// What stops.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// How many tasks.
    pub tasks: usize,
    /// Of how many services, all of which had been well.
    pub services: usize,
    /// Of how many causes, at most five.
    pub causes: usize,
}

impl Storm {
    /// The services, each healthy on its first deployment.
    pub fn town(&self) -> World {
        let mut world = World::new();
        for n in 0..self.services {
            let name = name(n);
            world.register(
                TaskDefinition::of(&name)
                    .revision(1)
                    .container("app", "app:1"),
            );
            let service = world.service("prod-apps", &name);
            service
                .task_definition(&format!("{name}:1"))
                .desired(1)
                .create();
        }
        world.settle();
        world.advance(Duration::from_secs(3_600));
        world.drain_events();
        world
    }

    /// The messages of all batches: every tenth stop is told twice, and nothing is in order.
    ///
    /// # Panics
    ///
    /// Where the world is not the storm's own.
    pub fn batches(&self, world: &World) -> Vec<Vec<String>> {
        let mut random = Random(0x5EED);
        let mut messages = Vec::new();
        for number in 0..self.tasks {
            let message = self.stop(world, number).to_string();
            if number % 10 == 0 {
                messages.push(message.clone());
            }
            messages.push(message);
        }
        for at in (1..messages.len()).rev() {
            messages.swap(at, random.below(at + 1));
        }
        messages.chunks(BATCH).map(<[String]>::to_vec).collect()
    }

    /// The stop of that number, as an event.
    ///
    /// # Panics
    ///
    /// Where the world is not the storm's own.
    pub fn stop(&self, world: &World, number: usize) -> Value {
        let name = name(number % self.services);
        let service = world
            .find_service("prod-apps", &name)
            .expect("a service of the storm");
        let deployment = &service.deployments[0];
        let cause = number / self.services % self.causes;
        let (stopped_reason, exit_code, reason) = CAUSES[cause];
        let at = world.now()
            + LASTS * u32::try_from(number).unwrap_or_default()
                / u32::try_from(self.tasks).unwrap_or(1);
        let started = exit_code.map(|_| at - Duration::from_secs(31));
        let task = world
            .names()
            .arn("ecs", &format!("task/prod-apps/{number:032x}"));
        let (code, health) = match exit_code {
            None => ("TaskFailedToStart", None),
            Some(143) => ("ServiceSchedulerInitiated", Some("UNHEALTHY")),
            Some(_) => ("EssentialContainerExited", None),
        };
        json!({
            "version": "0", "id": format!("{number:032x}"), "source": "aws.ecs",
            "detail-type": "ECS Task State Change", "account": "111122223333",
            "region": "us-east-1", "time": at, "resources": [task],
            "detail": {
                "taskArn": task, "version": 6, "lastStatus": "STOPPED",
                "desiredStatus": "STOPPED", "launchType": "FARGATE",
                "clusterArn": world.names().arn("ecs", "cluster/prod-apps"),
                "group": format!("service:{name}"), "startedBy": deployment.id,
                "taskDefinitionArn": deployment.task_definition,
                "stopCode": code, "stoppedReason": stopped_reason,
                "startedAt": started, "stoppingAt": at, "stoppedAt": at,
                "containers": [{
                    "name": "app", "lastStatus": "STOPPED", "exitCode": exit_code,
                    "reason": Some(reason).filter(|text| !text.is_empty()),
                    "healthStatus": health, "runtimeId": format!("{number:032x}-1"),
                }],
            },
        })
    }

    /// Lets pass the part of the storm that lies between two pairs of batches.
    pub fn pass(&self, aws: &Simulator, batches: usize) {
        let pairs = u32::try_from(batches.div_ceil(2)).unwrap_or(1);
        aws.advance(LASTS / pairs);
    }

    /// Incidents whose count is not exactly their tasks, counted from what is there and what is
    /// not.
    pub fn miscounted(&self, aws: &Simulator, table: &str) -> usize {
        let counters = counters(aws, table);
        let incidents = self.services * self.causes;
        let each = (self.tasks / incidents) as u64;
        let wrong = counters.values().filter(|tasks| **tasks != each);
        wrong.count() + incidents.abs_diff(counters.len())
    }
}

fn counters(aws: &Simulator, table: &str) -> BTreeMap<String, u64> {
    let items = aws.table(table);
    let counters = items.iter().filter_map(|item| {
        let key = item["pk"]["S"].as_str()?.strip_prefix("stops#")?;
        let tasks = item.get("tasks")?["N"].as_str()?.parse().ok()?;
        Some((key.to_owned(), tasks))
    });
    counters.collect()
}

fn name(n: usize) -> String {
    format!("service-{n:03}")
}

/// Alerts that say of one incident what was said before: a decade that came twice.
///
/// # Panics
///
/// Where an alert has no incident or number.
pub fn repeated(alerts: &[Published]) -> usize {
    let mut seen = BTreeSet::new();
    let decades = alerts.iter().map(|alert| {
        let machine: Value = serde_json::from_str(&alert.for_protocol("sqs")).expect("JSON");
        let tasks = machine["tasks_stopped"].as_u64().expect("a number");
        (machine["incident"].to_string(), tasks.max(1).ilog10())
    });
    decades
        .filter(|decade| !seen.insert(decade.clone()))
        .count()
}

/// How often each action was called, and how many calls were throttled.
pub fn calls(aws: &Simulator) -> (BTreeMap<String, usize>, usize) {
    let (mut by_action, mut throttled) = (BTreeMap::new(), 0);
    for call in aws.calls() {
        *by_action.entry(call.action).or_default() += 1;
        if matches!(&call.outcome, Outcome::Error(code) if code.contains("hrottl")) {
            throttled += 1;
        }
    }
    (by_action, throttled)
}

/// Numbers that look random and are the same in each run (splitmix64).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
