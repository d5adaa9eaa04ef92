//! Tasks that stop, told in acts: what happens, its events, and the alert that is to come of them.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fate, TaskDefinition, World};

use crate::{CLUSTER, SERVICE, Story};

/// What happens where no release is called failed by ECS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// The service's tasks exit, one after the other.
    CrashLoop,
    /// Very many of them.
    Storm,
    /// A task that no service runs.
    ScheduledTask,
    /// Spot capacity is taken back.
    SpotNotice,
    /// A release fails, and nothing watches it.
    Unwatched,
    /// The service is muted.
    Muted,
}

/// A part of a scene.
#[derive(Clone, Debug)]
pub struct Act {
    /// What happens.
    pub what: String,
    /// The events that ECS sends of it.
    pub events: Vec<Value>,
    /// The kind of the alert that comes of it, none where nobody is told.
    pub alert: Option<&'static str>,
}

const LOG: [&str; 2] = [
    "INFO listening on 0.0.0.0:8080",
    "Error: connect ECONNREFUSED 10.0.3.17:5432",
];

/// The fate of a task that exits half a minute after it started.
pub(crate) fn exits() -> Fate {
    let fate = Fate::exits("app", 1).after(Duration::from_secs(30));
    fate.logs("app", LOG)
}

impl Scene {
    /// Plays it.
    pub fn acts(self, story: &Story, world: &mut World) -> Vec<Act> {
        match self {
            Self::CrashLoop => {
                let mut first = crash(world, 12);
                let rest = first.split_off(1);
                vec![
                    told("a task exits with 1", first),
                    told("it goes on: 11 more tasks exit", rest),
                ]
            }
            Self::Storm => storm(world),
            Self::ScheduledTask => vec![told("the nightly job is run and fails", job(world))],
            Self::SpotNotice => spot(world),
            Self::Unwatched => {
                story.release(world);
                world.advance(Duration::from_secs(240));
                let events = stops(world).into_iter().take(4).collect();
                let what = "order-api:42 is released and its tasks exit; ECS says nothing";
                let alert = Some("deployment_failing");
                vec![Act {
                    alert,
                    ..told(what, events)
                }]
            }
            Self::Muted => {
                let what = "three tasks of the muted service exit with 1";
                let events = crash(world, 3);
                vec![Act {
                    alert: None,
                    ..told(what, events)
                }]
            }
        }
    }
}

fn told(what: &str, events: Vec<Value>) -> Act {
    Act {
        what: what.to_owned(),
        events,
        alert: Some("task_stopped"),
    }
}

fn stops(world: &mut World) -> Vec<Value> {
    let mut events = world.drain_events();
    events.retain(|event| {
        let detail = &event["detail"];
        let notice = detail["lastStatus"] == "RUNNING" && detail["stopCode"] == "SpotInterruption";
        event["detail-type"] == "ECS Task State Change"
            && (detail["lastStatus"] == "STOPPED" || notice)
    });
    events
}

/// The stops of the next minutes.
pub fn more_stops(world: &mut World) -> Vec<Value> {
    world.advance(Duration::from_secs(120));
    stops(world)
}

/// The first so many stops of tasks that exit from now on.
fn crash(world: &mut World, tasks: usize) -> Vec<Value> {
    world.set_fate("order-api:41", exits());
    strike(world);
    let mut events = Vec::new();
    while events.len() < tasks {
        world.advance(Duration::from_secs(30));
        events.extend(stops(world));
    }
    events.truncate(tasks);
    events
}

fn strike(world: &mut World) {
    let running: Vec<String> = world.tasks().iter().map(|task| task.arn.clone()).collect();
    for task in running {
        world.strike(&task, "app", 1, None);
    }
}

/// One real stop, and 119 like it a second apart, every tenth told twice.
fn storm(world: &mut World) -> Vec<Act> {
    let first = crash(world, 1);
    let mut rest = Vec::new();
    for number in 1..120 {
        let copy = another(&first[0], number);
        rest.extend((number % 10 == 0).then(|| copy.clone()));
        rest.push(copy);
    }
    let last = rest.split_off(60);
    vec![
        told("the first task exits with 1", first),
        told("within a minute dozens more", rest),
        told("and dozens more, past the 100th", last),
    ]
}

fn another(event: &Value, number: usize) -> Value {
    let mut event = event.clone();
    let arn = event["detail"]["taskArn"].as_str().unwrap_or_default();
    let cluster = arn.rsplit_once('/').map_or("", |(cluster, _)| cluster);
    let arn = format!("{cluster}/{number:032x}");
    event["resources"] = json!([arn]);
    event["detail"]["taskArn"] = arn.into();
    event
}

fn job(world: &mut World) -> Vec<Value> {
    let lines = [
        "Traceback (most recent call last):",
        "KeyError: 'ORDERS_BUCKET'",
    ];
    let fate = Fate::exits("report", 1).after(Duration::from_secs(95));
    let family = TaskDefinition::of("nightly-report").revision(7);
    let family = family.container("report", "nightly-report:2.1.0");
    world.register(family.fate(fate.logs("report", lines)));
    world.run_task(CLUSTER, "nightly-report:7", Some("events-rule/nightly"));
    world.advance(Duration::from_secs(300));
    stops(world)
}

fn spot(world: &mut World) -> Vec<Act> {
    let of_service = |task: &&simulator::Task| task.is_running();
    if let Some(task) = world
        .tasks()
        .iter()
        .find(of_service)
        .map(|it| it.arn.clone())
    {
        world.interrupt_spot(&task);
    }
    world.advance(Duration::from_secs(300));
    let mut notice = stops(world);
    let stop = notice.split_off(1);
    let what = format!("two minutes later the task of {SERVICE} stops");
    vec![
        told("AWS gives notice to a task on Spot capacity", notice),
        Act {
            alert: None,
            ..told(&what, stop)
        },
    ]
}
