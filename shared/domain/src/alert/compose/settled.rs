//! The last word on stopped tasks.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Alert, EvidenceSection, Kind, Response, Scope, Severity};
use super::words::{clock, count, duration, revision};
use super::{collected, headline, impact, stop_links};
use crate::causes::Cause;
use crate::facts::{Fact, Service};
use crate::stop::{About, Count};

/// No more of it for the quiet time, and the service is steady.
pub fn settled(
    about: &About,
    counted: &Count,
    service: &Fact<Service>,
    quiet: TimeDelta,
    at: DateTime<Utc>,
) -> Alert {
    let arn = &about.subject.arn;
    let known = service.known();
    let tasks = count(usize::try_from(counted.tasks).unwrap_or(usize::MAX), "task");
    let of = about.task_definition.as_deref().map(revision);
    let of = of
        .as_ref()
        .map(|name| format!(" of {name}"))
        .unwrap_or_default();
    let phrase = (about.cause != Cause::Unknown).then(|| about.cause.phrase());
    let what_happened = std::iter::once(stopped(counted, &format!("{tasks}{of}"), at))
        .chain(muted(counted, at))
        .collect();
    Alert {
        kind: Kind::Recovered,
        severity: Severity::Info,
        incident: about.incident(),
        at,
        service: arn.clone(),
        revision: about.task_definition.as_deref().map(revision),
        headline: headline(
            arn,
            &format!("no stop for {} after {tasks}{of}", duration(quiet)),
            phrase,
        ),
        cause_phrase: phrase.map(str::to_owned),
        what_happened,
        causes: Vec::new(),
        impact: impact::sentences(known, None, &[]),
        changes: Vec::new(),
        response: Response {
            code: "over".to_owned(),
            sentence: String::new(),
        },
        rollback: None,
        evidence: EvidenceSection::default(),
        not_collected: service
            .missing()
            .into_iter()
            .map(collected::gap)
            .filter(|gap| !gap.what.is_empty())
            .collect(),
        next_steps: Vec::new(),
        links: vec![stop_links::listed(&about.subject)],
        scope: Scope {
            standalone: about.subject.standalone,
            tasks_stopped: Some(counted.tasks),
            ..super::scope(known)
        },
    }
}

fn stopped(counted: &Count, tasks: &str, at: DateTime<Utc>) -> String {
    let last = clock(counted.last_at);
    let when = if counted.tasks == 1 {
        format!("at {last}")
    } else {
        let span = duration((counted.last_at - counted.first_at).max(TimeDelta::seconds(1)));
        format!("within {span}, the last one at {last}")
    };
    let since = duration(at - counted.last_at);
    format!("{tasks} stopped {when}; none has in the {since} since.")
}

fn muted(counted: &Count, at: DateTime<Utc>) -> Option<String> {
    let until = counted.said.muted_until?;
    let muted = if at < until { "is" } else { "was" };
    let until = until.format("%Y-%m-%d %H:%M UTC");
    let told = match counted.said.at {
        Some(_) => "not all of these stops were told",
        None => "nothing was told of it before",
    };
    Some(format!("The service {muted} muted until {until}: {told}."))
}
