//! A rollback that was asked for, from its queue or a person through the deployed function to ECS,
//! with the deployed role.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use simulator::{
    Breaker, Deployment, Fate, Options, Outcome, Rollout, Simulator, TaskDefinition, World,
};
use stage::{ACCOUNT, Alert, EVENT_SOURCE, REGION};

use crate::incidents::{alert, each_item};
use crate::stage::{alone, logs, stage};
use crate::stopped::paused;

const PATIENCE: Duration = Duration::from_secs(30);
const WRITES: [&str; 3] = [
    "ecs:UpdateService",
    "ecs:StopServiceDeployment",
    "ecs:ContinueServiceDeployment",
];

/// A release of `order-api:42` that fails. `order-api:41` was good before it.
struct Release {
    cluster: &'static str,
    tag: Option<&'static str>,
    breaker: Option<Breaker>,
    /// The task role of the good revision; the stack lets `order-api-…` be passed.
    role: &'static str,
}

/// Nobody watches it, so it fails for ever; the service has opted in.
const UNWATCHED: Release = Release {
    cluster: "prod-apps",
    tag: Some("auto"),
    breaker: None,
    role: "order-api-task",
};

/// The breaker, without rollback, has stopped it.
fn stopped() -> Release {
    Release {
        breaker: Some(Breaker::on()),
        ..UNWATCHED
    }
}

/// ECS with a release in it, whose callers are held to the deployed roles.
struct Scene {
    ecs: Simulator,
    cluster: &'static str,
    deployment: String,
    /// What ECS has told of it.
    events: Vec<Value>,
}

impl Release {
    /// It is released, and fails. Nothing of earlier releases is remembered.
    fn play(self) -> Scene {
        each_item(|key| ("delete_item", json!({ "Key": key })));
        let mut world = World::new()
            .located(ACCOUNT, REGION)
            .event_source(EVENT_SOURCE)
            .starting_at(an_hour_ago().into());
        for revision in [41, 42] {
            let definition = TaskDefinition::of("order-api").revision(revision);
            let role = format!("arn:aws:iam::{ACCOUNT}:role/{}", self.role);
            let definition = definition.container("app", "order-api:1.9.0");
            world.register(definition.with("taskRoleArn", role));
        }
        // The breaker counts tasks that never start, and not those that run and then exit.
        let fate = match self.breaker {
            Some(_) => Fate::fails_to_start("CannotPullContainerError: denied"),
            None => Fate::exits("app", 1).after(Duration::from_secs(20)),
        };
        world.set_fate("order-api:42", fate);
        let service = world.service(self.cluster, "order-api").desired(2);
        let mut service = service.task_definition("order-api:41");
        service = match self.breaker {
            Some(breaker) => service.breaker(breaker),
            None => service,
        };
        service = match self.tag {
            Some(value) => service.tag("opsbot:rollback", value),
            None => service,
        };
        service.create();
        world.settle();
        let deployment = world.deploy(self.cluster, "order-api", "order-api:42");
        match self.breaker {
            None => world.advance(Duration::from_secs(300)),
            Some(_) => {
                // Stopped, or on its way back.
                let ended = |it: &Deployment| it.id != deployment || it.rollout == Rollout::Failed;
                let primary = |world: &World| primary(world, self.cluster).is_some_and(&ended);
                assert!(world.advance_until(primary));
            }
        }
        let events = world.drain_events();
        let options = Options {
            authorizer: Some(stage().aws().authorizer()),
            ..Options::default()
        };
        let ecs = Simulator::start(world, options).unwrap();
        stage().serve_ecs_from(ecs.url()).unwrap();
        Scene {
            ecs,
            cluster: self.cluster,
            deployment,
            events,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deployed functions read the clock"
)]
fn an_hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3_600)
}

