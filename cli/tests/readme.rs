//! The table of causes in the README is what `opsbot causes` prints.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod support;

use support::opsbot;

#[test]
fn the_readme_has_the_table_of_causes() {
    let readme = include_str!("../../README.md");
    let block = readme
        .split_once("<!-- causes:begin -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- causes:end -->"));
    let (block, _) = block.expect("README.md has <!-- causes:begin --> and <!-- causes:end -->");
    let ran = opsbot(&["causes"], "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let table = ran.out;
    assert!(
        block == table,
        "README.md is behind the code; put this there:\n\n{table}"
    );
}

#[test]
fn the_readme_shows_the_report_of_the_event_it_names() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).expect("a README");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_opsbot"))
        .args(["triage", "events/task-stopped.out-of-memory.json"])
        .current_dir(root)
        .output()
        .expect("opsbot runs");
    let report = String::from_utf8(output.stdout).expect("text");
    assert!(
        readme.contains(report.trim_end()),
        "paste this into README.md, \"At a terminal\":\n{report}"
    );
}
