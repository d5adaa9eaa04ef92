//! `opsbot triage`, through the real binary: input of every form in, text out.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod support;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::{Ran, opsbot, start};

/// A row that stops of `oom`, with this id.
fn row(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","stop_code":"EssentialContainerExited","stopped_reason":"Essential container in task exited","containers":[{{"name":"app","exit_code":137,"reason":"OutOfMemoryError: Container killed due to memory usage"}}]}}"#
    )
}

/// A task as `describe-tasks` answers it, that cannot pull its image.
const TASK: &str = r#"{
    "taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod-apps",
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:42",
    "group": "service:order-api",
    "launchType": "FARGATE",
    "lastStatus": "STOPPED",
    "desiredStatus": "STOPPED",
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:1.9.0: not found",
    "containers": [{"name": "app", "lastStatus": "STOPPED"}],
    "createdAt": 1795431049.725,
    "stoppedAt": 1795431269.984,
    "version": 4
}"#;

fn event(detail: &str) -> String {
    format!(
        r#"{{"id":"e1","detail-type":"ECS Task State Change","source":"aws.ecs","detail":{detail}}}"#
    )
}

/// All that a run says, for a snapshot.
fn told(ran: &Ran) -> String {
    let mut text = ran.out.clone();
    if !ran.err.is_empty() {
        _ = write!(text, "-- standard error\n{}", ran.err);
    }
    _ = write!(text, "-- exit code {:?}", ran.code.unwrap_or(-1));
    text
}

/// The ids of the JSON lines, the causes, and what standard error says.
#[track_caller]
fn check(input: impl AsRef<[u8]>, ids: &[&str], error: &str) {
    let ran = opsbot(&["triage", "--json"], input);
    let lines = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let found: Vec<String> = lines
        .map(|line: Value| line["id"].as_str().unwrap_or("null").to_owned())
        .collect();
    assert_eq!(found, ids, "standard error: {}", ran.err);
    assert_eq!(ran.err, error);
    let broken = error.contains(": line ");
    assert_eq!(ran.code, Some(i32::from(broken)));
}

const ARN: &str =
    "arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e2d3c4b5a69788796a5b4c3d2e1f0";

