//! Wordings that the corpus does not have: `tests/corpus/wordings.tsv`.

use domain::causes::{Cause, Context, diagnose, diagnose_event};

use crate::support::{task, with};

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("../corpus/wordings.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

#[track_caller]
fn check(place: &str, read: impl Fn(&str) -> Vec<domain::causes::Finding>) {
    let mut wrong = Vec::new();
    for (code, sentence) in rows() {
        let finding = &read(sentence)[0];
        if finding.cause.code() != code {
            let confidence = finding.confidence;
            wrong.push(format!(
                "{code} -> {} {confidence:?}: {sentence}",
                finding.cause.code()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{place}, {} of {}:\n{}",
        wrong.len(),
        rows().count(),
        wrong.join("\n")
    );
}

#[test]
fn a_sentence_means_the_same_on_the_task() {
    check("task", |sentence| {
        diagnose(&task("", sentence), &Context::default())
    });
}

#[test]
fn a_sentence_means_the_same_on_the_container() {
    check("container", |sentence| {
        let thin = task("TaskFailedToStart", "Task failed to start");
        diagnose(&with(thin, "app", None, sentence), &Context::default())
    });
}

#[test]
fn a_sentence_means_the_same_in_a_service_event() {
    check("event", |sentence| {
        diagnose_event(sentence, &Context::default())
    });
}

#[test]
fn a_sentence_means_the_same_quoted_by_the_scheduler() {
    check("placement", |sentence| {
        // With nothing inside that is understood, the frame is what remains.
        let frame =
            format!("(service CannotPull-x) was unable to place a task. Reason: {sentence}.");
        let inside = diagnose_event(sentence, &Context::default());
        if inside[0].cause == Cause::Unknown {
            return inside;
        }
        diagnose_event(&frame, &Context::default())
    });
    check("launch", |sentence| {
        let frame = format!("service oom-app failed to launch a task with (error {sentence}).");
        diagnose_event(&frame, &Context::default())
    });
}

#[test]
fn a_sentence_means_the_same_with_other_quotes_lines_and_case() {
    check("pasted", |sentence| {
        let pasted = format!(
            "STOPPED ({})",
            sentence.replace('\'', "’").replace(' ', "\n ")
        );
        diagnose_event(&pasted.to_uppercase(), &Context::default())
    });
}

#[test]
fn most_codes_have_a_wording() {
    // The others are told by exit codes, not by sentences.
    let by_exit = [
        "killed_sigkill",
        "sigterm_143",
        "segfault",
        "app_error",
        "app_clean_exit",
    ];
    for cause in Cause::ALL {
        let worded = rows().any(|(code, _)| code == cause.code());
        assert!(
            worded || by_exit.contains(&cause.code()),
            "{}",
            cause.code()
        );
    }
}
