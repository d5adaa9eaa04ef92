//! Whatever comes in, findings come out.

use domain::causes::{Context, diagnose, diagnose_event, summarise};
use domain::facts::{StopCode, StoppedTask};
use proptest::prelude::*;

use crate::support::{container, definition, log, needs, with};

/// Free text, and fragments that rules look for, cut and glued at random.
fn words() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "CannotPullContainerError: ",
        "dial tcp ",
        "json key ",
        "not authorized to perform: ",
        "arn:aws:",
        "arn:aws:iam::1:role/",
        "(port ",
        "assumed-role/",
        "exec: \"",
        "exit code ",
        "dependency [",
        "platform '",
        "targetgroup/",
        "subnet-",
        "secret from asm ",
        "’",
        "\\n",
        "\u{202e}",
        "İ",
        "Traceback (most recent call last)",
        "panicked at x:",
        "KeyError: '",
        "connection refused",
        "ENOTFOUND ",
        "port 99999999999999999999",
        "://",
        ":",
        "\"",
        "'",
    ]);
    let piece = prop_oneof![fragment.prop_map(str::to_owned), ".{0,12}", "\\PC{0,12}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn code() -> impl Strategy<Value = Option<StopCode>> {
    let known = prop::sample::select(vec![
        "TaskFailedToStart",
        "EssentialContainerExited",
        "UserInitiated",
        "ServiceSchedulerInitiated",
        "SpotInterruption",
        "TerminationNotice",
        "InfrastructureHealth",
        "SomethingNew",
    ]);
    prop::option::of(known.prop_map(|code| StopCode::from(code.to_owned())))
}

fn exit() -> impl Strategy<Value = Option<i64>> {
    let usual = prop::sample::select(vec![0, 1, 126, 127, 137, 139, 143, 255]);
    prop::option::of(prop_oneof![usual, any::<i64>()])
}

prop_compose! {
    fn stopped()(
        stop_code in code(),
        stopped_reason in prop::option::of(words()),
        containers in prop::collection::vec((words(), exit(), words()), 0..4),
    ) -> StoppedTask {
        let task = StoppedTask { stop_code, stopped_reason, ..StoppedTask::default() };
        containers.into_iter().fold(task, |task, (name, exit, reason)| with(task, &name, exit, &reason))
    }
}

proptest! {
    #[test]
    fn there_is_always_a_finding_with_a_fix(task in stopped(), lines in words(), port in 0..70_000) {
        let name = task.containers.first().and_then(|one| one.name.clone()).unwrap_or_default();
        let logs = [log(&name, &lines)];
        let mut app = needs(container(&name, true), "other", "SUCCESS");
        app.ports.push(port);
        let definition = definition(vec![app, container("other", false)]);
        let full =
            Context { task_definition: Some(&definition), logs: &logs, ..Context::default() };
        for context in [Context::default(), full] {
            let findings = diagnose(&task, &context);
            prop_assert!(!findings.is_empty());
            prop_assert!(findings.iter().all(|finding| !finding.fix.is_empty()));
        }
        let ranked = summarise(&[task.clone(), task], &full);
        prop_assert_eq!(ranked.iter().map(|ranked| ranked.tasks).sum::<usize>(), 2);
    }

    #[test]
    fn any_sentence_of_a_service_event_has_a_finding(sentence in words()) {
        prop_assert!(!diagnose_event(&sentence, &Context::default()).is_empty());
    }

    #[test]
    fn case_quotes_and_white_space_do_not_change_the_cause(sentence in "[a-z' ]{0,40}") {
        let task = |text: String| StoppedTask { stopped_reason: Some(text), ..StoppedTask::default() };
        let plain = diagnose(&task(sentence.clone()), &Context::default())[0].cause;
        let odd = sentence.replace('\'', "’").replace(' ', "\n ").to_uppercase();
        prop_assert_eq!(plain, diagnose(&task(odd), &Context::default())[0].cause);
    }
}
