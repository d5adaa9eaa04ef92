//! The alert as text, for somebody just woken up who has never seen the service.
//!
//! A telephone shows some 15 lines of it, so the first ones say what broke, what it costs, what is
//! done about it and what to do. Then come the sections that explain, then what they rest on.

mod page;

use super::{Alert, CauseSection, EvidenceSection, Kind, Severity};
use crate::causes::Confidence;
use chrono::{DateTime, Utc};

pub use page::Page;
use page::split_sentence;

pub(super) fn render(alert: &Alert) -> String {
    let mut page = Page::default();
    in_short(alert, &mut page);
    section(&mut page, "WHAT HAPPENED", &alert.what_happened);
    rollback(alert, &mut page);
    why(alert, &mut page);
    list(
        &mut page,
        "WHAT CHANGED since the last good revision",
        &alert.changes,
    );
    if alert.next_steps.len() > 1 {
        page.title("NEXT STEPS");
        for (number, step) in (1..).zip(&alert.next_steps) {
            page.instruction(&format!("  {number}. "), step);
        }
    }
    log(alert, &mut page);
    stopped_tasks(alert, &mut page);
    service_events(alert, &mut page);
    section(&mut page, "UTILIZATION", &alert.evidence.utilization);
    not_collected(alert, &mut page);
    links(alert, &mut page);
    page.blank();
    page.paragraph("", &format!("Incident {}", alert.incident));
    page.finish()
}

/// The severity in a word: `CRITICAL`, `WARNING`, `INFO`; the end of an incident is `RECOVERED`.
pub(super) fn word(alert: &Alert) -> &'static str {
    match (alert.kind, alert.severity) {
        (Kind::Recovered, _) => "RECOVERED",
        (_, Severity::Critical) => "CRITICAL",
        (_, Severity::Warning) => "WARNING",
        (_, Severity::Info) => "INFO",
    }
}

/// `certain; container app; 3 stopped tasks`.
pub(super) fn certainty(cause: &CauseSection) -> String {
    let sure = match cause.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let container = cause
        .container
        .as_ref()
        .map(|name| format!("; container {name}"));
    let tasks = match cause.tasks {
        0 => String::new(),
        1 => "; 1 stopped task".to_owned(),
        n => format!("; {n} stopped tasks"),
    };
    format!("{sure}{}{tasks}", container.unwrap_or_default())
}

/// The lines that a telephone shows.
fn in_short(alert: &Alert, page: &mut Page) {
    let arn = &alert.service;
    page.paragraph("", &format!("[{}] {}", word(alert), alert.headline));
    let at = alert.at.format("%Y-%m-%d %H:%M:%S UTC");
    page.paragraph(
        "",
        &format!("{at}, {}, account {}", arn.region, arn.account),
    );
    page.blank();
    page.labelled("Impact:   ", &alert.impact.join(" "));
    page.labelled("Response: ", &alert.response.sentence);
    if let Some(rollback) = &alert.rollback {
        let (verdict, more) = split_sentence(&rollback.sentence);
        let stop = if more.is_some() { "." } else { "" };
        page.labelled("Rollback: ", &format!("{verdict}{stop}"));
    }
    if let Some(step) = alert.next_steps.first() {
        page.instruction("Next:     ", step);
    }
}

/// What the first lines had no room for.
fn rollback(alert: &Alert, page: &mut Page) {
    let more = alert.rollback.as_ref();
    if let Some(more) = more.and_then(|it| split_sentence(&it.sentence).1) {
        page.title("ROLLBACK");
        page.instruction("  ", more);
    }
}

fn section(page: &mut Page, title: &str, sentences: &[String]) {
    if !sentences.is_empty() {
        page.title(title);
        sentences
            .iter()
            .for_each(|sentence| page.paragraph("  ", sentence));
    }
}

fn list(page: &mut Page, title: &str, items: &[String]) {
    if !items.is_empty() {
        page.title(title);
        items.iter().for_each(|item| page.paragraph("  - ", item));
    }
}

fn why(alert: &Alert, page: &mut Page) {
    if alert.causes.is_empty() {
        return;
    }
    page.title("WHY");
    for (number, cause) in (1..).zip(&alert.causes) {
        let first = if alert.causes.len() > 1 {
            format!("  {number}. ")
        } else {
            "  ".to_owned()
        };
        let rest = " ".repeat(first.len());
        page.paragraph(
            &first,
            &format!("{} ({})", cause.sentence, certainty(cause)),
        );
        for quote in &cause.evidence {
            page.paragraph(&rest, &format!("{}:", quote.source));
            page.paragraph(&format!("{rest}  | "), &quote.text);
        }
        // The best cause's fix is usually the first step already.
        if !cause.fix.is_empty() && !alert.next_steps.contains(&cause.fix) {
            page.instruction(&format!("{rest}Fix: "), &cause.fix);
        }
        if !cause.page.is_empty() {
            page.paragraph(&format!("{rest}See "), &cause.page);
        }
    }
}

