//! Tells one story on the local AWS: `make demo SCENARIO=name`, `make demo SCENARIO=list`.
//!
//! The stack is deployed as a user would deploy it, with IAM enforced. The simulator plays Amazon
//! ECS and what surrounds a service; its events go through the deployed EventBridge rules to the
//! deployed function, and the alerts come back through SNS and an SQS subscription.

mod show;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::{Options, Simulator, World};
use stage::Stage;
use stories::{Act, CLUSTER, SERVICE, Story, until};

/// What the alert of a failed deployment is called.
const KINDS_OF_FAILURE: [&str; 2] = ["deployment_failed", "rollback_failed"];

fn main() -> ExitCode {
    let name = std::env::args()
        .nth(1)
        .unwrap_or_else(|| stories::ALL[0].name.to_owned());
    if name == "list" {
        show::list(&stories::ALL);
        return ExitCode::SUCCESS;
    }
    let Some(story) = Story::named(&name) else {
        show::list(&stories::ALL);
        show::failure(&format!(
            "there is no scenario {name}; the list above names them"
        ));
        return ExitCode::from(2);
    };
    match play(&story) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show::failure(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn play(story: &Story) -> Result<(), Box<dyn Error>> {
    let clock = Instant::now();
    let step = |text: &str| show::step(clock.elapsed(), text);
    show::title(story);
    let stage = Stage::start(&[], step)?;
    step("starting the ECS simulator; its callers are held to their deployed roles");
    let options = Options {
        authorizer: Some(stage.aws().authorizer()),
        ..Options::default()
    };
    let ecs = Simulator::start(story.town(stage::EVENT_SOURCE), options)?;
    stage.serve_ecs_from(ecs.url())?;
    deny(&stage, story)?;
    step(&format!("{CLUSTER}/{SERVICE} is {}", state(&ecs)));

    if let Some(scene) = story.scene {
        for act in ecs.with(|world: &mut World| scene.acts(story, world)) {
            perform(&stage, &act, &step)?;
        }
        return finish(&ecs, &step);
    }
    step("releasing order-api:42; time passes in the simulator");
    ecs.with(|world: &mut World| story.release(world));
    let failed = tell(&ecs, "SERVICE_DEPLOYMENT_FAILED", &step);
    let alert = deliver(&stage, &failed, &KINDS_OF_FAILURE, &step)?;
    show::alert(&alert);

    if !story.recovers() {
        return finish(&ecs, &step);
    }
    step("ECS rolls back; time passes until the service is steady");
    let recovered = tell(&ecs, "SERVICE_DEPLOYMENT_COMPLETED", &step);
    let alert = deliver(&stage, &recovered, &["recovered"], &step)?;
    show::alert(&alert);
    finish(&ecs, &step)
}

/// How long nothing must come where nobody is to be told: longer than any alert takes.
const SILENCE: Duration = Duration::from_secs(10);

/// Sends the events of an act, and shows the alert that comes of them, or that none does.
fn perform(stage: &Stage, act: &Act, step: &impl Fn(&str)) -> Result<(), Box<dyn Error>> {
    step(&act.what);
    if let Some(kind) = act.alert {
        show::alert(&deliver(stage, &act.events, &[kind], step)?);
        return Ok(());
    }
    for event in &act.events {
        stage.put_event(event)?;
    }
    step(&format!(
        "{} put onto the bus; listening for {} s",
        counted_events(&act.events),
        SILENCE.as_secs()
    ));
    match stage.receive_alerts(SILENCE)?.first() {
        None => step("nobody was told, as it should be"),
        Some(alert) => return Err(format!("an alert nobody wanted: {}", alert.subject).into()),
    }
    for (incident, tasks) in counted(stage)? {
        step(&format!("counted all the same: {tasks} in {incident}"));
    }
    Ok(())
}

fn counted_events(events: &[Value]) -> String {
    match events.len() {
        1 => "1 event".to_owned(),
        n => format!("{n} events"),
    }
}

/// The incidents of stopped tasks in the state table, with how many tasks each counts.
fn counted(stage: &Stage) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let scan = json!({ "TableName": stage.output("StateTableName")?, "ConsistentRead": true });
    let found = stage.call("dynamodb", "scan", scan)?;
    let items = found["Items"].as_array().into_iter().flatten();
    let counters = items.filter_map(|item| {
        let key = item["pk"]["S"].as_str()?.strip_prefix("stops#")?;
        Some((key.to_owned(), item["tasks"]["N"].as_str()?.to_owned()))
    });
    Ok(counters.collect())
}

/// Takes permissions away from the function's role, where the story is about that.
fn deny(stage: &Stage, story: &Story) -> Result<(), Box<dyn Error>> {
    if story.denied.is_empty() {
        return Ok(());
    }
    let function = json!({ "FunctionName": stage.output("DeploymentChangedFunctionName")? });
    let function = stage.call("lambda", "get_function_configuration", function)?;
    let role = function["Role"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next());
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": story.denied, "Resource": "*" }
    ]});
    let with = json!({
        "RoleName": role,
        "PolicyName": "taken-away-for-the-demo",
        "PolicyDocument": policy.to_string(),
    });
    stage.call("iam", "put_role_policy", with)?;
    Ok(())
}

