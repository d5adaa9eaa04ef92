//! How long everything may be, and what is given up first when it is too long.

use super::{
    Alert, CauseSection, EvidenceSection, Link, NotCollected, Quote, Response, Rollback, Scope,
    StoppedTaskRow, TimedQuote,
};
use crate::arn::ServiceArn;
use crate::sanitize::line;

/// Characters of a subject: "less than 100 characters long" (SNS API reference, `Publish`).
pub(super) const SUBJECT: usize = 99;
/// Characters of a text message: 140 bytes are one part, and only ASCII is sent.
pub(super) const SMS: usize = 140;
/// Bytes of the text for e-mail. Ours: more is not read.
pub(super) const TEXT: usize = 16 * 1024;
/// Characters of the chat card's description, entities included: Slack takes 3,000 per section.
pub(super) const CARD: usize = 2_500;
/// Bytes of the message and its attributes together: SNS takes 262,144.
pub(super) const PUBLICATION: usize = 256_000;
/// Characters of a command.
const COMMAND: usize = 1_500;
/// Characters of a link.
const URL: usize = 1_000;

/// How much of an alert is shown: how many items of a list, how many characters of each.
pub(super) struct Measure {
    sentences: (usize, usize),
    causes: usize,
    quotes: (usize, usize),
    changes: (usize, usize),
    steps: (usize, usize),
    log_lines: (usize, usize),
    events: (usize, usize),
    tasks: (usize, usize),
    missing: usize,
    links: usize,
}

/// From everything to the bare minimum. ECS writes reasons of up to 1,024 characters, and what they
/// turn on often stands in the middle: they are cut only where they must be.
///
/// Evidence goes first; the headline, the best cause and the
/// first steps never.
pub(super) const MEASURES: [Measure; 5] = [
    Measure {
        sentences: (8, 700),
        causes: 3,
        quotes: (3, 1_100),
        changes: (16, 240),
        steps: (8, 700),
        log_lines: (50, 400),
        events: (10, 300),
        tasks: (10, 160),
        missing: 20,
        links: 10,
    },
    Measure {
        sentences: (8, 500),
        causes: 3,
        quotes: (2, 400),
        changes: (12, 200),
        steps: (8, 500),
        log_lines: (20, 200),
        events: (5, 200),
        tasks: (5, 120),
        missing: 12,
        links: 8,
    },
    Measure {
        sentences: (6, 300),
        causes: 3,
        quotes: (1, 300),
        changes: (8, 160),
        steps: (6, 400),
        log_lines: (8, 160),
        events: (3, 160),
        tasks: (3, 100),
        missing: 8,
        links: 5,
    },
    Measure {
        sentences: (4, 240),
        causes: 2,
        quotes: (1, 200),
        changes: (4, 120),
        steps: (5, 300),
        log_lines: (3, 120),
        events: (1, 120),
        tasks: (1, 80),
        missing: 4,
        links: 3,
    },
    Measure {
        sentences: (2, 160),
        causes: 1,
        quotes: (1, 120),
        changes: (0, 0),
        steps: (3, 200),
        log_lines: (0, 0),
        events: (0, 0),
        tasks: (0, 0),
        missing: 2,
        links: 1,
    },
];

/// The alert within a measure.
///
/// Its text was made safe when it was composed; going through [`crate::sanitize`] again changes
/// nothing then, and makes sure that a forgotten place harms nobody.
pub(super) fn fit(alert: &Alert, measure: &Measure) -> Alert {
    let (_, long) = measure.sentences;
    Alert {
        kind: alert.kind,
        severity: alert.severity,
        incident: line(&alert.incident, 200),
        at: alert.at,
        service: names(&alert.service),
        revision: alert.revision.as_ref().map(|name| line(name, 300)),
        headline: line(&alert.headline, 300),
        cause_phrase: alert.cause_phrase.as_ref().map(|phrase| line(phrase, 100)),
        what_happened: texts(&alert.what_happened, measure.sentences),
        causes: alert
            .causes
            .iter()
            .take(measure.causes)
            .map(|it| cause(it, measure))
            .collect(),
        impact: texts(&alert.impact, measure.sentences),
        changes: texts(&alert.changes, measure.changes),
        response: Response {
            code: line(&alert.response.code, 60),
            sentence: line(&alert.response.sentence, long),
        },
        rollback: alert.rollback.as_ref().map(|it| rollback(it, measure)),
        evidence: evidence(&alert.evidence, measure),
        not_collected: alert
            .not_collected
            .iter()
            .take(measure.missing)
            .map(gap)
            .collect(),
        next_steps: texts(&alert.next_steps, measure.steps),
        links: alert
            .links
            .iter()
            .filter(|it| is_address(&it.url))
            .take(measure.links)
            .map(link)
            .collect(),
        scope: Scope {
            owner: alert.scope.owner.as_ref().map(|owner| line(owner, 128)),
            ..alert.scope.clone()
        },
    }
}