#[test]
fn a_report_says_what_why_the_evidence_the_fix_and_the_page() {
    insta::assert_snapshot!(told(&opsbot(&["triage"], TASK)), @r###"
    order-api:42, task 0f1e2d3c4b5a69788796a5b4c3d2e1f0: image or tag not found
      Task:  service:order-api, cluster prod-apps, FARGATE, stop code
             TaskFailedToStart, never ran, stopped 2026-11-23 10:54:29 UTC
      Why:   The image could not be pulled because its repository, tag or digest
             does not exist in the registry. (image_not_found; likely; container
             app)
             task stopped reason:
               | CannotPullContainerError: pull image manifest has been retried 1
               | time(s): failed to resolve ref
               | 111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:1.9.0: not
               | found
      Fix:   Push image
             111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:1.9.0, or point
             the task definition at a tag that exists.
      See:   https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html

    -- exit code 0
    "###);
}

#[test]
fn the_json_has_the_six_keys_in_their_order() {
    insta::assert_snapshot!(told(&opsbot(&["triage", "--json"], TASK)), @r###"
    {"id":"arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e2d3c4b5a69788796a5b4c3d2e1f0","cause":"image_not_found","container":"app","confidence":"likely","evidence":[{"source":"task stopped reason","quote":"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:1.9.0: not found"}],"fix":"Push image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:1.9.0, or point the task definition at a tag that exists."}
    -- exit code 0
    "###);
}

#[test]
fn rows_of_a_corpus_are_reported_and_counted() {
    let clean = r#"{"id": 7, "stop_code": null, "containers": [{"name": "job", "exit_code": 0}]}"#;
    let rows = format!("{}\n{clean}\n{}\n", row("a"), row("b"));
    insta::assert_snapshot!(told(&opsbot(&["triage", "-"], rows)), @r###"
    a: out of memory
      Task:  stop code EssentialContainerExited
      Why:   A process was killed because the container or the task used up its
             memory. (oom; certain; container app)
             container app: reason:
               | OutOfMemoryError: Container killed due to memory usage
             task stopped reason:
               | Essential container in task exited
      Or:    killed by SIGKILL (exit code 137) (killed_sigkill; likely; container
             app)
      Fix:   Raise the memory of container app in the task definition, or find its
             leak.
      See:   https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html

    7: essential container exited with 0
      Why:   An essential container finished without an error (exit code 0), and
             that ends the whole task. (app_clean_exit; likely; container job)
             container job: exit code:
               | 0
      Fix:   Keep the main process of container job in the foreground; if it is
             meant to finish, set essential to false or run it as a task of its own.
      See:   https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html

    b: out of memory
      Task:  stop code EssentialContainerExited
      Why:   A process was killed because the container or the task used up its
             memory. (oom; certain; container app)
             container app: reason:
               | OutOfMemoryError: Container killed due to memory usage
             task stopped reason:
               | Essential container in task exited
      Or:    killed by SIGKILL (exit code 137) (killed_sigkill; likely; container
             app)
      Fix:   Raise the memory of container app in the task definition, or find its
             leak.
      See:   https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html

    3 tasks:
      2  oom                          out of memory
      1  app_clean_exit               essential container exited with 0
    -- exit code 0
    "###);
}

#[test]
fn an_event_its_detail_a_task_and_an_answer_say_the_same() {
    let want = opsbot(&["triage", "--json"], TASK).out;
    assert!(want.contains("image_not_found"), "{want}");
    let compact = serde_json::from_str::<Value>(TASK).unwrap().to_string();
    for form in [
        compact.clone(),
        event(TASK),
        event(&compact),
        format!(r#"{{"tasks":[{TASK}],"failures":[]}}"#),
        format!("[{TASK}]"),
        format!("[[], [{}]]", event(&compact)),
    ] {
        let ran = opsbot(&["triage", "--json"], &form);
        assert_eq!(
            (ran.out, ran.err.as_str(), ran.code),
            (want.clone(), "", Some(0)),
            "{form}"
        );
    }
}

#[test]
fn every_event_of_a_stopped_task_in_the_repository_is_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = names
        .filter(|name| name.starts_with("task-stopped."))
        .map(|name| format!("events/{name}"))
        .collect();
    files.sort();
    let arguments: Vec<&str> = ["triage", "--json"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    let ran = opsbot(&arguments, "");
    assert_eq!((ran.err.as_str(), ran.code), ("", Some(0)));
    let causes = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let table: Vec<String> = causes
        .zip(&files)
        .map(|(line, file): (Value, _)| format!("{file}: {}", line["cause"].as_str().unwrap()))
        .collect();
    assert_eq!(table.len(), files.len());
    insta::assert_snapshot!(table.join("\n"), @r###"
    events/task-stopped.app-error.json: app_error
    events/task-stopped.az-rebalancing.json: scheduler_stop
    events/task-stopped.clean-exit.json: app_clean_exit
    events/task-stopped.container-health-check.json: container_health_check
    events/task-stopped.elb-health-check.json: elb_health_check
    events/task-stopped.host-terminated.json: host_terminated
    events/task-stopped.image-not-found.json: image_not_found
    events/task-stopped.maintenance.json: fargate_maintenance
    events/task-stopped.no-reason.json: app_error
    events/task-stopped.no-stop-code.json: app_error
    events/task-stopped.out-of-memory.json: oom
    events/task-stopped.run-task.json: app_error
    events/task-stopped.scaling-in.json: scheduler_stop
    events/task-stopped.secret-denied.json: secret_fetch
    events/task-stopped.spot-interruption.json: spot_interruption
    events/task-stopped.spot-notice-of-host.json: host_terminated
    events/task-stopped.spot-notice.json: spot_interruption
    events/task-stopped.user-free-text.json: user_stopped
    events/task-stopped.user.json: user_stopped
    "###);
}

#[test]
fn forms_may_follow_each_other_in_any_way() {
    let answer = format!("{{\"failures\": [], \"tasks\": [{TASK},\n{}]}}", row("-"));
    let input = format!(
        "{} {}\n[{},\n  {}\n]\n\n{TASK}{answer}{}",
        row("a"),
        row("b"),
        row("c"),
        row("d"),
        event(TASK)
    );
    check(input, &["a", "b", "c", "d", ARN, ARN, "null", ARN], "");
}

#[test]
fn files_are_read_in_their_order_and_one_that_is_missing_is_named() {
    let known = "events/task-stopped.out-of-memory.json";
    let ran = opsbot(
        &["triage", "--json", known, "events/none.json", "-"],
        row("last"),
    );
    let ids: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((ids.len(), ids[1]["id"].as_str()), (2, Some("last")));
    assert!(
        ran.err.starts_with("opsbot: events/none.json: "),
        "{}",
        ran.err
    );
    assert_eq!((ran.err.lines().count(), ran.code), (1, Some(1)));
}

#[test]
fn a_broken_line_is_named_and_the_others_are_done() {
    let rows = [
        row("1"),
        r#"{"id":"2","stop_code":"Essential"#.to_owned(),
        row("3"),
        r#"{"id":"4","containers":[{"name":"app"},"#.to_owned(),
        row("5"),
        "Nov 22 10:24:29 task stopped".to_owned(),
        r#"{"id":"7","containers":"app"}"#.to_owned(),
        r#"{"id":"8","containers":[],}"#.to_owned(),
        r#"{"id":"9"}"#.to_owned(),
        r#"{"id":"10","stopped_reason":nul}"#.to_owned(),
        "42".to_owned(),
        row("12"),
        r#"{"id":"13""#.to_owned(),
    ];
    let ran = opsbot(&["triage", "--json"], rows.join("\n"));
    let ids: Vec<&str> = ran.out.lines().map(|line| &line[..11]).collect();
    insta::assert_snapshot!(format!("{ids:?}\n{}-- exit code {:?}", ran.err, ran.code), @r###"
    ["{\"id\":\"1\",\"", "{\"id\":\"3\",\"", "{\"id\":\"5\",\"", "{\"id\":\"12\","]
    opsbot: -: line 2: a string does not end in its line
    opsbot: -: line 4: expected `,` or an end (in line 6)
    opsbot: -: line 6: this is no JSON object: Nov 22 10:24:29 task stopped
    opsbot: -: line 7: invalid type: string "app", expected a sequence
    opsbot: -: line 8: expected a key in quotes
    opsbot: -: line 9: no task: it has none of the keys of a stopped task
    opsbot: -: line 10: this is no JSON: expected ident
    opsbot: -: line 11: this is no JSON object: 42
    opsbot: -: line 13: the input ends in the middle of it
    -- exit code Some(1)
    "###);
}

#[test]
fn a_broken_document_of_many_lines_is_named_by_its_first_and_the_bad_one() {
    let bad = TASK.replace("\"FARGATE\",", "\"FARGATE\"");
    let input = format!("{}\n{bad}\n{}", row("a"), row("b"));
    check(
        input,
        &["a", "b"],
        "opsbot: -: line 2: expected `,` or an end (in line 8); lines up to 16 are skipped\n",
    );
    let odd = TASK.replace("\"containers\": [", "\"containers\": [7, ");
    check(
        format!("[\n{odd},\n{TASK}\n]"),
        &[ARN],
        "opsbot: -: line 2: invalid type: integer '7', expected struct StoppedContainer (in line 12)\n",
    );
}

#[test]
fn commas_and_brackets_of_arrays_must_match() {
    let (a, b) = (row("a"), row("b"));
    check(
        format!("[{a}\n{b}]"),
        &["a", "b"],
        "opsbot: -: line 2: a comma is missing before it\n",
    );
    check(
        format!("[{a},\n{b},]"),
        &["a", "b"],
        "opsbot: -: line 2: a bracket closes what is not open\n",
    );
    check(
        format!("\n[{a}\n,{b}"),
        &["a", "b"],
        "opsbot: -: line 2: an array is not closed\n",
    );
    check(
        format!("{a},\n{b},"),
        &["a", "b"],
        "opsbot: -: line 1: a comma stands where none may be\n",
    );
}

#[test]
fn nothing_in_is_nothing_out() {
    for empty in [
        "",
        "\n \r\n",
        "[]",
        "{\"tasks\": [], \"failures\": []}",
        "\u{feff}",
    ] {
        check(empty, &[], "opsbot: no stopped task in the input\n");
    }
    assert_eq!(opsbot(&["triage"], "").out, "");
}

#[test]
fn what_is_understood_and_needs_no_explanation_is_skipped_aloud() {
    let running = TASK
        .replace("STOPPED", "RUNNING")
        .replace("\"stopCode\"", "\"a\"")
        .replace("\"stoppedReason\"", "\"b\"");
    let gone = r#"{"tasks": [], "failures": [{"arn": "arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e", "reason": "MISSING"}]}"#;
    let other = event("{}").replace("Task State", "Deployment State");
    check(
        [row("a"), running, gone.to_owned(), other].join("\n"),
        &["a"],
        &format!(
            "opsbot: -: skipped: {ARN} is RUNNING: nothing stopped it\n\
             opsbot: -: skipped: ECS could not describe \
             arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e: MISSING\n\
             opsbot: -: skipped: an event of type \"ECS Deployment State Change\"\n"
        ),
    );
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    check(
        format!("\u{feff}{}\r\n\r\n{}\r\n", row("a"), row("b")),
        &["a", "b"],
        "",
    );
    check(
        format!("{}\r\n{{\"id\"\r\n{}\r\n", row("a"), row("b")),
        &["a", "b"],
        "opsbot: -: line 2: expected `:` (in line 3)\n",
    );
    check(
        format!("\u{feff}{TASK}\n\u{feff}{TASK}").replace('\n', "\r\n"),
        &[ARN, ARN],
        "",
    );
}

#[test]
fn utf_16_and_other_bytes_are_refused() {
    let wide: Vec<u8> = row("a").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error =
        "opsbot: -: line 1: this is UTF-16; make it UTF-8\nopsbot: no stopped task in the input\n";
    check([vec![0xff, 0xfe], wide].concat(), &[], error);
    let latin = [
        row("K\u{f6}ln").replace('\u{f6}', "?").as_bytes(),
        b"\n",
        row("b").as_bytes(),
    ]
    .concat();
    let latin: Vec<u8> = latin
        .iter()
        .map(|byte| if *byte == b'?' { 0xf6 } else { *byte })
        .collect();
    check(latin, &["b"], "opsbot: -: line 1: it is not UTF-8\n");
}

#[test]
fn the_order_is_that_of_the_input_however_much_it_is() {
    let (mut input, mut ids, mut said) = (String::new(), Vec::new(), String::new());
    for line in 1..=5_000 {
        match line % 500 {
            100 => {
                input += "nonsense\n";
                _ = writeln!(
                    said,
                    "opsbot: -: line {line}: this is no JSON object: nonsense"
                );
            }
            200 => {
                input += &event("{}").replace("Task State", "Deployment State");
                input += "\n";
                said += "opsbot: -: skipped: an event of type \"ECS Deployment State Change\"\n";
            }
            _ => {
                input += &row(&line.to_string());
                input += "\n";
                ids.push(line.to_string());
            }
        }
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    check(input, &ids, &said);
}

#[test]
fn whoever_follows_sees_each_task_while_the_input_is_still_open() {
    for between in ["\n", ",\n", "\n\n]\n["] {
        let mut child = start(&["triage", "--json"]);
        let mut stdin = child.stdin.take().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, seen) = mpsc::channel();
        let reading = thread::spawn(move || out.lines().try_for_each(|line| send.send(line)));
        stdin.write_all(b"[").unwrap();
        for id in ["1", "2", "3"] {
            write!(stdin, "{}{between}", row(id)).unwrap();
            stdin.flush().unwrap();
            let line = seen.recv_timeout(Duration::from_secs(60));
            let line: Value = serde_json::from_str(&line.unwrap().unwrap()).unwrap();
            assert_eq!(line["id"], id);
        }
        drop(stdin);
        child.wait().unwrap();
        reading.join().unwrap().unwrap();
    }
}

#[test]
fn who_has_seen_enough_may_close_the_output() {
    let mut child = start(&["triage", "--json"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // Until it ends, however much it has taken by then.
    while stdin.write_all(row("1").as_bytes()).is_ok() {}
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_huge_line_is_explained_and_one_beyond_all_bounds_is_refused() {
    let long = |size: usize| format!(r#"{{"id":"long","stopped_reason":"{}"}}"#, "x".repeat(size));
    let ran = opsbot(
        &["triage", "--json"],
        format!("{}\n{}\n", long(4_000_000), row("a")),
    );
    assert_eq!(
        (ran.out.lines().count(), ran.err.as_str(), ran.code),
        (2, "", Some(0))
    );
    assert!(ran.out.len() < 4_000, "{}", ran.out.len());
    check(
        format!("{}\n{}\n", long(20_000_000), row("a")),
        &["a"],
        "opsbot: -: line 1: it is longer than 16 MiB\n",
    );
    check(
        format!("{}\n{}\n", "[".repeat(100_000), row("a")),
        &["a"],
        "opsbot: -: line 1: an array is not closed\n",
    );
}

const HOSTILE: &str = r#"{"id":"\u001b[2Jrow\u202e1","stop_code":"EssentialContainerExited\u001b[31m","stopped_reason":"\u001b]0;owned\u0007Essential \u202econtainer\r\nin <!channel> task","containers":[{"name":"\u001b[1mapp\u2066","exit_code":1,"reason":"CannotPullContainerError: password=hunter2hunter2 @everyone\u009b31m"}]}"#;

#[test]
fn hostile_text_is_harmless_in_the_report() {
    insta::assert_snapshot!(told(&opsbot(&["triage"], HOSTILE)), @r###"
    row1: image pull failed
      Task:  stop code EssentialContainerExited
      Why:   The image could not be pulled, and ECS does not say why.
             (image_pull_other; likely; container app)
             container app: reason:
               | CannotPullContainerError: password=[redacted] @ everyone
             task stopped reason:
               | Essential container in ‹!channel> task
      Or:    application exited with an error (app_error; likely; container app)
      Fix:   Pull the image by hand from the task's subnet and role to see the full
             error.
      See:   https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html

    -- exit code 0
    "###);
}

#[test]
fn hostile_text_is_harmless_in_the_json() {
    insta::assert_snapshot!(told(&opsbot(&["triage", "--json"], HOSTILE)), @r###"
    {"id":"row1","cause":"image_pull_other","container":"app","confidence":"likely","evidence":[{"source":"container app: reason","quote":"CannotPullContainerError: password=[redacted] @ everyone"},{"source":"task stopped reason","quote":"Essential container in ‹!channel> task"}],"fix":"Pull the image by hand from the task's subnet and role to see the full error."}
    -- exit code 0
    "###);
}

#[test]
fn hostile_text_is_harmless_on_standard_error() {
    let stray = "\u{1b}[31mnot\u{202e} json";
    let kind = r#"{"detail-type":"\u001b[31mECS\u202e","detail":{}}"#;
    let wrong = "{\"containers\":\"\u{202e}x\"}";
    let ran = opsbot(&["triage"], format!("{stray}\n{kind}\n{wrong}\n"));
    insta::assert_snapshot!(told(&ran), @r###"
    -- standard error
    opsbot: -: line 1: this is no JSON object: not json
    opsbot: -: skipped: an event of type "ECS"
    opsbot: -: line 3: invalid type: string "\u{202e}x", expected a sequence
    opsbot: no stopped task in the input
    -- exit code 1
    "###);
}

#[test]
fn titles_are_bold_only_where_asked_for() {
    let plain = opsbot(&["triage"], TASK).out;
    assert!(!plain.contains('\u{1b}'));
    let bold = opsbot(&["triage", "--color", "always"], TASK).out;
    let (start, end) = ("\u{1b}[1m", "\u{1b}[0m");
    assert!(bold.starts_with(start) && bold.contains(end));
    assert_eq!(bold.replace(start, "").replace(end, ""), plain);
}

#[test]
fn the_corpus_is_explained_as_the_head_explains_it() {
    use domain::causes::{Context, diagnose};
    use domain::facts::StoppedTask;

    let corpus = include_str!("../../shared/domain/tests/corpus/stopped-tasks.jsonl");
    let ran = opsbot(&["triage", "--json"], corpus);
    assert_eq!((ran.err.as_str(), ran.code), ("", Some(0)));
    assert_eq!(ran.out.lines().count(), corpus.lines().count());
    for (row, line) in corpus.lines().zip(ran.out.lines()) {
        let task: StoppedTask = serde_json::from_str(row).unwrap();
        let (row, line): (Value, Value) = (
            serde_json::from_str(row).unwrap(),
            serde_json::from_str(line).unwrap(),
        );
        let want = diagnose(&task, &Context::default())[0].cause.code();
        assert_eq!(
            (&line["id"], line["cause"].as_str()),
            (&row["id"], Some(want))
        );
    }
}
