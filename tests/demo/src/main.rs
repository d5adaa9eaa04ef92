//! Tells one story on the local AWS: `make demo SCENARIO=name`, `make demo SCENARIO=list`.
//!
//! The stack is deployed as a user would deploy it, with IAM enforced. The simulator plays Amazon
//! ECS and what surrounds a service; its events go through the deployed EventBridge rules to the
//! deployed function, and the alerts come back through SNS and an SQS subscription.

mod performance;
mod show;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use simulator::{Options, Simulator, World};
use stage::{Alert, Stage};
use stories::{Act, CLUSTER, Ending, Rollbacks, SERVICE, Story, Turn, more_stops};

use performance::{Performance, counted};

/// What the alert of a failed deployment is called.
const KINDS_OF_FAILURE: [&str; 3] = ["deployment_failed", "deployment_failing", "rollback_failed"];

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    let mut all = stories::all();
    let story = match name.as_deref() {
        Some("list") => {
            show::list(all);
            return ExitCode::SUCCESS;
        }
        None | Some("") => all.next(),
        Some(name) => Story::named(name),
    };
    let Some(story) = story else {
        show::list(stories::all());
        let name = name.unwrap_or_default();
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
    let play = set_up(story)?;
    let failed = match story.scene {
        None => Some(release(story, &play)?),
        Some(scene) => {
            let mut last = None;
            for act in play.ecs.with(|world: &mut World| scene.acts(story, world)) {
                last = perform(&play, &act)?;
            }
            last
        }
    };
    if let Some(alert) = failed {
        has_its_verdict(story, &alert)?;
        end(story, &alert, &play)?;
    }
    play.finish();
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deployed functions read the clock, so the simulator's is set by it"
)]
fn set_up(story: &Story) -> Result<Performance, Box<dyn Error>> {
    let clock = Instant::now();
    let step = |text: &str| show::step(clock.elapsed(), text);
    show::title(story);
    let stage = Stage::start(story.parameters(), step)?;
    step("starting the ECS simulator; its callers are held to their deployed roles");
    let options = Options {
        authorizer: Some(stage.aws().authorizer()),
        ..Options::default()
    };
    let town = story.town_at(stage::EVENT_SOURCE, SystemTime::now());
    let ecs = Simulator::start(town, options)?;
    stage.serve_ecs_from(ecs.url())?;
    deny(&stage, story)?;
    let play = Performance::new(stage, ecs, clock);
    play.happens(&format!("{CLUSTER}/{SERVICE} is {}", state(&play.ecs)));
    Ok(play)
}

/// Releases the revision that fails: the alert of it.
fn release(story: &Story, play: &Performance) -> Result<Alert, Box<dyn Error>> {
    let what = match story.turn {
        Turn::MovedTag => "order-api:41 is released again; its image tag names another image now",
        _ => "order-api:42 is released",
    };
    play.happens(what);
    play.ecs.with(|world: &mut World| story.release(world));
    let failed = play.pass("SERVICE_DEPLOYMENT_FAILED");
    if let Some(meanwhile) = play.ecs.with(|world: &mut World| story.turns(world)) {
        play.happens(meanwhile);
    }
    play.deliver(&failed, &KINDS_OF_FAILURE)
}

/// The demo shows what is so, or fails.
fn has_its_verdict(story: &Story, alert: &Alert) -> Result<(), Box<dyn Error>> {
    match story.rollbacks {
        Rollbacks::NotEnabled => Ok(()),
        Rollbacks::Enabled { verdict, .. } if alert.attributes["rollback"] == verdict => Ok(()),
        Rollbacks::Enabled { verdict, .. } => {
            let got = &alert.attributes["rollback"];
            Err(format!("the verdict is {got}, and should be {verdict}").into())
        }
    }
}

