//! What a user of the command line expects: help, version, exit codes, completion.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod support;

use support::opsbot;

#[track_caller]
fn check(arguments: &[&str], code: i32, out: &str, err: &str) {
    let ran = opsbot(arguments, "");
    let about = format!("{arguments:?}\n{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(code), "{about}");
    assert!(
        ran.out.contains(out) && ran.out.is_empty() == out.is_empty(),
        "{about}"
    );
    assert!(
        ran.err.contains(err) && ran.err.is_empty() == err.is_empty(),
        "{about}"
    );
}

#[test]
fn help_and_version_go_to_standard_output_and_are_no_error() {
    check(&["--help"], 0, "Usage: opsbot <COMMAND>", "");
    check(&["help", "triage"], 0, "Exit codes:", "");
    check(&["help", "history"], 0, "export-credentials", "");
    check(
        &["triage", "-h"],
        0,
        "Usage: opsbot triage [OPTIONS] [FILE]...",
        "",
    );
    check(
        &["--version"],
        0,
        concat!("opsbot ", env!("CARGO_PKG_VERSION")),
        "",
    );
}

#[test]
fn wrong_usage_is_2_and_goes_to_standard_error() {
    check(&[], 2, "", "Usage: opsbot <COMMAND>");
    check(&["triag"], 2, "", "a similar subcommand exists: 'triage'");
    check(&["triage", "--jsn"], 2, "", "--json");
    check(&["triage", "--color", "green"], 2, "", "possible values");
    check(&["completion", "powershell"], 2, "", "bash, zsh, fish");
    check(&["history", "--cluster", "c"], 2, "", "--service <NAME>");
}

#[test]
fn the_longest_line_of_the_help_fits_a_terminal() {
    for command in ["triage", "history", "causes", "completion"] {
        let help = opsbot(&[command, "--help"], "").out;
        let long: Vec<&str> = help
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(long.is_empty(), "{long:?}");
    }
}

#[test]
fn completion_knows_the_commands_and_their_options() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = opsbot(&["completion", shell], "");
        assert_eq!(ran.code, Some(0));
        for word in [
            "triage",
            "history",
            "completion",
            "causes",
            "json",
            "color",
            "days",
        ] {
            assert!(ran.out.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn an_output_that_nobody_reads_on_is_no_error() {
    use std::process::{Command, Stdio};

    let corpus = "shared/domain/tests/corpus/stopped-tasks.jsonl";
    let mut child = Command::new(env!("CARGO_BIN_EXE_opsbot"))
        .args(["triage", corpus, corpus, corpus])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
