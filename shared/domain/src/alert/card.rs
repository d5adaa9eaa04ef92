//! The card for Amazon Q Developer in chat applications: a custom notification
//! (Amazon Q Developer in chat applications Administrator Guide, `custom-notifs`).
//!
//! The text is Slack's mrkdwn, in which `&`, `<` and `>` must be written as entities. That happens
//! here, since only this format wants it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::attributes::rollback;
use super::limits::CARD;
use super::text::{certainty, word};
use super::{Alert, CauseSection, Kind, Severity};
use crate::sanitize::line;
use crate::short;

#[derive(Serialize)]
struct Card<'a> {
    version: &'static str,
    source: &'static str,
    id: String,
    content: Content<'a>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    text_type: &'static str,
    title: &'a str,
    description: String,
    next_steps: Vec<Cow<'a, str>>,
    keywords: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    thread_id: &'a str,
    summary: &'a str,
    event_type: &'static str,
    related_resources: Vec<String>,
    additional_context: BTreeMap<&'static str, &'a str>,
    enable_custom_actions: bool,
}

pub(super) fn render(alert: &Alert) -> String {
    let at = alert.at.format("%Y-%m-%dT%H:%M:%SZ");
    let title = format!("{} {}: {}", emoji(alert), word(alert), alert.headline);
    let title = line(&title, 250);
    let card = Card {
        version: "1.0",
        source: "custom",
        id: format!("{}/{}/{at}", alert.incident, alert.kind.code()),
        content: Content {
            text_type: "client-markdown",
            title: &escaped(&title),
            description: description(alert),
            next_steps: alert.next_steps.iter().map(|step| escaped(step)).collect(),
            keywords: keywords(alert),
        },
        metadata: Metadata {
            thread_id: &alert.incident,
            summary: &alert.headline,
            event_type: alert.kind.code(),
            related_resources: resources(alert),
            additional_context: context(alert),
            enable_custom_actions: true,
        },
    };
    // Texts under fixed names: nothing in it can fail.
    serde_json::to_string(&card).unwrap_or_default()
}

fn emoji(alert: &Alert) -> char {
    match (alert.kind, alert.severity) {
        (Kind::Recovered, _) => '✅',
        (_, Severity::Critical) => '🔴',
        (_, Severity::Warning) => '🟠',
        (_, Severity::Info) => '🔵',
    }
}

/// What a person in a channel needs to decide whether to open more. What matters most is asked for
/// room first.
fn description(alert: &Alert) -> String {
    let mut parts = Parts::default();
    let where_to_look = links(alert);
    parts.reserve(where_to_look.len().min(CARD / 3));
    parts.labelled("Impact", &line(&alert.impact.join(" "), 500));
    parts.labelled("Response", &line(&alert.response.sentence, 400));
    if let Some(rollback) = &alert.rollback {
        parts.labelled("Rollback", &line(&rollback.sentence, 700));
    }
    match alert.causes.first() {
        Some(cause) => parts.add(&why(cause)),
        None => parts.labelled("What happened", &line(&alert.what_happened.join(" "), 600)),
    }
    let quote = alert
        .causes
        .first()
        .and_then(|cause| cause.evidence.first());
    if let Some(quote) = quote {
        parts.add(&format!(
            "{}:\n```{}```",
            escaped(&quote.source),
            escaped(&line(&quote.text, 900))
        ));
    }
    parts.add(&log_tail(alert));
    let changes: Vec<&str> = alert
        .changes
        .iter()
        .map(|it| it.trim_end_matches('.'))
        .collect();
    parts.labelled("Changed", &line(&changes.join("; "), 400));
    parts.release();
    parts.add(&where_to_look);
    // A description must not be empty, and an alert of empty texts still has its incident.
    let headline = line(&alert.headline, 300);
    match (parts.text.as_str(), headline.as_str()) {
        ("", "") => escaped(&alert.incident).into_owned(),
        ("", headline) => escaped(headline).into_owned(),
        _ => parts.text,
    }
}

fn why(cause: &CauseSection) -> String {
    let (sentence, certainty) = (line(&cause.sentence, 300), certainty(cause));
    format!("*Why:* {} ({})", escaped(&sentence), escaped(&certainty))
}

