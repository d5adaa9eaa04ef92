//! The record for a person, in 80 columns.

use domain::alert::Page;
use domain::sanitize::line;
use domain::verdict::Decision;

/// As an alert writes times.
const TIME: &str = "%Y-%m-%d %H:%M:%S UTC";

/// What an alert says at most in one sentence.
const SENTENCE: usize = 4_000;

/// The report on `about`. Titles are in bold where `styled`.
pub(super) fn report(about: &str, days: u32, decisions: &[Decision], styled: bool) -> String {
    let span = match days {
        1 => "the last day".to_owned(),
        days => format!("the last {days} days"),
    };
    let mut report = match decisions.len() {
        0 => format!("{about}: no decisions in {span}\n"),
        1 => format!("{about}: 1 decision in {span}\n"),
        n => format!("{about}: {n} decisions in {span}, newest first\n"),
    };
    for decision in decisions {
        report.push('\n');
        report += &one(decision, styled);
    }
    report
}

fn one(decision: &Decision, styled: bool) -> String {
    let (at, verdict) = (decision.at.format(TIME), line(&decision.verdict, 80));
    let title = format!("{at}  {verdict}");
    let title = if styled {
        format!("\u{1b}[1m{title}\u{1b}[0m")
    } else {
        title
    };
    let mut page = Page::default();
    page.verbatim(&title);
    let by = format!(
        "{}, asked by {}, on deployment {}, request {}",
        decision.function,
        article(&decision.requester),
        decision.deployment,
        decision.request_id
    );
    page.paragraph("  By:       ", &line(&by, 400));
    page.labelled("  Reason:   ", &optional(decision.reason.as_deref()));
    page.paragraph("  Verdict:  ", &line(&decision.sentence, SENTENCE));
    page.labelled("  Outcome:  ", &optional(decision.outcome.as_deref()));
    for (number, fact) in decision.facts.iter().enumerate() {
        let label = if number == 0 {
            "  Facts:    - "
        } else {
            "            - "
        };
        page.paragraph(label, &line(fact, SENTENCE));
    }
    page.finish()
}

fn article(requester: &str) -> String {
    match requester {
        "event" => "an event".to_owned(),
        "person" => "a person".to_owned(),
        other => other.to_owned(),
    }
}

fn optional(text: Option<&str>) -> String {
    text.map(|text| line(text, SENTENCE)).unwrap_or_default()
}
