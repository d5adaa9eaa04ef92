//! Accuracy on real stopped tasks, each with its source: the corpus (`tests/corpus/stopped-tasks.jsonl`),
//! and those that others collected and labelled who had not seen the code (`more-stopped-tasks.jsonl`).
//! The code had not seen them either when they were first asked for; since then it has.

use std::collections::BTreeMap;

use domain::causes::{Context, diagnose};
use domain::facts::{StopCode, StoppedContainer, StoppedTask};
use serde::Deserialize;

use crate::support::wrong_and_certain;

#[derive(Deserialize)]
struct Row {
    id: String,
    label: String,
    #[serde(default)]
    also: Vec<String>,
    stop_code: Option<StopCode>,
    stopped_reason: Option<String>,
    containers: Vec<StoppedContainer>,
}

/// Rows, and those of them whose label is in dispute: what is right instead, and why.
struct Set {
    lines: &'static str,
    disputed: &'static [(&'static str, &'static str, &'static str)],
}

const CORPUS: Set = Set {
    lines: include_str!("../corpus/stopped-tasks.jsonl"),
    disputed: DISPUTED,
};

const MORE: Set = Set {
    lines: include_str!("../corpus/more-stopped-tasks.jsonl"),
    disputed: &[
        (
            "m028",
            "image_pull_network",
            "a pull that was given up: AWS's page names the way to the registry first",
        ),
        (
            "m030",
            "bad_entrypoint",
            "the image has no file in which its user could be found",
        ),
        (
            "m136",
            "task_definition_invalid",
            "the definition asks for more than any host has",
        ),
        (
            "m171",
            "oom",
            "AWS's page says of this sentence: too little memory",
        ),
    ],
};

/// Rows whose label cannot be told from what the row holds, or contradicts the definition of its
/// code: what is right instead, and why.
const DISPUTED: &[(&str, &str, &str)] = &[
    (
        "c0034",
        "unknown",
        "the row is empty: one container without name, exit code or reason",
    ),
    (
        "c0055",
        "image_pull_other",
        "the same sentence as c0056, which says image_pull_other",
    ),
    (
        "c0133",
        "capacity_unavailable",
        "ECS says that capacity is unavailable, not that a limit is",
    ),
    (
        "c0148",
        "image_pull_other",
        "the same sentence as c0007, which says image_pull_other",
    ),
    (
        "c0174",
        "unknown",
        "no exit code and no reason; only the container's name hints",
    ),
    (
        "c0180",
        "timeout_start",
        "could not transition to started in time: the code's definition",
    ),
    (
        "c0262",
        "unknown",
        "`Task failed to start` alone, as in c0263, which accepts unknown",
    ),
    (
        "c0330",
        "unknown",
        "the row is empty, as c0332, which says unknown",
    ),
    (
        "c0331",
        "unknown",
        "the row is empty, as c0332, which says unknown",
    ),
];

impl Set {
    fn rows(&self) -> Vec<Row> {
        let lines = self.lines.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("a row"))
            .collect()
    }

    fn wanted<'a>(&'a self, row: &'a Row) -> Vec<&'a str> {
        let disputed = self.disputed.iter().find(|(id, ..)| *id == row.id);
        let label = disputed.map_or(row.label.as_str(), |(_, right, _)| right);
        std::iter::once(label)
            .chain(row.also.iter().map(String::as_str))
            .collect()
    }
}

impl Row {
    fn task(&self) -> StoppedTask {
        StoppedTask {
            stop_code: self.stop_code.clone(),
            stopped_reason: self.stopped_reason.clone(),
            containers: self.containers.clone(),
            ..StoppedTask::default()
        }
    }

    fn labels(&self) -> Vec<&str> {
        let label = std::iter::once(&self.label);
        label.chain(&self.also).map(String::as_str).collect()
    }
}

/// How a set is read, as a confusion table, and what is wrong with that.
fn read(set: &Set) -> (String, Result<(), String>) {
    let rows = set.rows();
    let (mut right, mut as_labelled, mut wrong_certain) = (0, 0, Vec::new());
    let mut confusion: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for row in &rows {
        let findings = diagnose(&row.task(), &Context::default());
        let found = findings[0].cause.code();
        let (wanted, labelled) = (set.wanted(row), row.labels());
        right += usize::from(wanted.contains(&found));
        as_labelled += usize::from(labelled.contains(&found));
        if !wanted.contains(&found) {
            let key = (wanted[0].to_owned(), found.to_owned());
            confusion.entry(key).or_default().push(&row.id);
        }
        // Also where a label is in dispute: what can be disputed is not certain.
        if wrong_and_certain(&findings[0], &wanted) || wrong_and_certain(&findings[0], &labelled) {
            wrong_certain.push(&row.id);
        }
    }
    let mut report = String::from("wanted -> found: rows\n");
    for ((wanted, found), ids) in &confusion {
        report += &format!("{wanted} -> {found}: {}\n", ids.join(" "));
    }
    let percent = |count: usize| count as f64 * 100.0 / rows.len() as f64;
    report += &format!(
        "right: {right} of {} ({:.1} %); as labelled, disputed rows included: {as_labelled} ({:.1} %)",
        rows.len(),
        percent(right),
        percent(as_labelled)
    );
    let held = if percent(right) < 97.0 {
        Err(format!("{right} of {}", rows.len()))
    } else if !wrong_certain.is_empty() {
        Err(format!("wrong and certain: {wrong_certain:?}"))
    } else if !confusion.is_empty() {
        // All are right today: whoever teaches a wording sees what it takes away.
        Err(format!("no longer right: {confusion:?}"))
    } else {
        Ok(())
    };
    (report, held)
}

#[test]
fn at_least_97_percent_of_the_corpus_is_right_and_nothing_wrong_is_certain() {
    let (report, held) = read(&CORPUS);
    println!("{report}");
    assert_eq!(held, Ok(()));
}

#[test]
fn at_least_97_percent_of_what_was_collected_later_is_right_and_nothing_wrong_is_certain() {
    let (report, held) = read(&MORE);
    println!("{report}");
    assert_eq!(held, Ok(()));
}

#[test]
fn every_disputed_row_is_still_in_its_set_under_the_label_in_dispute() {
    for set in [CORPUS, MORE] {
        let rows = set.rows();
        for (id, right, why) in set.disputed {
            let row = rows
                .iter()
                .find(|row| row.id == *id)
                .expect("a row of that id");
            assert_ne!(&row.label, right, "{why}");
        }
    }
}

#[test]
fn every_finding_has_a_fix_and_quotes_what_was_said() {
    let rows = [CORPUS, MORE].iter().flat_map(Set::rows);
    for row in rows.collect::<Vec<_>>() {
        for finding in diagnose(&row.task(), &Context::default()) {
            let said = row.stopped_reason.is_some()
                || row
                    .containers
                    .iter()
                    .any(|one| one.reason.is_some() || one.exit_code.is_some());
            assert!(
                !finding.fix.is_empty() && finding.fix.ends_with('.'),
                "{}",
                row.id
            );
            assert_eq!(
                finding.evidence.is_empty(),
                !said,
                "{}: {finding:?}",
                row.id
            );
        }
    }
}
