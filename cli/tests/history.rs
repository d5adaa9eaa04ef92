//! `opsbot history` over a simulated table.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

use std::process::Command;
use std::time::{Duration, SystemTime};

use aws::Asking;
use aws::client::Limits;
use aws::state::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::verdict::Decision;
use simulator::{Fault, Options, Simulator, World};

const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/opsbot-state";

fn aws() -> Simulator {
    let aws = Simulator::start(World::new(), Options::default()).unwrap();
    aws.create_table("opsbot-state", "pk", None);
    aws
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock too")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// What the environment says to the command.
fn environment(aws: &Simulator) -> [(&'static str, String); 3] {
    [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL", aws.url().to_owned()),
    ]
}

/// What a run of `opsbot` left behind.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `opsbot` with these environment variables and no others.
fn opsbot(arguments: &[&str], environment: &[(&str, String)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opsbot"));
    let environment = environment.iter().map(|(name, value)| (name, value));
    let output = command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .output();
    let output = output.unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn history(aws: &Simulator, more: &[&str]) -> Ran {
    let (cluster, service) = ("prod-apps", "order-api");
    let command = ["history", "--cluster", cluster, "--service", service];
    let table = ["--table", TABLE];
    opsbot(
        &[&command[..], &table[..], more].concat(),
        &environment(aws),
    )
}

/// Writes decisions as a function does.
fn decided(aws: &Simulator, decisions: &[Decision]) {
    let lookup = |key: &str| match key {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        key => environment(aws)
            .into_iter()
            .find(|it| it.0 == key)
            .map(|it| it.1),
    };
    let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
    let service = ServiceArn::parse(arn, None).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let clients = aws::Clients::connect(lookup, Limits::default());
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        let state = State::new(Asking::new(&clients, until), "opsbot-state");
        for decision in decisions {
            state.decided(&service, decision).await.known().unwrap();
        }
    });
}

fn decision(at: DateTime<Utc>, verdict: &str, sentence: &str) -> Decision {
    Decision {
        at,
        function: "roll-back".to_owned(),
        request_id: "8c5e".to_owned(),
        deployment: "ecs-svc/0042".to_owned(),
        requester: "event".to_owned(),
        reason: None,
        verdict: verdict.to_owned(),
        sentence: sentence.to_owned(),
        outcome: None,
        facts: vec![
            "opt-in: the service's tag opsbot:rollback is \"auto\"".to_owned(),
            "causes: app_error".to_owned(),
        ],
    }
}

/// One of now, by a person, and one of ten days ago.
fn two(aws: &Simulator) -> [Decision; 2] {
    let at = now();
    let sentence = "Rolled back to order-api:41 by UpdateService, because the service's tag \
                    opsbot:rollback is \"auto\".";
    let mut new = decision(at, "roll_back", sentence);
    new.requester = "person".to_owned();
    new.reason = Some("the canary is red".to_owned());
    new.outcome = Some("ECS took it: deployment ecs-svc/0043.".to_owned());
    let old = decision(at - TimeDelta::days(10), "hold_cooling_down", "It rests.");
    decided(aws, &[old.clone(), new.clone()]);
    [new, old]
}

#[test]
fn the_report_has_each_decision_with_its_facts() {
    let aws = aws();
    let [new, old] = two(&aws);
    let ran = history(&aws, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let out = ran
        .out
        .replace(&new.at.format("%Y-%m-%d %H:%M:%S").to_string(), "[now]");
    let out = out.replace(
        &old.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        "[ten days ago]",
    );
    insta::assert_snapshot!(out, @r#"
    order-api in prod-apps: 2 decisions in the last 30 days, newest first

    [now] UTC  roll_back
      By:       roll-back, asked by a person, on deployment ecs-svc/0042, request
                8c5e
      Reason:   the canary is red
      Verdict:  Rolled back to order-api:41 by UpdateService, because the service's
                tag opsbot:rollback is "auto".
      Outcome:  ECS took it: deployment ecs-svc/0043.
      Facts:    - opt-in: the service's tag opsbot:rollback is "auto"
                - causes: app_error

    [ten days ago] UTC  hold_cooling_down
      By:       roll-back, asked by an event, on deployment ecs-svc/0042, request
                8c5e
      Verdict:  It rests.
      Facts:    - opt-in: the service's tag opsbot:rollback is "auto"
                - causes: app_error
    "#);
}

#[test]
fn json_is_the_record_one_object_a_line_newest_first() {
    let aws = aws();
    let decisions = two(&aws);
    let ran = history(&aws, &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Decision>(line).unwrap());
    assert_eq!(lines.collect::<Vec<_>>(), decisions);
}

#[test]
fn what_is_older_is_left_out_and_nothing_is_said_to_be_nothing() {
    let aws = aws();
    two(&aws);
    let ran = history(&aws, &["--days", "2", "--json"]);
    assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 1));
    let empty = self::aws();
    let ran = history(&empty, &["--days", "1"]);
    assert_eq!(
        ran.out,
        "order-api in prod-apps: no decisions in the last day\n"
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn text_from_outside_cannot_reach_the_terminal() {
    let aws = aws();
    let mut foreign = decision(now(), "ask", "x\u{1b}[2Jy\u{202e}");
    foreign.reason = Some("\u{1b}]0;title\u{7}".to_owned());
    decided(&aws, &[foreign]);
    let out = history(&aws, &[]).out;
    assert!(!out.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{out:?}");
}

#[test]
fn a_missing_permission_is_named_with_the_statement_to_add() {
    let aws = aws();
    aws.inject("dynamodb:GetItem", Fault::denied());
    let ran = history(&aws, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ran.err, @r#"
    opsbot: cannot read the record of decisions: the permission dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/opsbot-state is missing. Allow it:
      {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/opsbot-state"}
    "#);
}

#[test]
fn a_table_that_is_not_there_is_named() {
    let aws = Simulator::start(World::new(), Options::default()).unwrap();
    let ran = history(&aws, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(
        ran.err.contains(&format!("there is no {TABLE}")),
        "{}",
        ran.err
    );
}

#[test]
fn without_credentials_nothing_is_asked_and_the_way_to_them_is_said() {
    let aws = aws();
    let [_, _, endpoint] = environment(&aws);
    let words = format!("history --cluster c --service s --table {TABLE}");
    let command: Vec<&str> = words.split(' ').collect();
    let ran = opsbot(&command, &[endpoint]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.err, @r#"
    opsbot: no AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set. Set them, for example with
      eval "$(aws configure export-credentials --format env)"
    "#);
    assert!(aws.calls().is_empty());
}

/// Without `--table`, in eu-west-1.
fn of_stack(aws: &Simulator, stack: &str) -> Ran {
    let mut environment = environment(aws).to_vec();
    environment.push(("AWS_REGION", "eu-west-1".to_owned()));
    let command = format!("history --cluster prod-apps --service order-api --stack {stack}");
    opsbot(&command.split(' ').collect::<Vec<_>>(), &environment)
}

#[test]
fn a_stack_that_is_not_there_or_is_another_one_is_named() {
    let aws = aws();
    aws.with(|world| world.set_stack("shop", "UPDATE_COMPLETE"));
    for stack in ["opsbot", "shop"] {
        let ran = of_stack(&aws, stack);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        let said = format!("there is no stack {stack} with an output StateTableArn in eu-west-1");
        assert!(ran.err.contains(&said), "{}", ran.err);
    }
    assert_eq!(aws.actions(), ["cloudformation:DescribeStacks"; 2]);
}

#[test]
fn a_stack_that_may_not_be_read_is_named_with_the_statement_to_add() {
    let aws = aws();
    aws.inject("cloudformation:DescribeStacks", Fault::denied());
    let ran = of_stack(&aws, "opsbot");
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    for words in [
        "cannot read the outputs of the CloudFormation stack",
        "\"Action\": \"cloudformation:DescribeStacks\"",
    ] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn a_stack_needs_a_region_to_be_looked_for_in() {
    let command = ["history", "--cluster", "c", "--service", "s"];
    let ran = opsbot(&command, &environment(&aws()));
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("no Region: set AWS_REGION"), "{}", ran.err);
}

#[test]
fn names_that_are_none_are_wrong_usage() {
    for (option, value) in [
        ("--cluster", "prod apps"),
        ("--service", "order-api#x"),
        ("--table", "opsbot-state"),
        ("--days", "0"),
        ("--days", "401"),
    ] {
        let mut command = vec!["history", option, value];
        let sound = [("--cluster", "c"), ("--service", "s"), ("--table", TABLE)];
        let others = sound.into_iter().filter(|(name, _)| *name != option);
        command.extend(others.flat_map(|(name, value)| [name, value]));
        let ran = opsbot(&command, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{command:?}");
        let said = format!("invalid value '{value}' for '{option}");
        assert!(ran.err.contains(&said), "{}", ran.err);
    }
}
