//! The formats of an alert, by snapshot, and the limits they keep.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

#[path = "formats/alerts.rs"]
mod alerts;

use domain::alert::{Alert, Kind, Publication, Severity, links, render};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

/// One format of the publication.
#[track_caller]
fn format(alert: &Alert, key: &str) -> String {
    let message: Value = serde_json::from_str(&render(alert).message).unwrap();
    message[key].as_str().unwrap().to_owned()
}

#[track_caller]
fn pretty(alert: &Alert, key: &str) -> String {
    let value: Value = serde_json::from_str(&format(alert, key)).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn the_text_of_a_full_alert() {
    assert_snapshot!(format(&alerts::secret_denied(), "default"), @r###"
    [WARNING] order-api in prod-apps: deployment of order-api:42 failed: secret
    cannot be read
    2026-11-22 10:31:14 UTC, eu-west-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 1 pending. Target
              group order-api: 2 of 2 targets healthy.
    Response: ECS is rolling back to order-api:41; opsbot watches and tells how it
              ends.
    Next:     Allow the role order-api-execution secretsmanager:GetSecretValue on
              the secret prod/order-api/db.

    WHAT HAPPENED
      The deployment of order-api:42 to service order-api in cluster prod-apps
      failed at 10:31:14 UTC, 4 min 12 s after it began.
      ECS says: "ECS deployment circuit breaker: tasks failed to start."
      3 stopped tasks of this deployment could still be seen.

    WHY
      A secret or parameter of the task definition could not be read, so the
      container was never started. (certain; container app; 3 stopped tasks)
      task stopped reason:
        | ResourceInitializationError: unable to pull secrets or registry auth:
        | execution resource retrieval failed: unable to retrieve secret from asm:
        | service call has been retried 1 time(s): failed to fetch secret
        | arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf
        | from secrets manager: AccessDeniedException: User:
        | arn:aws:sts::111122223333:assumed-role/order-api-execution/0f1e2d3c4b5a69788796a5b4c3d2e1f0
        | is not authorized to perform: secretsmanager:GetSecretValue on resource:
        | arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf
        | because no identity-based policy allows the secretsmanager:GetSecretValue
        | action
      See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html

    WHAT CHANGED since the last good revision
      - Container app: image order-api:1.41.0 became order-api:1.42.0.
      - Container app: secret DB_PASSWORD was added.

    NEXT STEPS
      1. Allow the role order-api-execution secretsmanager:GetSecretValue on the
         secret prod/order-api/db.
      2. Fix it before you release again: your infrastructure code or pipeline still
         holds order-api:42 and will bring it back.

    STOPPED TASKS of this deployment, newest first
      TASK                              STOPPED   RAN        EXIT CODES
      0f1e2d3c4b5a69788796a5b4c3d2e1f0  10:30:55  never      app -, envoy -
        TaskFailedToStart: reason as quoted above
      1a2b3c4d5e6f708192a3b4c5d6e7f809  10:29:31  never      app -, envoy -

    SERVICE EVENTS, newest first
      10:31:14  (service order-api) (deployment ecs-svc/7313373391234567890)
                deployment failed: tasks failed to start.
      10:27:10  (service order-api) has started 1 tasks: (task
                0f1e2d3c4b5a69788796a5b4c3d2e1f0).

    NOT COLLECTED
      - the service's deployment history: the function's role may not make the call.
        To see it, allow ecs:ListServiceDeployments.

    LINKS
      service:
      https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api?region=eu-west-1
      newest stopped task:
      https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/tasks/0f1e2d3c4b5a69788796a5b4c3d2e1f0?region=eu-west-1
      log stream:
      https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Forder-api/log-events/ecs$252Fapp$252F0f1e2d3c4b5a69788796a5b4c3d2e1f0

    Incident prod-apps/order-api/ecs-svc/7313373391234567890
    "###);
}

#[test]
fn the_text_of_an_alert_with_logs_and_two_causes() {
    assert_snapshot!(format(&alerts::crashing(), "default"), @r###"
    [CRITICAL] order-api in prod-apps: deployment of order-api:42 failed:
    application exited with an error
    2026-11-22 10:31:14 UTC, eu-west-1, account 111122223333

    Impact:   The service is DOWN: 0 of 2 tasks are running (1 pending).
    Response: None. The deployment circuit breaker stopped the deployment but has
              rollback off: order-api:42 stays the primary deployment, starts no
              more tasks, and nothing mends itself.
    Next:     To go back to order-api:41, if nothing was released after
              order-api:42:
              aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41

    WHAT HAPPENED
      The deployment of order-api:42 to service order-api in cluster prod-apps
      failed at 10:31:14 UTC, 4 min 12 s after it began.
      ECS says: "ECS deployment circuit breaker: tasks failed to start."
      3 stopped tasks of this deployment could still be seen.

    WHY
      1. The program in an essential container ended by itself with an error.
         (likely; container app; 2 stopped tasks)
         log of app:
           | ERROR environment variable DB_PASSWORD is not set
         Fix: Read the last log lines of container app.
         See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
      2. ECS does not say enough to name a cause. (possible; container app; 1
         stopped task)
         Fix: Read the last log lines of container app.
         See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html

    WHAT CHANGED since the last good revision
      - Container app: image order-api:1.41.0 became order-api:1.42.0.
      - Container app: secret DB_PASSWORD was added.

    LAST LOG LINES
      Of container app, task 0f1e2d3c4b5a69788796a5b4c3d2e1f0, log group
      /ecs/order-api:
      10:30:01  INFO starting order-api 1.42.0
      10:30:02  ERROR environment variable DB_PASSWORD is not set

    STOPPED TASKS of this deployment, newest first
      TASK                              STOPPED   RAN        EXIT CODES
      0f1e2d3c4b5a69788796a5b4c3d2e1f0  10:30:55  12 s       app 1, envoy 143
        EssentialContainerExited: Essential container in task exited
      1a2b3c4d5e6f708192a3b4c5d6e7f809  10:29:31  5 min      app 1, envoy 143

    SERVICE EVENTS, newest first
      10:31:14  (service order-api) deployment failed: tasks failed to start.

    UTILIZATION
      CPU of the service peaked at 41 % and stood at 12 % at 10:30 UTC.

    NOT COLLECTED
      - the service's deployment history: the function's role may not make the call.
        To see it, allow ecs:ListServiceDeployments.

    LINKS
      service:
      https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api?region=eu-west-1
      newest stopped task:
      https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/tasks/0f1e2d3c4b5a69788796a5b4c3d2e1f0?region=eu-west-1
      log stream:
      https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Forder-api/log-events/ecs$252Fapp$252F0f1e2d3c4b5a69788796a5b4c3d2e1f0

    Incident prod-apps/order-api/ecs-svc/7313373391234567890
    "###);
}

#[test]
fn the_text_of_a_minimal_alert() {
    assert_snapshot!(format(&alerts::minimal(), "default"), @r###"
    [WARNING] order-api in prod-apps: an ECS event could not be read
    2026-11-22 10:31:14 UTC, eu-west-1, account 111122223333

    Incident prod-apps/order-api/unreadable-event
    "###);
}

#[test]
fn the_text_message_of_a_full_alert() {
    assert_snapshot!(format(&alerts::secret_denied(), "sms"), @"WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. ECS is rolling back to order-api:41");
}

#[test]
fn the_text_message_of_a_minimal_alert() {
    assert_snapshot!(format(&alerts::minimal(), "sms"), @"WARN order-api in prod-apps: an ECS event could not be read");
}

#[test]
fn a_text_message_that_is_too_long_ends_with_a_whole_word() {
    let mut alert = alerts::secret_denied();
    alert.headline = format!(
        "order-api in {}: deployment of order-api:42 failed: secret cannot be read",
        "prod-".repeat(16)
    );
    assert_snapshot!(format(&alert, "sms"), @"WARN order-api in prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-prod-: deployment of order-api:42 failed...");
}

#[test]
fn the_text_message_of_a_recovery() {
    let mut alert = alerts::minimal();
    (alert.kind, alert.severity) = (Kind::Recovered, Severity::Info);
    alert.headline = "order-api in prod-apps: recovered in 3 min 12 s on order-api:41".to_owned();
    alert.response.sentence = "The incident is over.".to_owned();
    assert_snapshot!(format(&alert, "sms"), @"OK order-api in prod-apps: recovered in 3 min 12 s on order-api:41. The incident is over");
}

#[test]
fn the_card_of_a_full_alert() {
    assert_snapshot!(pretty(&alerts::secret_denied(), "https"), @r###"
    {
      "content": {
        "description": "*Impact:* Full capacity: order-api:41 runs 2 tasks; 2 desired, 1 pending. Target group order-api: 2 of 2 targets healthy.\n\n*Response:* ECS is rolling back to order-api:41; opsbot watches and tells how it ends.\n\n*Why:* A secret or parameter of the task definition could not be read, so the container was never started. (certain; container app; 3 stopped tasks)\n\ntask stopped reason:\n```ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf from secrets manager: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/order-api-execution/0f1e2d3c4b5a69788796a5b4c3d2e1f0 is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf because no identity-based policy allows the secretsmanager:GetSecretValue action```\n\n*Changed:* Container app: image order-api:1.41.0 became order-api:1.42.0; Container app: secret DB_PASSWORD was added\n\n<https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api?region=eu-west-1|service> · <https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/tasks/0f1e2d3c4b5a69788796a5b4c3d2e1f0?region=eu-west-1|newest stopped task> · <https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Forder-api/log-events/ecs$252Fapp$252F0f1e2d3c4b5a69788796a5b4c3d2e1f0|log stream>",
        "keywords": [
          "order-api",
          "prod-apps",
          "warning",
          "deployment_failed",
          "secret_fetch"
        ],
        "nextSteps": [
          "Allow the role order-api-execution secretsmanager:GetSecretValue on the secret prod/order-api/db.",
          "Fix it before you release again: your infrastructure code or pipeline still holds order-api:42 and will bring it back."
        ],
        "textType": "client-markdown",
        "title": "🟠 WARNING: order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read"
      },
      "id": "prod-apps/order-api/ecs-svc/7313373391234567890/deployment_failed/2026-11-22T10:31:14Z",
      "metadata": {
        "additionalContext": {
          "account": "111122223333",
          "cause": "secret_fetch",
          "cluster": "prod-apps",
          "container": "app",
          "incident": "prod-apps/order-api/ecs-svc/7313373391234567890",
          "kind": "deployment_failed",
          "region": "eu-west-1",
          "revision": "order-api:42",
          "rollback": "ecs_rolling_back",
          "service": "order-api",
          "severity": "warning"
        },
        "enableCustomActions": true,
        "eventType": "deployment_failed",
        "relatedResources": [
          "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api",
          "arn:aws:ecs:eu-west-1:111122223333:task/prod-apps/0f1e2d3c4b5a69788796a5b4c3d2e1f0"
        ],
        "summary": "order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read",
        "threadId": "prod-apps/order-api/ecs-svc/7313373391234567890"
      },
      "source": "custom",
      "version": "1.0"
    }
    "###);
}

#[test]
fn the_card_of_a_minimal_alert() {
    assert_snapshot!(pretty(&alerts::minimal(), "https"), @r###"
    {
      "content": {
        "description": "order-api in prod-apps: an ECS event could not be read",
        "keywords": [
          "order-api",
          "prod-apps",
          "warning",
          "unreadable_event"
        ],
        "nextSteps": [],
        "textType": "client-markdown",
        "title": "🟠 WARNING: order-api in prod-apps: an ECS event could not be read"
      },
      "id": "prod-apps/order-api/unreadable-event/unreadable_event/2026-11-22T10:31:14Z",
      "metadata": {
        "additionalContext": {
          "account": "111122223333",
          "cluster": "prod-apps",
          "incident": "prod-apps/order-api/unreadable-event",
          "kind": "unreadable_event",
          "region": "eu-west-1",
          "rollback": "unknown",
          "service": "order-api",
          "severity": "warning"
        },
        "enableCustomActions": true,
        "eventType": "unreadable_event",
        "relatedResources": [
          "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api"
        ],
        "summary": "order-api in prod-apps: an ECS event could not be read",
        "threadId": "prod-apps/order-api/unreadable-event"
      },
      "source": "custom",
      "version": "1.0"
    }
    "###);
}

#[test]
fn the_json_of_a_full_alert() {
    assert_snapshot!(pretty(&alerts::secret_denied(), "sqs"), @r###"
    {
      "at": "2026-11-22T10:31:14Z",
      "cause": "secret_fetch",
      "cause_phrase": "secret cannot be read",
      "causes": [
        {
          "cause": "secret_fetch",
          "confidence": "certain",
          "container": "app",
          "evidence": [
            {
              "source": "task stopped reason",
              "text": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf from secrets manager: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/order-api-execution/0f1e2d3c4b5a69788796a5b4c3d2e1f0 is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf because no identity-based policy allows the secretsmanager:GetSecretValue action"
            }
          ],
          "fix": "Allow the role order-api-execution secretsmanager:GetSecretValue on the secret prod/order-api/db.",
          "page": "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html",
          "sentence": "A secret or parameter of the task definition could not be read, so the container was never started.",
          "tasks": 3
        }
      ],
      "changes": [
        "Container app: image order-api:1.41.0 became order-api:1.42.0.",
        "Container app: secret DB_PASSWORD was added."
      ],
      "evidence": {
        "log_lines": [],
        "log_source": null,
        "service_events": [
          {
            "at": "2026-11-22T10:31:14Z",
            "text": "(service order-api) (deployment ecs-svc/7313373391234567890) deployment failed: tasks failed to start."
          },
          {
            "at": "2026-11-22T10:27:10Z",
            "text": "(service order-api) has started 1 tasks: (task 0f1e2d3c4b5a69788796a5b4c3d2e1f0)."
          }
        ],
        "stopped_tasks": [
          {
            "exits": "app -, envoy -",
            "ran_seconds": null,
            "reason": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has",
            "stop_code": "TaskFailedToStart",
            "stopped_at": "2026-11-22T10:30:55Z",
            "task": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
          },
          {
            "exits": "app -, envoy -",
            "ran_seconds": null,
            "reason": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has",
            "stop_code": "TaskFailedToStart",
            "stopped_at": "2026-11-22T10:29:31Z",
            "task": "1a2b3c4d5e6f708192a3b4c5d6e7f809"
          }
        ],
        "utilization": []
      },
      "headline": "order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read",
      "impact": [
        "Full capacity: order-api:41 runs 2 tasks; 2 desired, 1 pending.",
        "Target group order-api: 2 of 2 targets healthy."
      ],
      "incident": "prod-apps/order-api/ecs-svc/7313373391234567890",
      "kind": "deployment_failed",
      "links": [
        {
          "label": "service",
          "url": "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api?region=eu-west-1"
        },
        {
          "label": "newest stopped task",
          "url": "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/tasks/0f1e2d3c4b5a69788796a5b4c3d2e1f0?region=eu-west-1"
        },
        {
          "label": "log stream",
          "url": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Forder-api/log-events/ecs$252Fapp$252F0f1e2d3c4b5a69788796a5b4c3d2e1f0"
        }
      ],
      "next_steps": [
        "Allow the role order-api-execution secretsmanager:GetSecretValue on the secret prod/order-api/db.",
        "Fix it before you release again: your infrastructure code or pipeline still holds order-api:42 and will bring it back."
      ],
      "not_collected": [
        {
          "permission": "ecs:ListServiceDeployments",
          "what": "the service's deployment history",
          "why": "the function's role may not make the call"
        }
      ],
      "owner": null,
      "response": {
        "code": "ecs_rolling_back",
        "sentence": "ECS is rolling back to order-api:41; opsbot watches and tells how it ends."
      },
      "revision": "order-api:42",
      "rollback": null,
      "schema": "opsbot.alert/1",
      "service": {
        "account": "111122223333",
        "cluster": "prod-apps",
        "partition": "aws",
        "region": "eu-west-1",
        "service": "order-api"
      },
      "service_arn": "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api",
      "severity": "warning",
      "standalone": false,
      "tasks_stopped": null,
      "what_happened": [
        "The deployment of order-api:42 to service order-api in cluster prod-apps failed at 10:31:14 UTC, 4 min 12 s after it began.",
        "ECS says: \"ECS deployment circuit breaker: tasks failed to start.\"",
        "3 stopped tasks of this deployment could still be seen."
      ]
    }
    "###);
}

#[test]
fn the_json_of_a_minimal_alert() {
    assert_snapshot!(pretty(&alerts::minimal(), "lambda"), @r###"
    {
      "at": "2026-11-22T10:31:14Z",
      "cause": null,
      "cause_phrase": null,
      "causes": [],
      "changes": [],
      "evidence": {
        "log_lines": [],
        "log_source": null,
        "service_events": [],
        "stopped_tasks": [],
        "utilization": []
      },
      "headline": "order-api in prod-apps: an ECS event could not be read",
      "impact": [],
      "incident": "prod-apps/order-api/unreadable-event",
      "kind": "unreadable_event",
      "links": [],
      "next_steps": [],
      "not_collected": [],
      "owner": null,
      "response": {
        "code": "unknown",
        "sentence": ""
      },
      "revision": null,
      "rollback": null,
      "schema": "opsbot.alert/1",
      "service": {
        "account": "111122223333",
        "cluster": "prod-apps",
        "partition": "aws",
        "region": "eu-west-1",
        "service": "order-api"
      },
      "service_arn": "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api",
      "severity": "warning",
      "standalone": false,
      "tasks_stopped": null,
      "what_happened": []
    }
    "###);
}

#[test]
fn a_long_subject_leaves_out_the_cluster_before_it_is_cut() {
    let mut alert = alerts::secret_denied();
    alert.headline =
        "order-api in prod-apps: 12 tasks of order-api:41 stopped: application exited \
                      with an error"
            .to_owned();
    assert_snapshot!(render(&alert).subject, @"[WARNING] order-api: 12 tasks of order-api:41 stopped: application exited with an error");
}

#[test]
fn the_subject_and_the_attributes() {
    let Publication {
        subject,
        attributes,
        ..
    } = render(&alerts::secret_denied());
    assert_snapshot!(subject, @"[WARNING] order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read");
    let attributes: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_snapshot!(attributes.join(" "), @"kind=deployment_failed severity=warning cluster=prod-apps service=order-api cause=secret_fetch rollback=ecs_rolling_back owner=none");
}

#[test]
fn an_alert_in_a_card_is_written_with_slacks_entities() {
    let mut alert = alerts::minimal();
    alert.headline = "a < b && c > d".to_owned();
    let card: Value = serde_json::from_str(&format(&alert, "https")).unwrap();
    assert_snapshot!(card["content"]["title"].as_str().unwrap(), @"🟠 WARNING: a &lt; b &amp;&amp; c &gt; d");
}

#[test]
fn console_links_are_right_in_every_partition() {
    let mut arn = alerts::service();
    assert_snapshot!(links::deployments(&arn), @"https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/deployments?region=eu-west-1");
    assert_snapshot!(links::deployment(&arn, "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/order-api/Xy_1"), @"https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod-apps/services/order-api/service-deployments/Xy_1?region=eu-west-1");
    assert_snapshot!(links::task_definition(&arn, "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:42"), @"https://eu-west-1.console.aws.amazon.com/ecs/v2/task-definitions/order-api/42/containers?region=eu-west-1");
    assert_snapshot!(links::log_stream(&arn, "/ecs/order api", "ecs/app/0f1e"), @"https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Forder$2520api/log-events/ecs$252Fapp$252F0f1e");
    (arn.partition, arn.region) = ("aws-cn".to_owned(), "cn-north-1".to_owned());
    assert_snapshot!(links::service(&arn), @"https://cn-north-1.console.amazonaws.cn/ecs/v2/clusters/prod-apps/services/order-api?region=cn-north-1");
    (arn.partition, arn.region) = ("aws-us-gov".to_owned(), "us-gov-west-1".to_owned());
    assert_snapshot!(links::task(&arn, "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task/prod-apps/0f1e"), @"https://us-gov-west-1.console.amazonaws-us-gov.com/ecs/v2/clusters/prod-apps/services/order-api/tasks/0f1e?region=us-gov-west-1");
}

/// Everything that must hold for whatever an alert says.
#[track_caller]
fn keeps_every_limit(alert: &Alert) {
    let Publication {
        subject,
        message,
        attributes,
    } = render(alert);
    assert!(
        !subject.is_empty() && subject.chars().count() < 100,
        "{subject}"
    );
    assert!(!subject.contains(char::is_control), "{subject}");
    let counted: usize = attributes
        .iter()
        .map(|(name, value)| name.len() + 6 + value.len())
        .sum();
    assert!(message.len() + counted < 256 * 1024, "{}", message.len());
    assert_eq!(attributes.len(), 7);
    assert!(attributes.iter().all(|(_, value)| !value.is_empty()));

    let message: Value = serde_json::from_str(&message).unwrap();
    let formats = message.as_object().unwrap();
    let keys: Vec<&str> = formats.keys().map(String::as_str).collect();
    assert_eq!(keys, ["default", "http", "https", "lambda", "sms", "sqs"]);
    assert!(formats.values().all(Value::is_string));
    let text = |key: &str| formats[key].as_str().unwrap();
    let length = text("default").len();
    assert!(length <= 16 * 1024, "{length}");
    assert!(
        (1..=140).contains(&text("sms").len()) && text("sms").is_ascii(),
        "{}",
        text("sms")
    );

    let machine: Value = serde_json::from_str(text("sqs")).unwrap();
    let errors: Vec<String> = schema()
        .iter_errors(&machine)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    is_a_custom_notification(&serde_json::from_str(text("https")).unwrap());
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../alert.schema.json")).unwrap();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The shape that Amazon Q Developer in chat applications takes; it shows nothing otherwise.
#[track_caller]
fn is_a_custom_notification(card: &Value) {
    assert_eq!(
        (&card["version"], &card["source"]),
        (&Value::from("1.0"), &Value::from("custom"))
    );
    let content = &card["content"];
    assert_eq!(content["textType"], "client-markdown");
    let description = content["description"].as_str().unwrap();
    assert!(
        (1..=2_500).contains(&description.chars().count()),
        "{description}"
    );
    assert!(
        content["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty())
    );
    for list in [
        &content["nextSteps"],
        &content["keywords"],
        &card["metadata"]["relatedResources"],
    ] {
        assert!(list.as_array().unwrap().iter().all(Value::is_string));
    }
    let context = card["metadata"]["additionalContext"].as_object().unwrap();
    assert!(
        context
            .values()
            .all(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    );
    let keys: Vec<&str> = card
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["content", "id", "metadata", "source", "version"]);
}

#[test]
fn a_huge_alert_keeps_every_limit() {
    for text in [
        "x",
        "word ",
        "🚑",
        "\"",
        "&",
        "日本 ",
        "https://a.example/?",
    ] {
        for (length, count) in [(40, 200), (9_000, 1), (700, 20), (300, 6)] {
            keeps_every_limit(&alerts::filled(&text.repeat(length / text.len()), count));
        }
    }
}

#[test]
fn an_empty_alert_keeps_every_limit() {
    let mut alert = alerts::filled("", 3);
    alert.incident = "none".to_owned();
    keeps_every_limit(&alert);
}

#[test]
fn a_huge_alert_gives_up_evidence_first() {
    let mut alert = alerts::crashing();
    let line = alert.evidence.log_lines[0].clone();
    alert.evidence.log_lines = vec![line; 500];
    let last = alert.evidence.log_lines.len() - 1;
    alert.evidence.log_lines[last].text = format!("the last line {}", "x ".repeat(5000));
    alert.evidence.service_events = alert.evidence.log_lines.clone();
    let text = format(&alert, "default");
    assert!(text.contains(&alert.headline[..50]));
    assert!(
        alert
            .next_steps
            .iter()
            .all(|step| text.contains(&step[..30]))
    );
    assert!(text.contains("the last line x"));
}

#[test]
fn a_hostile_alert_is_harmless_in_every_format() {
    let hostile = "<!channel> @here [log in](https://evil.example) ```\n<script>\u{1b}[31m\u{202e} password=hunter2 AKIAIOSFODNN7EXAMPLE";
    for text in [hostile.to_owned(), hostile.repeat(700)] {
        let alert = alerts::filled(&text, 3);
        keeps_every_limit(&alert);
        let Publication {
            subject,
            message,
            attributes,
        } = render(&alert);
        let shown = format!("{subject} {message} {attributes:?}").to_lowercase();
        for bad in [
            "<!", "@here", "](", "<script", "\u{1b}", "\u{202e}", "hunter2", "akiaiosf",
        ] {
            assert!(!shown.contains(bad), "{bad} in {shown}");
        }
        // The card's own fences come in pairs; the text brings none.
        let card: Value = serde_json::from_str(&format(&alert, "https")).unwrap();
        let fences = card["content"]["description"]
            .as_str()
            .unwrap()
            .matches("```")
            .count();
        assert_eq!(fences % 2, 0);
    }
}

#[test]
fn every_line_of_the_text_but_quoted_logs_links_and_commands_is_at_most_80_wide() {
    let text = format(&alerts::secret_denied(), "default");
    let whole = |line: &&str| {
        line.contains("https://") || line.contains("arn:aws:") || line.contains("aws ecs ")
    };
    for line in text.lines().filter(|line| !whole(line)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_an_alert_says_every_limit_is_kept(
        text in prop_oneof![any::<String>(), ".{0,60}", "[\"\\\\&<>@`🚑]{0,400}"],
        times in 1_usize..40,
        count in 0_usize..12,
    ) {
        let mut alert = alerts::filled(&text.repeat(times), count);
        alert.incident = "some-incident".to_owned();
        keeps_every_limit(&alert);
    }
}

#[test]
fn an_alert_of_empty_texts_keeps_every_limit() {
    let mut alert = alerts::filled("", 0);
    alert.incident = "some-incident".to_owned();
    keeps_every_limit(&alert);
}