impl Scene {
    /// What deployment-changed asks for.
    fn request(&self) -> Value {
        let Self {
            cluster,
            deployment,
            ..
        } = self;
        let id = deployment.rsplit('/').next().unwrap();
        json!({
            "service": {
                "partition": "aws", "region": REGION, "account": ACCOUNT,
                "cluster": cluster, "service": "order-api",
            },
            "deployment": deployment,
            "incident": format!("ecs/{ACCOUNT}/{REGION}/{cluster}/order-api/{id}"),
            "causes": ["app_error"],
            "old_causes": [],
            "at": self.ecs.with(|world| world.now().to_rfc3339()),
        })
    }

    /// Puts the request into the queue, as another message each time.
    fn ask(&self) {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let with = json!({
            "QueueUrl": stage().output("RollBackQueueUrl").unwrap(),
            "MessageBody": self.request().to_string(),
            "MessageGroupId": format!("{}/order-api", self.cluster),
            "MessageDeduplicationId": ASKED.fetch_add(1, Ordering::Relaxed).to_string(),
        });
        stage().call("sqs", "send_message", with).unwrap();
    }

    /// What a person is answered.
    fn invoke(&self, more: &Value) -> Value {
        let mut payload = json!({ "cluster": self.cluster, "service": "order-api" });
        let more = more.as_object().unwrap().clone();
        payload.as_object_mut().unwrap().extend(more);
        let function = stage().output("RollBackFunctionName").unwrap();
        let answer = stage().invoke(&function, &payload).unwrap();
        answer.unwrap_or_else(|error| panic!("{error}; the logs: {:#?}", logs()))
    }

    /// The writes that ECS took.
    fn writes(&self) -> Vec<String> {
        let calls = self.ecs.calls().into_iter();
        let writes = calls.filter(|call| WRITES.contains(&call.action.as_str()));
        let taken = writes.filter(|call| call.outcome == Outcome::Ok);
        taken.map(|call| call.action).collect()
    }

    /// The calls that IAM, or ECS, refused.
    fn refused(&self) -> Vec<String> {
        let calls = self.ecs.calls().into_iter();
        let refused = calls.filter(|call| call.outcome != Outcome::Ok);
        refused.map(|call| call.action).collect()
    }

    /// What the service's PRIMARY deployment runs, once it has settled.
    fn serves(&self) -> String {
        self.ecs.with(|world| {
            world.settle();
            let primary = primary(world, self.cluster).unwrap();
            let name = primary.task_definition.rsplit('/').next();
            name.unwrap().to_owned()
        })
    }
}

fn primary<'w>(world: &'w World, cluster: &str) -> Option<&'w Deployment> {
    let service = world.find_service(cluster, "order-api")?;
    service.deployments.first() // PRIMARY comes first
}

/// The codes of what was decided, in the table.
fn decided() -> Vec<String> {
    let table = stage().output("StateTableName").unwrap();
    let scan = json!({ "TableName": table, "ConsistentRead": true });
    let found = stage().call("dynamodb", "scan", scan).unwrap();
    let items = found["Items"].as_array().unwrap().clone();
    let of_decisions = |item: &Value| item["pk"]["S"].as_str().unwrap().starts_with("decisions#");
    let items = items.into_iter().filter(of_decisions);
    let attributes = items.flat_map(|item| item.as_object().unwrap().clone());
    let records = attributes.filter(|(name, _)| name.contains('#'));
    let codes = records.map(|(_, record)| {
        let record: Value = serde_json::from_str(record["S"].as_str().unwrap()).unwrap();
        record["verdict"].as_str().unwrap().to_owned()
    });
    codes.collect()
}

#[track_caller]
fn told(alert: &Alert, kind: &str, says: &[&str]) {
    let email = alert.form("email");
    assert_eq!(alert.attributes["kind"], kind, "{email}");
    // A sentence may be broken at any blank.
    let email: Vec<&str> = email.split_whitespace().collect();
    let email = email.join(" ");
    for words in says {
        assert!(email.contains(words), "{words} is not in: {email}");
    }
}

