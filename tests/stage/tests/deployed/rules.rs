//! Which rule takes which event, told by the event bus itself, with the deployed patterns.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::stage::stage;

const DEPLOYMENT: &str = "DeploymentChangedFunctionDeploymentStateChange";
const SERVICE: &str = "DeploymentChangedFunctionServiceAction";

const TASK: &str = "TaskStoppedRule";

/// Each file of `events/`, with the rule that takes it. Every other rule must leave it.
const TAKEN_BY: [(&str, Option<&str>); 51] = [
    ("container-instance.agent-disconnected", None),
    ("container-instance.impaired", None),
    ("daemon-deployment.rollback-failed", None),
    ("daemon.task-start-impaired", None),
    ("deployment-completed", Some(DEPLOYMENT)),
    ("deployment-failed.alarm", Some(DEPLOYMENT)),
    ("deployment-failed.circuit-breaker", Some(DEPLOYMENT)),
    ("deployment-in-progress.rolling-back", Some(DEPLOYMENT)),
    ("deployment-in-progress.started", None),
    ("hook.awaiting-action", None),
    ("hook.timed-out", None),
    ("service-action.capacity-provider-steady-state", None),
    ("service-action.daemon-constraint-violated", Some(SERVICE)),
    ("service-action.deployment-completed", None),
    ("service-action.deployment-failed", Some(SERVICE)),
    ("service-action.deployment-in-progress", None),
    ("service-action.desired-count-updated", None),
    ("service-action.discovery-instance-unhealthy", Some(SERVICE)),
    (
        "service-action.discovery-operation-throttled",
        Some(SERVICE),
    ),
    ("service-action.health-unknown", Some(SERVICE)),
    ("service-action.lattice-target-unhealthy", Some(SERVICE)),
    ("service-action.operation-throttled", Some(SERVICE)),
    ("service-action.rebalancing-started", None),
    ("service-action.scale-in-blocked", None),
    ("service-action.steady-state", None),
    ("service-action.task-configuration-failure", Some(SERVICE)),
    ("service-action.task-placement-failure", Some(SERVICE)),
    ("service-action.task-start-impaired", Some(SERVICE)),
    ("service-action.tasks-stopped", None),
    ("task-state.deprovisioning", None),
    ("task-state.running", None),
    ("task-state.scaling-in", None),
    ("task-stopped.app-error", Some(TASK)),
    ("task-stopped.az-rebalancing", None),
    ("task-stopped.clean-exit", Some(TASK)),
    ("task-stopped.container-health-check", Some(TASK)),
    ("task-stopped.elb-health-check", Some(TASK)),
    ("task-stopped.host-terminated", Some(TASK)),
    ("task-stopped.image-not-found", Some(TASK)),
    ("task-stopped.maintenance", Some(TASK)),
    ("task-stopped.no-reason", Some(TASK)),
    ("task-stopped.no-stop-code", Some(TASK)),
    ("task-stopped.out-of-memory", Some(TASK)),
    ("task-stopped.run-task", Some(TASK)),
    ("task-stopped.scaling-in", None),
    ("task-stopped.secret-denied", Some(TASK)),
    ("task-stopped.spot-interruption", Some(TASK)),
    ("task-stopped.spot-notice", Some(TASK)),
    ("task-stopped.spot-notice-of-host", Some(TASK)),
    ("task-stopped.user", None),
    ("task-stopped.user-free-text", None),
];

/// Every file of `events/` by its name without `.json`.
pub(crate) fn events() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files.map(|path| (name(&path), read(&path))).collect()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn each_event_is_taken_by_its_rule_and_by_no_other() {
    let rules = stage().rules().unwrap();
    let takers = |event: &Value| {
        let taken = rules
            .iter()
            .filter(|rule| stage().takes(rule, event).unwrap());
        taken
            .map(|rule| rule.logical_id.clone())
            .collect::<Vec<_>>()
    };
    let found: Vec<_> = events()
        .into_iter()
        .map(|(name, event)| (name, takers(&event)))
        .collect();
    let expected: Vec<_> = TAKEN_BY
        .map(|(name, rule)| {
            (
                name.to_owned(),
                rule.into_iter().map(str::to_owned).collect(),
            )
        })
        .to_vec();
    assert_eq!(found, expected);
}

#[test]
fn the_table_names_every_rule_of_the_stack() {
    let mut rules: Vec<_> = stage()
        .rules()
        .unwrap()
        .into_iter()
        .map(|rule| rule.logical_id)
        .collect();
    rules.sort();
    assert_eq!(rules, [DEPLOYMENT, SERVICE, TASK]);
}

#[test]
fn no_rule_takes_an_event_of_another_source() {
    for event in events().values() {
        assert_eq!(event["source"], "aws.ecs");
        for rule in stage().rules().unwrap() {
            let with =
                serde_json::json!({ "EventPattern": rule.pattern, "Event": event.to_string() });
            let answer = stage().call("events", "test_event_pattern", with).unwrap();
            assert_eq!(answer["Result"], false, "{}", rule.logical_id);
        }
    }
}

#[test]
fn every_rule_retries_for_six_hours_and_keeps_what_it_could_not_deliver() {
    let queue_of = |rule: &str| {
        let output = if rule == TASK {
            "TaskStoppedUndeliveredQueueUrl"
        } else {
            "DeploymentChangedUndeliveredQueueUrl"
        };
        let url = stage().output(output).unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    };
    for rule in stage().rules().unwrap() {
        let [target] = rule.targets.as_slice() else {
            panic!("{} targets", rule.targets.len())
        };
        assert_eq!(target["RetryPolicy"]["MaximumEventAgeInSeconds"], 21600);
        let kept_in = target["DeadLetterConfig"]["Arn"].as_str().unwrap();
        assert!(
            kept_in.ends_with(&queue_of(&rule.logical_id)),
            "{} keeps in {kept_in}",
            rule.logical_id
        );
    }
}