/// The last log lines of the culprit, as many as take some 800 characters.
fn log_tail(alert: &Alert) -> String {
    let mut room = 800_usize;
    let newest = alert
        .evidence
        .log_lines
        .iter()
        .rev()
        .map(|it| escaped(&line(&it.text, 200)).into_owned());
    let fitting = newest.take(8).take_while(|text| {
        room = room.saturating_sub(text.len() + 1);
        room > 0
    });
    let mut lines: Vec<String> = fitting.collect();
    lines.reverse();
    if lines.is_empty() {
        return String::new();
    }
    let source = alert.evidence.log_source.as_deref().unwrap_or("container");
    format!(
        "Last log lines of {}:\n```{}```",
        escaped(&line(source, 160)),
        lines.join("\n")
    )
}

fn links(alert: &Alert) -> String {
    let one = |link: &super::Link| format!("<{}|{}>", escaped(&link.url), escaped(&link.label));
    alert.links.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// Short texts a chat can be searched by.
fn keywords(alert: &Alert) -> Vec<Cow<'_, str>> {
    let names = [
        alert.service.service.as_str(),
        alert.service.cluster.as_str(),
    ];
    let cause = alert.causes.first().map(|section| section.cause.code());
    let codes = [Some(alert.severity.code()), Some(alert.kind.code()), cause];
    names
        .into_iter()
        .chain(codes.into_iter().flatten())
        .map(escaped)
        .collect()
}

/// The service, and the newest stopped task.
fn resources(alert: &Alert) -> Vec<String> {
    let arn = &alert.service;
    let task = alert.evidence.stopped_tasks.first().map(|row| {
        let (partition, region, account) = (&arn.partition, &arn.region, &arn.account);
        format!(
            "arn:{partition}:ecs:{region}:{account}:task/{}/{}",
            arn.cluster, row.task
        )
    });
    let service = (!alert.scope.standalone).then(|| arn.to_string());
    service.into_iter().chain(task).collect()
}

/// What custom actions can refer to. The keys are a contract; every value is text and never empty.
fn context(alert: &Alert) -> BTreeMap<&'static str, &str> {
    let cause = alert.causes.first();
    let pairs = [
        ("incident", Some(alert.incident.as_str())),
        ("kind", Some(alert.kind.code())),
        ("severity", Some(alert.severity.code())),
        ("account", Some(alert.service.account.as_str())),
        ("region", Some(alert.service.region.as_str())),
        ("cluster", Some(alert.service.cluster.as_str())),
        ("service", Some(alert.service.service.as_str())),
        ("revision", alert.revision.as_deref()),
        ("cause", cause.map(|section| section.cause.code())),
        (
            "container",
            cause.and_then(|section| section.container.as_deref()),
        ),
        ("rollback", Some(rollback(alert))),
        (
            "rollback_to",
            alert.rollback.as_ref().and_then(|it| it.to.as_deref()),
        ),
        (
            "rollback_deployment",
            alert
                .rollback
                .as_ref()
                .and_then(|it| it.deployment.as_deref()),
        ),
        ("owner", alert.scope.owner.as_deref()),
    ];
    let told = pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.filter(|it| !it.is_empty())?)));
    short::map(told)
}

/// Slack's three entities.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>']) {
        return text.into();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .into()
}

/// Paragraphs, as long as there is room.
#[derive(Default)]
struct Parts {
    text: String,
    reserved: usize,
}

impl Parts {
    fn reserve(&mut self, room: usize) {
        self.reserved = room + 2;
    }

    fn release(&mut self) {
        self.reserved = 0;
    }

    fn labelled(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            self.add(&format!("*{label}:* {}", escaped(text)));
        }
    }

    /// Adds a paragraph if it fits as a whole: half a block of code would spoil the rest.
    fn add(&mut self, part: &str) {
        let length = self.text.chars().count() + part.chars().count() + 2 + self.reserved;
        if !part.is_empty() && length <= CARD {
            let between = if self.text.is_empty() { "" } else { "\n\n" };
            self.text.push_str(between);
            self.text.push_str(part);
        }
    }
}