#[test]
fn a_failed_release_goes_back_once_and_every_call_is_allowed() {
    let _alone = alone();
    let scene = stopped().play();
    scene.ask();
    let started = alert();
    scene.ask(); // as after a redrive
    let again = stage().receive_alerts(Duration::from_secs(3)).unwrap();

    told(
        &started,
        "rollback_started",
        &["order-api:41", "UpdateService"],
    );
    assert_eq!(again, []);
    assert_eq!(scene.writes(), ["ecs:UpdateService"]);
    assert_eq!(
        scene.refused(),
        [""; 0],
        "the deployed role lacks a permission"
    );
    assert_eq!(scene.serves(), "order-api:41");
    assert!(
        decided().contains(&"roll_back".to_owned()),
        "{:?}",
        decided()
    );
}

#[test]
fn a_release_in_flight_with_no_breaker_is_stopped() {
    let _alone = alone();
    let scene = UNWATCHED.play();
    scene.ask();
    told(
        &alert(),
        "rollback_started",
        &["order-api:41", "StopServiceDeployment"],
    );
    assert_eq!(scene.writes(), ["ecs:StopServiceDeployment"]);
    assert_eq!(
        scene.refused(),
        [""; 0],
        "the deployed role lacks a permission"
    );
    assert_eq!(scene.serves(), "order-api:41");
}

#[test]
fn without_the_tag_nothing_is_written() {
    let _alone = alone();
    let release = Release {
        tag: None,
        ..stopped()
    };
    let scene = release.play();
    scene.ask();
    told(
        &alert(),
        "rollback_held",
        &["the service has no tag opsbot:rollback"],
    );
    assert_eq!((scene.writes(), scene.refused()), (vec![], vec![]));
    assert_eq!(decided(), ["hold_not_opted_in"]);
}

#[test]
fn a_cluster_outside_the_pattern_is_neither_read_nor_written() {
    let _alone = alone();
    let release = Release {
        cluster: "test-apps",
        ..stopped()
    };
    let scene = release.play();
    scene.ask();
    stage().receive_alerts(Duration::from_secs(5)).unwrap();
    let function = stage().output("RollBackFunctionName").unwrap();
    let payload = json!({ "cluster": "test-apps", "service": "order-api" });
    let answer = stage().invoke(&function, &payload).unwrap();
    let done = answer.as_ref().is_ok_and(|answer| answer["done"] == true);
    assert!(!done, "{answer:?}");
    let answered = scene.ecs.calls().into_iter();
    let answered = answered.filter(|call| call.outcome == Outcome::Ok);
    let actions: Vec<_> = answered.map(|call| call.action).collect();
    assert_eq!(actions, [""; 0]);
}

#[test]
fn a_role_that_may_not_be_passed_is_named_with_the_statement_to_add() {
    let _alone = alone();
    let release = Release {
        role: "billing-task",
        ..stopped()
    };
    let scene = release.play();
    scene.ask();
    let held = alert();
    let says = [
        "iam:PassRole",
        "arn:aws:iam::111122223333:role/billing-task",
    ];
    told(&held, "rollback_held", &says);
    assert!(
        held.form("email").contains("\"Effect\""),
        "{}",
        held.form("email")
    );
    assert_eq!(scene.writes(), [""; 0]);
}

#[test]
fn a_tag_with_a_blank_is_off_for_opsbot_as_it_is_for_iam() {
    let _alone = alone();
    let tag = Some("auto ");
    for release in [stopped(), UNWATCHED] {
        let scene = Release { tag, ..release }.play();
        scene.ask();
        told(&alert(), "rollback_held", &["with no blanks"]);
        assert_eq!((scene.writes(), scene.refused()), (vec![], vec![]));
    }
}

#[test]
fn a_dry_run_answers_what_would_be_done_and_does_nothing() {
    let _alone = alone();
    let scene = stopped().play();
    let answer = scene.invoke(&json!({ "dry_run": true, "reason": "trying it" }));
    assert_eq!(answer["verdict"], "dry_run");
    assert_eq!(answer["done"], false);
    assert_eq!(answer["plan"]["call"], "UpdateService");
    assert!(
        answer["command"]
            .as_str()
            .unwrap()
            .contains("--task-definition order-api:41")
    );
    assert_eq!((scene.writes(), scene.refused()), (vec![], vec![]));
    assert_eq!(decided(), ["dry_run"]);
}

