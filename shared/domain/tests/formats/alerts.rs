//! Alerts in words, for tests.

use chrono::{DateTime, Utc};
use domain::alert::{
    Alert, CauseSection, EvidenceSection, Kind, Link, NotCollected, Quote, Response, Rollback,
    Scope, Severity, StoppedTaskRow, TimedQuote, links,
};
use domain::arn::ServiceArn;
use domain::causes::{Cause, Confidence};

pub const REASON: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
    failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret \
    arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf from secrets manager: \
    AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/order-api-execution/0f1e2d3c4b5a69788796a5b4c3d2e1f0 \
    is not authorized to perform: secretsmanager:GetSecretValue on resource: \
    arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf because no identity-based policy allows \
    the secretsmanager:GetSecretValue action";

pub fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2026-11-22T{text}Z"))
        .unwrap()
        .to_utc()
}

pub fn service() -> ServiceArn {
    ServiceArn::parse(
        "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api",
        None,
    )
    .unwrap()
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Nothing but what every alert has.
pub fn minimal() -> Alert {
    Alert {
        kind: Kind::UnreadableEvent,
        severity: Severity::Warning,
        incident: "prod-apps/order-api/unreadable-event".to_owned(),
        at: time("10:31:14"),
        service: service(),
        revision: None,
        headline: "order-api in prod-apps: an ECS event could not be read".to_owned(),
        cause_phrase: None,
        what_happened: Vec::new(),
        causes: Vec::new(),
        impact: Vec::new(),
        changes: Vec::new(),
        response: Response {
            code: "unknown".to_owned(),
            sentence: String::new(),
        },
        rollback: None,
        evidence: EvidenceSection::default(),
        not_collected: Vec::new(),
        next_steps: Vec::new(),
        links: Vec::new(),
        scope: Scope::default(),
    }
}

/// Revision 42 may not read its secret, and ECS rolls back to 41.
pub fn secret_denied() -> Alert {
    let fix = "Allow the role order-api-execution secretsmanager:GetSecretValue on the secret prod/order-api/db.";
    Alert {
        kind: Kind::DeploymentFailed,
        severity: Severity::Warning,
        incident: "prod-apps/order-api/ecs-svc/7313373391234567890".to_owned(),
        revision: Some("order-api:42".to_owned()),
        headline:
            "order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read"
                .to_owned(),
        cause_phrase: Some("secret cannot be read".to_owned()),
        what_happened: texts(&[
            "The deployment of order-api:42 to service order-api in cluster prod-apps failed at 10:31:14 UTC, 4 min 12 s \
             after it began.",
            "ECS says: \"ECS deployment circuit breaker: tasks failed to start.\"",
            "3 stopped tasks of this deployment could still be seen.",
        ]),
        causes: vec![CauseSection {
            cause: Cause::SecretFetch,
            sentence: Cause::SecretFetch.sentence().to_owned(),
            container: Some("app".to_owned()),
            confidence: Confidence::Certain,
            tasks: 3,
            evidence: vec![Quote {
                source: "task stopped reason".to_owned(),
                text: REASON.to_owned(),
            }],
            fix: fix.to_owned(),
            page: Cause::SecretFetch.page().to_owned(),
        }],
        impact: texts(&[
            "Full capacity: order-api:41 runs 2 tasks; 2 desired, 1 pending.",
            "Target group order-api: 2 of 2 targets healthy.",
        ]),
        changes: texts(&[
            "Container app: image order-api:1.41.0 became order-api:1.42.0.",
            "Container app: secret DB_PASSWORD was added.",
        ]),
        response: Response {
            code: "ecs_rolling_back".to_owned(),
            sentence: "ECS is rolling back to order-api:41; opsbot watches and tells how it ends."
                .to_owned(),
        },
        rollback: None,
        evidence: evidence(),
        not_collected: vec![NotCollected {
            what: "the service's deployment history".to_owned(),
            why: "the function's role may not make the call".to_owned(),
            permission: Some("ecs:ListServiceDeployments".to_owned()),
        }],
        next_steps: texts(&[
            fix,
            "Fix it before you release again: your infrastructure code or pipeline still holds order-api:42 and will bring \
             it back.",
        ]),
        links: where_to_look(),
        scope: Scope::default(),
        ..minimal()
    }
}

fn evidence() -> EvidenceSection {
    let row = |task: &str, stopped: &str| StoppedTaskRow {
        task: task.to_owned(),
        stopped_at: Some(time(stopped)),
        ran_seconds: None,
        stop_code: "TaskFailedToStart".to_owned(),
        exits: "app -, envoy -".to_owned(),
        reason: REASON[..160].to_owned(),
    };
    let said = |at: &str, text: &str| TimedQuote {
        at: time(at),
        text: text.to_owned(),
    };
    EvidenceSection {
        service_events: vec![
            said(
                "10:31:14",
                "(service order-api) (deployment ecs-svc/7313373391234567890) deployment failed: tasks failed to start.",
            ),
            said(
                "10:27:10",
                "(service order-api) has started 1 tasks: (task 0f1e2d3c4b5a69788796a5b4c3d2e1f0).",
            ),
        ],
        stopped_tasks: vec![
            row("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "10:30:55"),
            row("1a2b3c4d5e6f708192a3b4c5d6e7f809", "10:29:31"),
        ],
        ..EvidenceSection::default()
    }
}

/// Revision 42 starts and ends with an error, and nobody rolls it back.
pub fn crashing() -> Alert {
    let said = |at: &str, text: &str| TimedQuote {
        at: time(at),
        text: text.to_owned(),
    };
    let row = |task: &str, stopped: &str, ran: i64| StoppedTaskRow {
        task: task.to_owned(),
        stopped_at: Some(time(stopped)),
        ran_seconds: Some(ran),
        stop_code: "EssentialContainerExited".to_owned(),
        exits: "app 1, envoy 143".to_owned(),
        reason: "Essential container in task exited".to_owned(),
    };
    let mut alert = secret_denied();
    alert.severity = Severity::Critical;
    alert.headline = "order-api in prod-apps: deployment of order-api:42 failed: application exited with an error"
        .to_owned();
    alert.impact = texts(&["The service is DOWN: 0 of 2 tasks are running (1 pending)."]);
    alert.response = Response {
        code: "ecs_stopped_only".to_owned(),
        sentence: "None. The deployment circuit breaker stopped the deployment but has rollback off: order-api:42 \
            stays the primary deployment, starts no more tasks, and nothing mends itself."
            .to_owned(),
    };
    alert.next_steps = texts(&[
        "To go back to order-api:41, if nothing was released after order-api:42: aws ecs update-service --region eu-west-1 --cluster prod-apps --service \
         order-api --task-definition order-api:41",
    ]);
    let cause = |cause: Cause, confidence, tasks, log: &[&str]| CauseSection {
        cause,
        sentence: cause.sentence().to_owned(),
        container: Some("app".to_owned()),
        confidence,
        tasks,
        evidence: log
            .iter()
            .map(|text| Quote {
                source: "log of app".to_owned(),
                text: (*text).to_owned(),
            })
            .collect(),
        fix: "Read the last log lines of container app.".to_owned(),
        page: cause.page().to_owned(),
    };
    alert.causes = vec![
        cause(
            Cause::AppError,
            Confidence::Likely,
            2,
            &["ERROR environment variable DB_PASSWORD is not set"],
        ),
        cause(Cause::Unknown, Confidence::Possible, 1, &[]),
    ];
    alert.evidence = EvidenceSection {
        service_events: vec![said(
            "10:31:14",
            "(service order-api) deployment failed: tasks failed to start.",
        )],
        log_source: Some(
            "container app, task 0f1e2d3c4b5a69788796a5b4c3d2e1f0, log group /ecs/order-api"
                .to_owned(),
        ),
        log_lines: vec![
            said("10:30:01", "INFO starting order-api 1.42.0"),
            said(
                "10:30:02",
                "ERROR environment variable DB_PASSWORD is not set",
            ),
        ],
        stopped_tasks: vec![
            row("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "10:30:55", 12),
            row("1a2b3c4d5e6f708192a3b4c5d6e7f809", "10:29:31", 310),
        ],
        utilization: texts(&["CPU of the service peaked at 41 % and stood at 12 % at 10:30 UTC."]),
    };
    alert
}

fn where_to_look() -> Vec<Link> {
    let arn = service();
    let link = |label: &str, url: String| Link {
        label: label.to_owned(),
        url,
    };
    vec![
        link("service", links::service(&arn)),
        link(
            "newest stopped task",
            links::task(&arn, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ),
        link(
            "log stream",
            links::log_stream(
                &arn,
                "/ecs/order-api",
                "ecs/app/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            ),
        ),
    ]
}

/// The same text in every field, and `count` items in every list.
pub fn filled(text: &str, count: usize) -> Alert {
    let many = || vec![text.to_owned(); count];
    let quote = Quote {
        source: text.to_owned(),
        text: text.to_owned(),
    };
    let said = || {
        vec![
            TimedQuote {
                at: time("10:30:00"),
                text: text.to_owned()
            };
            count
        ]
    };
    let cause = CauseSection {
        cause: Cause::Oom,
        sentence: text.to_owned(),
        container: Some(text.to_owned()),
        confidence: Confidence::Possible,
        tasks: usize::MAX,
        evidence: vec![quote; count],
        fix: text.to_owned(),
        page: text.to_owned(),
    };
    let row = StoppedTaskRow {
        task: text.to_owned(),
        stopped_at: Some(time("10:30:00")),
        ran_seconds: Some(i64::MAX),
        stop_code: text.to_owned(),
        exits: text.to_owned(),
        reason: text.to_owned(),
    };
    let gap = NotCollected {
        what: text.to_owned(),
        why: text.to_owned(),
        permission: Some(text.to_owned()),
    };
    let name = text.to_owned();
    Alert {
        kind: Kind::DeploymentFailed,
        severity: Severity::Critical,
        incident: name.clone(),
        at: time("10:31:14"),
        service: ServiceArn {
            partition: name.clone(),
            region: name.clone(),
            account: name.clone(),
            cluster: name.clone(),
            service: name.clone(),
        },
        revision: Some(name.clone()),
        headline: name.clone(),
        cause_phrase: Some(name.clone()),
        what_happened: many(),
        causes: vec![cause; count],
        impact: many(),
        changes: many(),
        response: Response {
            code: name.clone(),
            sentence: name.clone(),
        },
        rollback: Some(Rollback {
            code: name.clone(),
            sentence: name.clone(),
            to: Some(name.clone()),
            deployment: Some(name.clone()),
            command: Some(name.clone()),
        }),
        evidence: EvidenceSection {
            service_events: said(),
            log_source: Some(name),
            log_lines: said(),
            stopped_tasks: vec![row; count],
            utilization: many(),
        },
        not_collected: vec![gap; count],
        next_steps: many(),
        links: vec![
            Link {
                label: text.to_owned(),
                url: format!("https://x.example/{}", "y".repeat(980))
            };
            count
        ],
        scope: Scope {
            owner: Some(text.to_owned()),
            standalone: false,
            tasks_stopped: Some(u64::MAX),
        },
    }
}