fn log(alert: &Alert, page: &mut Page) {
    let EvidenceSection {
        log_source,
        log_lines,
        ..
    } = &alert.evidence;
    if log_lines.is_empty() {
        return;
    }
    page.title("LAST LOG LINES");
    if let Some(source) = log_source {
        page.paragraph("  ", &format!("Of {source}:"));
    }
    for line in log_lines {
        page.verbatim(&format!("  {}  {}", clock(line.at, alert.at), line.text));
    }
}

/// A table of what fits in columns; the stop code and the reason below each row, once where the
/// same ones follow each other.
fn stopped_tasks(alert: &Alert, page: &mut Page) {
    let rows = &alert.evidence.stopped_tasks;
    if rows.is_empty() {
        return;
    }
    let cells = |task: &str, stopped: &str, ran: &str, exits: &str| {
        let width = rows
            .iter()
            .map(|row| row.task.chars().count())
            .max()
            .unwrap_or(0)
            .max(4);
        format!("  {task:width$}  {stopped:8}  {ran:9}  {exits}")
    };
    page.title(match (alert.kind, alert.scope.standalone) {
        (_, true) => "STOPPED TASKS of this family, newest first",
        (Kind::TaskStopped, false) => "STOPPED TASKS of this incident, newest first",
        (_, false) => "STOPPED TASKS of this deployment, newest first",
    });
    page.verbatim(&cells("TASK", "STOPPED", "RAN", "EXIT CODES"));
    let mut before = None;
    for row in rows {
        let stopped = row
            .stopped_at
            .map_or_else(|| "stopping".to_owned(), |at| clock(at, alert.at));
        page.verbatim(&cells(
            &row.task,
            &stopped,
            &ran(row.ran_seconds),
            &row.exits,
        ));
        let reason = if is_quoted(alert, &row.reason) {
            "reason as quoted above"
        } else {
            &row.reason
        };
        let why = [row.stop_code.as_str(), reason];
        if before != Some(why) {
            let said: Vec<&str> = why.into_iter().filter(|text| !text.is_empty()).collect();
            page.paragraph("    ", &said.join(": "));
        }
        before = Some(why);
    }
}

/// Whether a cause quotes a text that begins as this one, which may be a shortened form.
fn is_quoted(alert: &Alert, reason: &str) -> bool {
    let start: String = reason.chars().take(60).collect();
    let mut quotes = alert.causes.iter().flat_map(|cause| &cause.evidence);
    !start.is_empty() && quotes.any(|quote| quote.text.starts_with(&start))
}

fn service_events(alert: &Alert, page: &mut Page) {
    if alert.evidence.service_events.is_empty() {
        return;
    }
    page.title("SERVICE EVENTS, newest first");
    for event in &alert.evidence.service_events {
        page.paragraph(&format!("  {}  ", clock(event.at, alert.at)), &event.text);
    }
}

fn not_collected(alert: &Alert, page: &mut Page) {
    if alert.not_collected.is_empty() {
        return;
    }
    page.title("NOT COLLECTED");
    for gap in &alert.not_collected {
        let allow = gap
            .permission
            .as_ref()
            .map(|action| format!(". To see it, allow {action}"));
        page.paragraph(
            "  - ",
            &format!(
                "{}: {}{}.",
                gap.what,
                gap.why.trim_end_matches('.'),
                allow.unwrap_or_default()
            ),
        );
    }
}

fn links(alert: &Alert, page: &mut Page) {
    if alert.links.is_empty() {
        return;
    }
    page.title("LINKS");
    for link in &alert.links {
        page.paragraph("  ", &format!("{}:", link.label));
        page.verbatim(&format!("  {}", link.url));
    }
}

/// `10:31:14`, with the date where it is not the alert's. All times are UTC.
fn clock(at: DateTime<Utc>, alert_at: DateTime<Utc>) -> String {
    let format = if at.date_naive() == alert_at.date_naive() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.format(format).to_string()
}

/// How long a task ran.
fn ran(seconds: Option<i64>) -> String {
    match seconds {
        None => "never".to_owned(),
        Some(seconds @ ..120) => format!("{seconds} s"),
        Some(seconds @ 120..7_200) => format!("{} min", seconds / 60),
        Some(seconds) => format!("{} h", seconds / 3_600),
    }
}