#[test]
fn where_a_person_is_asked_only_a_person_rolls_back() {
    let _alone = alone();
    let release = Release {
        tag: Some("ask"),
        ..stopped()
    };
    let scene = release.play();
    scene.ask();
    told(
        &alert(),
        "rollback_held",
        &["the service's tag opsbot:rollback is \"ask\""],
    );
    assert_eq!(scene.writes(), [""; 0]);
    let answer = scene.invoke(&json!({ "reason": "the canary is red" }));
    assert_eq!(answer["done"], true, "{answer}");
    told(
        &alert(),
        "rollback_started",
        &["order-api:41", "the canary is red"],
    );
    assert_eq!(scene.writes(), ["ecs:UpdateService"]);
    assert_eq!(scene.serves(), "order-api:41");
}

#[test]
fn a_field_that_is_not_known_is_refused_before_anything_is_read() {
    let _alone = alone();
    let scene = stopped().play();
    let function = stage().output("RollBackFunctionName").unwrap();
    let payload = json!({ "cluster": "prod-apps", "service": "order-api", "force": true });
    let answer = stage().invoke(&function, &payload).unwrap();
    let said = format!("{answer:?}");
    assert!(said.contains("force"), "{said}");
    assert!(scene.ecs.calls().is_empty());
}

#[test]
fn a_release_that_is_superseded_while_the_request_waits_is_left_alone() {
    let _alone = alone();
    let scene = stopped().play();
    paused("RollBackFunctionName", || {
        scene.ask();
        scene.ecs.with(|world| {
            let next = TaskDefinition::of("order-api").revision(43);
            world.register(next.container("app", "order-api:1.9.1"));
            world.deploy("prod-apps", "order-api", "order-api:43");
            world.advance(Duration::from_secs(60));
        });
    });
    let held = stage().receive_alerts(PATIENCE).unwrap();
    assert_eq!(scene.writes(), [""; 0]);
    assert_eq!(scene.serves(), "order-api:43");
    assert_eq!(decided(), ["hold_superseded"], "{held:#?}");
    told(&held[0], "rollback_held", &["order-api:43"]);
}

#[test]
fn a_rollback_by_ecs_is_left_alone() {
    let _alone = alone();
    let release = Release {
        breaker: Some(Breaker::with_rollback()),
        ..UNWATCHED
    };
    let scene = release.play();
    scene.ask();
    stage().receive_alerts(Duration::from_secs(5)).unwrap();
    assert_eq!(scene.writes(), [""; 0]);
    assert_eq!(decided(), ["watch_ecs_rollback"]);
    assert_eq!(scene.serves(), "order-api:41");
}

