//! What template.yaml promises beyond its roles: no word that stops a function, nothing late, an
//! alarm on every hop, and a table that is not lost by an update.

use domain::causes::Cause;

use crate::permissions::resources;
use crate::repo::{none, read};

/// The resource with this logical id.
#[track_caller]
fn resource(id: &str) -> String {
    let found = resources().into_iter().find(|(it, _)| it == id);
    found
        .unwrap_or_else(|| panic!("template.yaml lacks {id}"))
        .1
}

/// How many resources are of this type, of those that are always made or of the others.
fn count(kind: &str, always: bool) -> usize {
    let of_kind = format!("    Type: {kind}\n");
    let resources = resources().into_iter();
    let its = resources.filter(|(_, text)| {
        text.contains(&of_kind) && text.contains("    Condition: RollsBack\n") != always
    });
    its.count()
}

#[test]
fn a_word_that_is_no_cause_is_refused_before_it_stops_a_function() {
    let codes: Vec<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    let codes = codes.join("|");
    let want = format!("    AllowedPattern: ^(({codes})(, ?|$))*$\n");
    assert!(
        read("template.yaml").contains(&want),
        "give this to LeftOutCauses in template.yaml:\n{want}"
    );
}

#[test]
fn roll_back_is_invoked_at_once_or_not_at_all() {
    let function = resource("RollBackFunction");
    let (_, config) = function.split_once("EventInvokeConfig:\n").expect("one");
    let config: Vec<_> = config.lines().take(2).map(str::trim).collect();
    let want = ["MaximumRetryAttempts: 0", "MaximumEventAgeInSeconds: 60"];
    assert_eq!(config, want);
}

#[test]
fn every_queue_of_work_has_an_alarm_on_its_age() {
    let alarms: Vec<_> = resources()
        .into_iter()
        .filter(|(_, text)| text.contains("MetricName: ApproximateAgeOfOldestMessage\n"))
        .map(|(_, text)| text)
        .collect();
    let queues = resources().into_iter().filter(|(_, text)| {
        text.contains("Type: AWS::SQS::Queue\n") && text.contains("      RedrivePolicy:\n")
    });
    let silent = queues.map(|(id, _)| id).filter(|id| {
        let name = format!("!GetAtt {id}.QueueName");
        !alarms.iter().any(|alarm| alarm.contains(&name))
    });
    assert_eq!(alarms.len(), 3);
    none(&silent.collect::<Vec<_>>(), "no alarm says that it is late");
}

#[test]
fn an_update_that_replaces_the_table_leaves_the_old_one() {
    let table = resource("StateTable");
    assert!(
        table.contains("    UpdateReplacePolicy: Retain\n"),
        "{table}"
    );
}

#[test]
fn the_readme_counts_what_the_stack_makes() {
    let words = [
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
    ];
    let alarms = |always| words[count("AWS::CloudWatch::Alarm", always)];
    let want = [
        format!("two log groups and {} alarms;", alarms(true)),
        format!("a log group and {} alarms.", alarms(false)),
    ];
    let readme = read("README.md");
    let lacking: Vec<_> = want.into_iter().filter(|it| !readme.contains(it)).collect();
    none(&lacking, "README.md, Deploy, is to say");
    let queues = ["AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::SNS::Topic"];
    assert_eq!(queues.map(|kind| count(kind, true)), [8, 2, 2]);
    assert_eq!(queues.map(|kind| count(kind, false)), [2, 1, 0]);
}