/// What follows the alert of the failure.
fn end(story: &Story, alert: &Alert, play: &Performance) -> Result<(), Box<dyn Error>> {
    match story.ending {
        Ending::AsEcsDoes if story.recovers() => {
            play.step("ECS rolls back; time passes until the service is steady");
            recovers(play)
        }
        Ending::AsEcsDoes => Ok(()),
        Ending::GoesBack => {
            goes_back(play)?;
            recovers(play)
        }
        Ending::PersonAsks => {
            person_asks(alert, play)?;
            goes_back(play)?;
            recovers(play)
        }
        Ending::Refused | Ending::Held => play
            .await_alert(&["rollback_held"], Instant::now())
            .map(|_| ()),
        Ending::MoreFail => {
            let stops = play.ecs.with(more_stops);
            play.happens(&format!("{} more tasks exit", stops.len()));
            play.put(&stops)?;
            goes_back(play)?;
            recovers(play)
        }
        Ending::NextRelease => recovers(play),
        Ending::FailsToo => {
            goes_back(play)?;
            let failed = play.pass("SERVICE_DEPLOYMENT_FAILED");
            play.deliver(&failed, &["rollback_failed"]).map(|_| ())
        }
        Ending::ReleasedAgain => {
            goes_back(play)?;
            recovers(play)?;
            let alert = release(story, play)?;
            let verdict = &alert.attributes["rollback"];
            match verdict.as_str() {
                "hold_cooling_down" => Ok(()),
                verdict => Err(format!("the second verdict is {verdict}").into()),
            }
        }
    }
}

/// roll-back was asked through its queue, or by a person.
fn goes_back(play: &Performance) -> Result<(), Box<dyn Error>> {
    play.step("roll-back gathers, decides again, claims the attempt, looks once more and calls");
    let alert = play.await_alert(&["rollback_started", "rollback_held"], Instant::now())?;
    match alert.attributes["kind"].as_str() {
        "rollback_started" => Ok(()),
        _ => Err(format!("not rolled back: {}", alert.subject).into()),
    }
}

fn recovers(play: &Performance) -> Result<(), Box<dyn Error>> {
    let recovered = play.pass("SERVICE_DEPLOYMENT_COMPLETED");
    play.deliver(&recovered, &["recovered"]).map(|_| ())
}

/// What `aws lambda invoke` does, with the deployment that the alert is about: nothing newer is taken
/// back.
fn person_asks(alert: &Alert, play: &Performance) -> Result<(), Box<dyn Error>> {
    let told: Value = serde_json::from_str(alert.form("sqs"))?;
    let payload = json!({
        "cluster": CLUSTER, "service": SERVICE, "reason": "orders fail, going back",
        "deployment": told["rollback"]["deployment"],
    });
    let function = play.stage.output("RollBackFunctionName")?;
    play.happens(&format!(
        "a person: aws lambda invoke --function-name {function} --payload '{payload}'"
    ));
    let answer = play.stage.invoke(&function, &payload)?;
    let answer = answer.map_err(|error| format!("roll-back fails: {error}"))?;
    play.step(&format!("it answers {answer:#}"));
    Ok(())
}

/// How long nothing must come where nobody is to be told: longer than any alert takes.
const SILENCE: Duration = Duration::from_secs(10);

/// Sends the events of an act: the alert that comes of them, none where nobody is to be told.
fn perform(play: &Performance, act: &Act) -> Result<Option<Alert>, Box<dyn Error>> {
    play.happens(&act.what);
    if let Some(kind) = act.alert {
        return play.deliver(&act.events, &[kind]).map(Some);
    }
    play.put(&act.events)?;
    play.step(&format!(
        "{} put onto the bus; listening for {} s",
        counted(&act.events),
        SILENCE.as_secs()
    ));
    match play.stage.receive_alerts(SILENCE)?.first() {
        None => play.happens("nobody was told, as it should be"),
        Some(alert) => return Err(format!("an alert nobody wanted: {}", alert.subject).into()),
    }
    for (incident, tasks) in counted_stops(&play.stage)? {
        play.step(&format!("counted all the same: {tasks} in {incident}"));
    }
    Ok(None)
}

/// The incidents of stopped tasks in the state table, with how many tasks each counts.
fn counted_stops(stage: &Stage) -> Result<Vec<(String, String)>, Box<dyn Error>> {
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