fn state(ecs: &Simulator) -> String {
    let running = ecs.with(|world: &mut World| {
        world
            .tasks()
            .iter()
            .filter(|task| task.is_running())
            .count()
    });
    match running {
        0 => "not there yet: this is its first deployment".to_owned(),
        running => format!("healthy on order-api:41, {running} tasks running"),
    }
}

/// Lets time pass until an event of that name, and says what happened meanwhile.
fn tell(ecs: &Simulator, event_name: &str, step: &impl Fn(&str)) -> Vec<Value> {
    let events = ecs.with(|world: &mut World| until(world, event_name));
    let stopped = events.iter().filter(|event| {
        event["detail-type"] == "ECS Task State Change"
            && event["detail"]["lastStatus"] == "STOPPED"
    });
    let stopped = stopped.count();
    if stopped > 0 {
        step(&format!("{stopped} tasks stopped"));
    }
    for event in &events {
        if event["detail-type"] == "ECS Deployment State Change" {
            let text = |key: &str| event["detail"][key].as_str().unwrap_or_default().to_owned();
            step(&format!(
                "{} {}: {}",
                text("updatedAt"),
                text("eventName"),
                text("reason")
            ));
        }
    }
    events
}

/// Puts the events onto the bus, and waits for the alert of one of these kinds that comes of them.
/// What task-stopped says of the single tasks on the way is named only.
fn deliver(
    stage: &Stage,
    events: &[Value],
    kinds: &[&str],
    step: &impl Fn(&str),
) -> Result<stage::Alert, Box<dyn Error>> {
    let began = Instant::now();
    for event in events {
        stage.put_event(event)?;
    }
    step(&format!(
        "{} put onto the bus; the deployed rules choose",
        counted_events(events)
    ));
    loop {
        let alerts = stage.receive_alerts(Duration::from_secs(30))?;
        if alerts.is_empty() {
            return Err("the alert did not arrive within 30 s".into());
        }
        for alert in alerts {
            let after = began.elapsed().as_millis();
            let wanted = kinds.contains(&alert.attributes["kind"].as_str());
            let what = if wanted { "an alert" } else { "another alert" };
            step(&format!(
                "{what} arrived {after} ms after the first event: {}",
                alert.subject
            ));
            if wanted {
                return Ok(alert);
            }
        }
    }
}

fn finish(ecs: &Simulator, step: &impl Fn(&str)) -> Result<(), Box<dyn Error>> {
    let calls = ecs.actions();
    let writes = calls.iter().filter(|action| {
        ["ecs:Update", "ecs:Stop", "ecs:Register", "ecs:Run"]
            .iter()
            .any(|it| action.starts_with(it))
    });
    step(&format!(
        "{} calls reached ECS, {} of them writes. Done.",
        calls.len(),
        writes.count()
    ));
    Ok(())
}