/// A command is no help when it is cut, so it is whole or not there.
fn rollback(rollback: &Rollback, measure: &Measure) -> Rollback {
    let whole = |command: &&String| command.len() <= COMMAND && line(command, COMMAND) == **command;
    Rollback {
        code: line(&rollback.code, 60),
        sentence: line(&rollback.sentence, 2 * measure.sentences.1),
        to: rollback.to.as_ref().map(|to| line(to, 300)),
        deployment: rollback.deployment.as_ref().map(|it| line(it, 80)),
        command: rollback.command.as_ref().filter(whole).cloned(),
    }
}

fn texts(texts: &[String], (count, length): (usize, usize)) -> Vec<String> {
    texts
        .iter()
        .map(|text| line(text, length))
        .filter(|text| !text.is_empty())
        .take(count)
        .collect()
}

fn names(arn: &ServiceArn) -> ServiceArn {
    ServiceArn {
        partition: line(&arn.partition, 30),
        region: line(&arn.region, 30),
        account: line(&arn.account, 30),
        cluster: line(&arn.cluster, 255),
        service: line(&arn.service, 255),
    }
}

fn cause(cause: &CauseSection, measure: &Measure) -> CauseSection {
    let (count, length) = measure.quotes;
    let quote = |it: &Quote| Quote {
        source: line(&it.source, 80),
        text: line(&it.text, length),
    };
    CauseSection {
        cause: cause.cause,
        sentence: line(&cause.sentence, 300),
        container: cause.container.as_ref().map(|name| line(name, 80)),
        confidence: cause.confidence,
        tasks: cause.tasks,
        evidence: cause.evidence.iter().take(count).map(quote).collect(),
        fix: line(&cause.fix, measure.steps.1),
        page: Some(&cause.page)
            .filter(|page| is_address(page))
            .cloned()
            .unwrap_or_default(),
    }
}

/// The newest log lines and events are the ones kept.
fn evidence(evidence: &EvidenceSection, measure: &Measure) -> EvidenceSection {
    let older = evidence.log_lines.len().saturating_sub(measure.log_lines.0);
    let cut = |it: &TimedQuote, length| TimedQuote {
        at: it.at,
        text: line(&it.text, length),
    };
    let (events, event_length) = measure.events;
    let row = |it: &StoppedTaskRow| StoppedTaskRow {
        task: line(&it.task, 64),
        stopped_at: it.stopped_at,
        ran_seconds: it.ran_seconds,
        stop_code: line(&it.stop_code, 40),
        exits: line(&it.exits, measure.tasks.1),
        reason: line(&it.reason, measure.tasks.1),
    };
    EvidenceSection {
        service_events: evidence
            .service_events
            .iter()
            .take(events)
            .map(|it| cut(it, event_length))
            .collect(),
        log_source: evidence.log_source.as_ref().map(|source| line(source, 300)),
        log_lines: evidence
            .log_lines
            .iter()
            .skip(older)
            .map(|it| cut(it, measure.log_lines.1))
            .collect(),
        stopped_tasks: evidence
            .stopped_tasks
            .iter()
            .take(measure.tasks.0)
            .map(row)
            .collect(),
        utilization: texts(&evidence.utilization, (measure.events.0.min(4), 200)),
    }
}

fn gap(gap: &NotCollected) -> NotCollected {
    NotCollected {
        what: line(&gap.what, 120),
        why: line(&gap.why, 240),
        permission: gap.permission.as_ref().map(|action| line(action, 100)),
    }
}

fn link(link: &Link) -> Link {
    Link {
        label: line(&link.label, 40),
        url: link.url.clone(),
    }
}

/// An address must stay as it is, so one that could be anything else is left out.
fn is_address(url: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_graphic() && !b"<>\"'`|\\^{}@()[]".contains(&byte);
    url.len() <= URL && url.starts_with("https://") && url.bytes().all(sound)
}