/// Runs the command line with this person's credentials.
fn opsbot(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "-p", "opsbot", "--"])
        .args(arguments)
        .env("AWS_ENDPOINT_URL", stage().aws().endpoint())
        .env("SSL_CERT_FILE", stage().aws().ca())
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_history_at_a_terminal_has_each_decision_of_the_deployed_functions() {
    let _alone = alone();
    let scene = stopped().play();
    scene.invoke(&json!({ "dry_run": true, "reason": "trying it" }));
    scene.invoke(&json!({ "reason": "the canary is red" }));
    alert();
    let of = [
        "history",
        "--cluster",
        "prod-apps",
        "--service",
        "order-api",
    ];
    let report = opsbot(&of);
    let table = stage().output("StateTableArn").unwrap();
    let records = opsbot(&[&of[..], &["--table", &table, "--json"]].concat());
    let read = |record| serde_json::from_str::<Value>(record).unwrap();
    let records: Vec<Value> = records.lines().map(read).collect();
    let verdicts: Vec<_> = records
        .iter()
        .map(|it| it["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["roll_back", "dry_run"], "{report}");
    assert_eq!(records[0]["reason"], "the canary is red");
    assert!(records[0]["outcome"].as_str().unwrap().contains("ECS took"));
    for words in [
        "2 decisions in the last 30 days",
        "roll_back",
        "dry_run",
        "once good: order-api:41",
    ] {
        assert!(report.contains(words), "{words} is not in {report}");
    }
}

/// The alerts until one is of this kind.
fn alerts_until(kind: &str) -> Vec<Alert> {
    let mut all = Vec::new();
    while !all
        .iter()
        .any(|alert: &Alert| alert.attributes["kind"] == kind)
    {
        let more = stage().receive_alerts(PATIENCE).unwrap();
        assert!(
            !more.is_empty(),
            "no {kind} after {all:#?}; the logs: {:#?}",
            logs()
        );
        all.extend(more);
    }
    all
}

#[test]
fn a_failure_is_announced_rolled_back_and_its_end_told() {
    let _alone = alone();
    let scene = stopped().play();
    let named = |name: &'static str| move |event: &&Value| event["detail"]["eventName"] == name;
    let failed = scene.events.iter().rev();
    let failed = failed.clone().find(named("SERVICE_DEPLOYMENT_FAILED"));
    stage().put_event(failed.unwrap()).unwrap();
    let alerts = alerts_until("rollback_started");
    let kinds: Vec<_> = alerts
        .iter()
        .map(|it| it.attributes["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["deployment_failed", "rollback_started"]);
    assert_eq!(alerts[0].attributes["rollback"], "roll_back");
    told(
        &alerts[0],
        "deployment_failed",
        &["Rolling back by UpdateService to order-api:41"],
    );
    let threads = alerts.iter().map(|alert| {
        let machine: Value = serde_json::from_str(&alert.body).unwrap();
        machine["incident"].as_str().unwrap().to_owned()
    });
    let threads: Vec<String> = threads.collect();
    assert_eq!(threads[0], threads[1], "one incident, one thread");
    assert_eq!(scene.writes(), ["ecs:UpdateService"]);
    assert_eq!(
        scene.refused(),
        [""; 0],
        "a deployed role lacks a permission"
    );

    assert_eq!(scene.serves(), "order-api:41");
    let events = scene.ecs.drain_events();
    let completed = events.iter().find(named("SERVICE_DEPLOYMENT_COMPLETED"));
    stage().put_event(completed.unwrap()).unwrap();
    told(&alert(), "recovered", &["order-api:41", "opsbot"]);
}

#[test]
fn a_release_that_nobody_watches_is_found_failing_and_rolled_back() {
    let _alone = alone();
    let scene = UNWATCHED.play();
    let exited = scene.events.iter().filter(|event| {
        let detail = &event["detail"];
        detail["lastStatus"] == "STOPPED" && detail["stopCode"] == "EssentialContainerExited"
    });
    exited
        .take(3)
        .for_each(|event| stage().put_event(event).unwrap());
    let alerts = alerts_until("rollback_started");
    let failing = alerts
        .iter()
        .find(|it| it.attributes["kind"] == "deployment_failing");
    assert_eq!(failing.unwrap().attributes["rollback"], "roll_back");
    assert_eq!(scene.writes(), ["ecs:StopServiceDeployment"]);
    assert_eq!(
        scene.refused(),
        [""; 0],
        "a deployed role lacks a permission"
    );
    assert_eq!(scene.serves(), "order-api:41");
}

#[test]
fn without_opt_in_the_alert_says_what_would_be_done_and_nobody_is_asked() {
    let _alone = alone();
    for (tag, code) in [
        (None, "hold_not_opted_in"),
        (Some("dry-run"), "dry_run"),
        (Some("ask"), "ask"),
    ] {
        let scene = Release { tag, ..stopped() }.play();
        let is_failure = |it: &&Value| it["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED";
        let failed = scene.events.iter().find(is_failure).unwrap();
        stage().put_event(failed).unwrap();
        let alert = alert();
        assert_eq!(alert.attributes["rollback"], code);
        told(
            &alert,
            "deployment_failed",
            &["UpdateService to order-api:41"],
        );
        assert_eq!(stage().receive_alerts(Duration::from_secs(2)).unwrap(), []);
        assert_eq!((scene.writes(), scene.refused()), (vec![], vec![]));
        assert_eq!(decided(), [code]);
    }
}
