//! The cases that other tools get wrong, one by one.

use domain::causes::{Cause, Confidence, Context, diagnose, diagnose_event, intended, summarise};
use domain::facts::{Fact, ServiceEvent, StoppedTask, Target, TargetGroup};

use crate::support::{
    check, check_in, container, definition, exited, first, log, needs, task, time, with,
};

const OOM: &str = "OutOfMemoryError: Container killed due to memory usage";
const SCALING: &str = "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)";
const TARGETS: &str = "Task failed ELB health checks in (target-group \
    arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/order-api/0123456789abcdef)";

fn scheduler(reason: &str) -> StoppedTask {
    task("ServiceSchedulerInitiated", reason)
}

// The thirteen of the head-to-head run.

#[test]
fn case_01_a_137_with_an_out_of_memory_reason_is_out_of_memory() {
    let thin = task(
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    let finding = check(&with(thin, "app", Some(137), OOM), Cause::Oom, Some("app"));
    assert_eq!(finding.confidence, Confidence::Certain);
}

#[test]
fn case_02_a_137_while_a_deployment_stops_the_task_is_sigkill_after_stop_timeout() {
    let stopped = with(scheduler(SCALING), "app", Some(137), "");
    let finding = check(&stopped, Cause::KilledSigkill, Some("app"));
    assert!(
        finding.fix.contains("stopTimeout (30 s)"),
        "{}",
        finding.fix
    );
    let findings = diagnose(&stopped, &Context::default());
    assert_eq!(findings[1].cause, Cause::SchedulerStop);
    assert!(intended(&findings));
}

#[test]
fn case_03_an_out_of_memory_reason_with_exit_0_is_out_of_memory() {
    let thin = task(
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    check(&with(thin, "app", Some(0), OOM), Cause::Oom, Some("app"));
}

#[test]
fn case_04_a_139_is_a_segmentation_fault() {
    check(&exited(&[("app", 139)]), Cause::Segfault, Some("app"));
}

const NO_TAG: &str = "CannotPullContainerError: pull image manifest has been retried 1 time(s): \
    failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:v42: not found";

#[test]
fn case_05_a_missing_tag_told_on_the_task_is_image_not_found() {
    let stopped = with(task("TaskFailedToStart", NO_TAG), "app", None, "");
    let finding = check(&stopped, Cause::ImageNotFound, Some("app"));
    let image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:v42";
    assert!(finding.fix.contains(image), "{}", finding.fix);
}

#[test]
fn case_06_a_missing_tag_told_on_task_and_container_is_one_finding() {
    let stopped = with(task("TaskFailedToStart", NO_TAG), "app", None, NO_TAG);
    check(&stopped, Cause::ImageNotFound, Some("app"));
    assert_eq!(diagnose(&stopped, &Context::default()).len(), 1);
}

#[test]
fn case_07_a_denied_secret_names_the_secret_the_action_and_the_role() {
    let reason = "ResourceInitializationError: unable to pull secrets or registry auth: execution \
        resource retrieval failed: unable to retrieve secret from asm: service call has been \
        retried 1 time(s): failed to fetch secret \
        arn:aws:secretsmanager:eu-west-1:111122223333:secret:order-db-AbCdEf from secrets manager: \
        AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/order-exec/0123 is not \
        authorized to perform: secretsmanager:GetSecretValue on resource: x";
    let stopped = with(task("TaskFailedToStart", reason), "app", None, "");
    let finding = check(&stopped, Cause::SecretFetch, Some("app"));
    assert_eq!(
        finding.fix,
        "Allow role order-exec to call secretsmanager:GetSecretValue on secret \
         arn:aws:secretsmanager:eu-west-1:111122223333:secret:order-db-AbCdEf."
    );
}

#[test]
fn case_08_a_load_balancer_kill_with_143_is_not_a_scale_in() {
    let finding = check(
        &with(scheduler(TARGETS), "app", Some(143), ""),
        Cause::ElbHealthCheck,
        Some("app"),
    );
    assert!(
        finding.fix.contains("target group order-api"),
        "{}",
        finding.fix
    );
}

#[test]
fn case_09_a_clean_exit_of_an_essential_container_is_a_cause_of_its_own() {
    check(&exited(&[("app", 0)]), Cause::AppCleanExit, Some("app"));
}

#[test]
fn case_10_spot_with_143_is_a_spot_interruption() {
    let spot = task("SpotInterruption", "Your Spot Task was interrupted.");
    check(
        &with(spot, "app", Some(143), ""),
        Cause::SpotInterruption,
        None,
    );
}

#[test]
fn case_11_an_envoy_that_exits_1_takes_the_app_down_with_143() {
    check(
        &exited(&[("app", 143), ("envoy", 1)]),
        Cause::AppError,
        Some("envoy"),
    );
}

#[test]
fn case_12_a_127_is_a_command_that_was_not_found() {
    check(&exited(&[("app", 127)]), Cause::BadEntrypoint, Some("app"));
}

#[test]
fn case_13_a_scale_in_with_143_is_no_failure() {
    let stopped = with(scheduler(SCALING), "app", Some(143), "");
    check(&stopped, Cause::SchedulerStop, None);
    assert!(intended(&diagnose(&stopped, &Context::default())));
}

// DESIGN, section 4.

#[test]
fn a_137_without_a_reason_is_killed_and_shows_the_memory_limit() {
    let mut app = container("app", true);
    app.memory = Some(512);
    let definition = definition(vec![app]);
    let context = Context {
        task_definition: Some(&definition),
        ..Context::default()
    };
    let killed = exited(&[("app", 137)]);
    let finding = check_in(&killed, &context, Cause::KilledSigkill, Some("app"));
    assert_eq!(finding.confidence, Confidence::Likely);
    assert!(finding.fix.contains("512 MiB"), "{}", finding.fix);
}

#[test]
fn a_137_of_a_task_that_a_person_stops_is_the_persons_stop() {
    let stopped = with(
        task("UserInitiated", "Task stopped by user"),
        "app",
        Some(137),
        "",
    );
    let findings = diagnose(&stopped, &Context::default());
    let causes: Vec<_> = findings.iter().map(|finding| finding.cause).collect();
    assert_eq!(causes, [Cause::UserStopped, Cause::KilledSigkill]);
    assert!(findings[1].fix.contains("stopTimeout"));
}

#[test]
fn a_137_behind_a_failed_health_check_is_the_health_check() {
    check(
        &with(scheduler(TARGETS), "app", Some(137), ""),
        Cause::ElbHealthCheck,
        Some("app"),
    );
    let checks = scheduler("Task failed container health checks");
    check(
        &with(checks, "app", Some(137), ""),
        Cause::ContainerHealthCheck,
        Some("app"),
    );
}

#[test]
fn the_stop_code_is_trusted_before_free_text() {
    let written = task(
        "UserInitiated",
        "OutOfMemoryError: Container killed due to memory usage",
    );
    let finding = check(
        &with(written, "app", Some(143), ""),
        Cause::UserStopped,
        None,
    );
    assert!(finding.evidence[0].quote.starts_with("OutOfMemoryError"));
    assert_eq!(
        diagnose(&task("UserInitiated", "drill"), &Context::default()).len(),
        1
    );
}

#[test]
fn a_spot_notice_counts_while_the_task_still_runs() {
    let mut notice = task("SpotInterruption", "");
    notice.last_status = Some("RUNNING".to_owned());
    check(&notice, Cause::SpotInterruption, None);
    let old = task("TerminationNotice", "Your Spot Task was interrupted.");
    check(&old, Cause::SpotInterruption, None);
}

#[test]
fn a_host_that_is_terminated_is_named() {
    let reason = "Host EC2 (instance i-0123456789abcdef0) terminated.";
    let finding = check(
        &task("TerminationNotice", reason),
        Cause::HostTerminated,
        None,
    );
    assert!(
        finding.fix.contains("i-0123456789abcdef0"),
        "{}",
        finding.fix
    );
}

#[test]
fn the_container_that_failed_for_itself_is_blamed_in_any_order() {
    for containers in [
        [("app", 143), ("envoy", 1), ("web", 137)],
        [("envoy", 1), ("web", 137), ("app", 143)],
        [("web", 137), ("app", 0), ("envoy", 1)],
    ] {
        check(&exited(&containers), Cause::AppError, Some("envoy"));
    }
}

#[test]
fn a_clean_exit_beside_143_is_what_ended_the_task() {
    check(
        &exited(&[("app", 143), ("worker", 0)]),
        Cause::AppCleanExit,
        Some("worker"),
    );
    check(
        &exited(&[("app", 143), ("log_router", 0)]),
        Cause::Sigterm143,
        Some("app"),
    );
    check(
        &exited(&[("~internal~ecs~pause", 0), ("app", 143)]),
        Cause::Sigterm143,
        Some("app"),
    );
}

#[test]
fn helpers_are_blamed_only_where_nothing_else_failed() {
    for helper in [
        "~internal~ecs~pause",
        "aws-guardduty-agent-abc",
        "log_router",
    ] {
        check(
            &exited(&[(helper, 1), ("app", 2)]),
            Cause::AppError,
            Some("app"),
        );
    }
    check(
        &exited(&[("log_router", 1), ("app", 143)]),
        Cause::AppError,
        Some("log_router"),
    );
}

#[test]
fn a_helper_says_less_than_a_program_that_ended_by_itself() {
    for helper in [
        "log_router",
        "otel-collector",
        "my-xray",
        "datadog-agent",
        "adot",
    ] {
        for (exit, cause) in [
            (0, Cause::AppCleanExit),
            (1, Cause::AppError),
            (137, Cause::KilledSigkill),
        ] {
            for end in [0, 1, 137, 143] {
                let stopped = exited(&[(helper, end), ("app", exit)]);
                check(&stopped, cause, Some("app"));
            }
        }
    }
    check(
        &exited(&[("envoy", 137), ("app", 0)]),
        Cause::AppCleanExit,
        Some("app"),
    );
}

#[test]
fn a_helper_is_blamed_where_the_program_was_only_stopped_or_never_ran() {
    check(
        &exited(&[("app", 143), ("otel-sidecar", 137)]),
        Cause::KilledSigkill,
        Some("otel-sidecar"),
    );
    let reason = "CannotPullContainerError: manifest unknown";
    let never = with(
        task("TaskFailedToStart", "Task failed to start"),
        "app",
        None,
        "",
    );
    check(
        &with(never, "log_router", None, reason),
        Cause::ImageNotFound,
        Some("log_router"),
    );
    check(
        &exited(&[("fluentd-aggregator", 1)]),
        Cause::AppError,
        Some("fluentd-aggregator"),
    );
}

#[test]
fn what_a_helper_says_does_not_explain_a_program_that_ended_by_itself() {
    let reason = "CannotPullContainerError: manifest unknown";
    for (exit, cause) in [(0, Cause::AppCleanExit), (1, Cause::AppError)] {
        let stopped = with(
            exited(&[("sync", exit)]),
            "aws-guardduty-agent-x",
            None,
            reason,
        );
        check(&stopped, cause, Some("sync"));
    }
}

#[test]
fn an_only_helper_is_named() {
    let reason = "CannotPullContainerError: manifest unknown";
    let stopped = with(task("TaskFailedToStart", reason), "fluentd", None, "");
    check(&stopped, Cause::ImageNotFound, Some("fluentd"));
}

#[test]
fn windows_says_by_its_exit_code_that_memory_is_used_up() {
    check(&exited(&[("app", 3_221_225_773)]), Cause::Oom, Some("app"));
}

#[test]
fn a_container_that_is_not_essential_does_not_end_the_task() {
    let definition = definition(vec![container("migrate", false), container("app", true)]);
    let context = Context {
        task_definition: Some(&definition),
        ..Context::default()
    };
    let stopped = exited(&[("migrate", 1), ("app", 139)]);
    check_in(&stopped, &context, Cause::Segfault, Some("app"));
}

#[test]
fn a_dependency_that_did_not_succeed_is_blamed_for_the_container_that_never_ran() {
    let app = needs(container("app", true), "migrate", "SUCCESS");
    let definition = definition(vec![container("migrate", false), app]);
    let context = Context {
        task_definition: Some(&definition),
        ..Context::default()
    };
    let stopped = task(
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    let stopped = with(with(stopped, "app", None, ""), "migrate", Some(1), "");
    check_in(
        &stopped,
        &context,
        Cause::DependencyContainerFailed,
        Some("migrate"),
    );
}

#[test]
fn an_invented_143_blames_the_dependency_that_the_reason_names() {
    let reason = "CannotStartContainerError: dependency graph: container ordering dependency \
        [envoy] for target [app] has timed out.";
    let stopped = with(exited(&[("envoy", 0)]), "app", Some(143), reason);
    check(&stopped, Cause::DependencyContainerFailed, Some("envoy"));
}

#[test]
fn a_137_that_came_at_once_died_first_and_one_that_came_late_was_a_straggler() {
    let stopping = |seconds: u32| {
        let mut stopped = exited(&[("app", 137), ("proxy", 0)]);
        stopped.stopping_at = Some(time("2026-06-01T10:00:00Z"));
        stopped.execution_stopped_at = Some(time(&format!("2026-06-01T10:00:{seconds:02}Z")));
        stopped
    };
    check(&stopping(2), Cause::KilledSigkill, Some("app"));
    check(&stopping(31), Cause::AppCleanExit, Some("proxy"));
}

#[test]
fn what_is_not_understood_is_unknown_with_the_text_quoted() {
    let strange = task(
        "TaskFailedToStart",
        "Zorp: the frobnicator is out of cheese",
    );
    let finding = check(&strange, Cause::Unknown, None);
    assert_eq!(finding.confidence, Confidence::Possible);
    assert_eq!(
        finding.evidence[0].quote,
        "Zorp: the frobnicator is out of cheese"
    );
}

#[test]
fn a_secret_deep_in_a_long_reason_is_recognised() {
    let reason = format!("Zorp {}postgres://app:hunter2@db/app", "x ".repeat(500));
    let finding = check(&task("TaskFailedToStart", &reason), Cause::Unknown, None);
    let told = domain::sanitize::line(&finding.evidence[0].quote, 1_000);
    assert!(told.ends_with("postgres://app:[redacted]@db/app"), "{told}");
}

#[test]
fn a_thin_reason_is_helped_by_a_service_event() {
    let events = [ServiceEvent {
        at: time("2026-06-01T10:00:00Z"),
        message: "(service shop) failed to launch a task with (error ECS was unable to assume the \
                  role 'arn:aws:iam::111122223333:role/shop' that was provided for this task.)."
            .to_owned(),
    }];
    let context = Context {
        service_events: &events,
        ..Context::default()
    };
    let findings = diagnose(&task("TaskFailedToStart", "Task failed to start"), &context);
    assert_eq!(findings[0].cause, Cause::Unknown);
    assert_eq!(findings[1].cause, Cause::IamRoleAssume);
    assert_eq!(findings[1].confidence, Confidence::Possible);
    let told = diagnose_event(&events[0].message, &Context::default());
    assert_eq!(told[0].evidence[0].source, "service event");
    assert!(
        told[0].fix.contains("arn:aws:iam::111122223333:role/shop"),
        "{}",
        told[0].fix
    );
}

#[test]
fn unhealthy_targets_are_evidence_for_a_health_check_kill() {
    let target = Target {
        id: "10.0.0.7".to_owned(),
        state: "unhealthy".to_owned(),
        reason: Some("Target.ResponseCodeMismatch".to_owned()),
        description: Some("Health checks failed with these codes: [502]".to_owned()),
        ..Target::default()
    };
    let targets = Fact::Known(vec![target]);
    let groups = [TargetGroup {
        arn: "arn:x:targetgroup/shop/1".to_owned(),
        targets,
    }];
    let context = Context {
        target_groups: &groups,
        ..Context::default()
    };
    let finding = first(
        &scheduler("Task failed ELB health checks in (elb shop)"),
        &context,
    );
    let quotes: Vec<_> = finding
        .evidence
        .iter()
        .map(|one| one.quote.as_str())
        .collect();
    let health = "Target.ResponseCodeMismatch: Health checks failed with these codes: [502]";
    assert_eq!(quotes[1], health);
}

#[test]
fn many_tasks_are_few_causes_with_the_wanted_stops_last() {
    let mut tasks = vec![with(scheduler(SCALING), "app", Some(143), ""); 5];
    tasks.extend(vec![with(scheduler(SCALING), "app", Some(137), ""); 4]);
    tasks.extend(vec![task("TaskFailedToStart", "Task failed to start"); 3]);
    tasks.extend(vec![exited(&[("app", 1)]); 2]);
    tasks.push(exited(&[("app", 0)]));
    let ranked = summarise(&tasks, &Context::default());
    let ranked: Vec<_> = ranked
        .iter()
        .map(|ranked| (ranked.finding.cause.code(), ranked.tasks))
        .collect();
    let wanted = [
        ("app_error", 2),
        ("app_clean_exit", 1),
        ("unknown", 3),
        ("scheduler_stop", 5),
        ("killed_sigkill", 4),
    ];
    assert_eq!(ranked, wanted);
}

#[test]
fn another_tasks_log_is_not_read() {
    let mut other = log("app", "panic: boom");
    other.task_id = "ffff".to_owned();
    let logs = [other];
    let context = Context {
        logs: &logs,
        ..Context::default()
    };
    let mut stopped = exited(&[("app", 1)]);
    stopped.task_arn = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123".to_owned();
    let finding = first(&stopped, &context);
    assert!(
        !finding
            .evidence
            .iter()
            .any(|one| one.source.starts_with("log")),
        "{finding:?}"
    );
}

#[test]
fn a_fix_names_the_resource_that_the_sentence_names() {
    let reasons = [
        (
            "unable to retrieve secret from asm: context deadline exceeded",
            "AWS Secrets Manager",
        ),
        (
            "unable to retrieve ecr registry auth: dial tcp 1.2.3.4:443: i/o timeout",
            "ecr.api",
        ),
        (
            "unable to retrieve secrets from ssm: context deadline exceeded",
            "AWS Systems Manager",
        ),
        (
            "Task failed ELB health checks in (elb shop-lb)",
            "load balancer shop-lb",
        ),
        (
            "x is unhealthy in target-group shop due to (reason Request timed out)",
            "group shop,",
        ),
        (
            "Unexpected EC2 error while attempting to Create Network Interface in subnet \
             'subnet-0123': InsufficientFreeAddressesInSubnet",
            "subnet subnet-0123",
        ),
        (
            "efs volumes: Failed to resolve \"fs-0123.efs.eu-west-1.amazonaws.com\"",
            "fs-0123",
        ),
        (
            "secret from asm: did not contain json key db_url",
            "`db_url`",
        ),
        (
            "CannotStartContainerError: exec: \"npm\": executable file not found in $PATH",
            "`npm`",
        ),
        (
            "secrets from ssm: invalid ssm parameters: /shop/db",
            "parameter /shop/db",
        ),
        (
            "CannotPullContainerError: unable to retrieve ecr registry auth: AccessDenied",
            "ecr:Get",
        ),
    ];
    for (reason, named) in reasons {
        let fix = first(&task("", reason), &Context::default()).fix;
        assert!(fix.contains(named), "{reason}: {fix}");
    }
}

#[test]
fn a_fix_names_what_the_definition_names() {
    let mut app = container("app", true);
    app.image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api:v42".to_owned();
    app.memory = Some(256);
    let log = domain::facts::LogConfiguration {
        group: Some("/ecs/order-api".to_owned()),
        ..Default::default()
    };
    app.log = Some(log);
    let mut definition = definition(vec![app]);
    definition.execution_role_arn = Some("arn:aws:iam::111122223333:role/order-exec".to_owned());
    let context = Context {
        task_definition: Some(&definition),
        ..Context::default()
    };
    for (reason, named) in [
        ("CannotPullContainerError: no such image", "order-api:v42"),
        (
            "CannotPullECRContainerError: AccessDenied",
            "role/order-exec",
        ),
        (
            "failed to initialize logging driver: log group does not exist",
            "group /ecs/order-api",
        ),
        (
            "OutOfMemoryError: container killed due to memory usage",
            "256 MiB",
        ),
        ("RESOURCE:MEMORY", "task definition order-api:42"),
    ] {
        let fix = first(&task("", reason), &context).fix;
        assert!(fix.contains(named), "{reason}: {fix}");
    }
}

#[test]
fn an_exit_code_may_stand_in_a_sentence_only() {
    let thin = || task("EssentialContainerExited", "");
    let one = with(
        thin(),
        "app",
        None,
        "Essential container exited (exit code 1)",
    );
    check(&one, Cause::AppError, Some("app"));
    let killed = with(thin(), "app", None, "Container exited. Exit code: 137");
    check(&killed, Cause::KilledSigkill, Some("app"));
    // What a rule reads says more than a number in it.
    let log = "failed to validate logger args: command failed with exit code: 1";
    check(
        &with(thin(), "app", None, log),
        Cause::LogSetup,
        Some("app"),
    );
}

#[test]
fn a_task_that_never_started_is_explained_by_its_sentence_and_not_by_an_exit_code() {
    let never = task(
        "TaskFailedToStart",
        "ResourceInitializationError: unable to fetch secrets",
    );
    let reason = "secret shop/db was not found";
    check(
        &with(never, "app", Some(1), reason),
        Cause::SecretFetch,
        Some("app"),
    );
    let waited = "CannotStartContainerError: bootstrap dependency did not complete";
    let never = with(task("TaskFailedToStart", waited), "bootstrap", Some(1), "");
    let findings = diagnose(&with(never, "app", None, ""), &Context::default());
    assert_eq!(findings[0].cause, Cause::DependencyContainerFailed);
}

#[test]
fn words_that_other_services_use_too_are_not_certain() {
    for (cause, reason) in [
        (
            Cause::ImagePullDiskFull,
            "write /x: no space left on device",
        ),
        (Cause::ImagePullRateLimit, "Too Many Requests"),
        (Cause::QuotaLimit, "Rate exceeded for network interface"),
        (Cause::PlacementOther, "STOPPED (AGENT)"),
        (
            Cause::DependencyContainerFailed,
            "Cannot link to a non running container: /db",
        ),
        (
            Cause::TaskDefinitionInvalid,
            "No launch type to fall back to for empty capacity provider strategy.",
        ),
        (
            Cause::PlatformInternalError,
            "failed to start shim: exec: \"containerd-shim\": executable file not found in $PATH",
        ),
        (
            Cause::ContainerHealthCheck,
            "OCI runtime exec failed: exec failed: exec: \"curl\": executable file not found",
        ),
        (Cause::AppError, "CUDA out of memory"),
        (
            Cause::AppError,
            "\"OOMKilled\": false, \"Dead\": false, \"ExitCode\": 1",
        ),
        (
            Cause::HostTerminated,
            "the container instance drained earlier",
        ),
        (
            Cause::LogSetup,
            "There is a connection issue between the task and Amazon CloudWatch.",
        ),
    ] {
        let finding = check(&task("", reason), cause, None);
        assert_eq!(finding.confidence, Confidence::Likely, "{reason}");
    }
}
