//! The essence, for a telephone: at most 140 characters of plain ASCII.

use super::limits::SMS;
use super::{Alert, Kind, Severity};

/// `CRIT order-api in prod-apps: … failed: secret cannot be read. ECS is rolling back to …`: as
/// much of it as there is room for, in whole sentences.
pub(super) fn render(alert: &Alert) -> String {
    let headline = format!("{} {}", word(alert), alert.headline);
    let rollback = alert.rollback.as_ref().map(|it| it.sentence.as_str());
    let said = [rollback, Some(&alert.response.sentence)];
    let said = said.into_iter().flatten().map(first_sentence);
    let full = said
        .filter(|said| !said.is_empty())
        .map(|said| ascii(&format!("{}. {said}", headline.trim_end_matches('.'))));
    full.into_iter()
        .find(|full| full.len() <= SMS)
        .unwrap_or_else(|| cut(&ascii(&headline)))
}

fn word(alert: &Alert) -> &'static str {
    match (alert.kind, alert.severity) {
        (Kind::Recovered, _) => "OK",
        (_, Severity::Critical) => "CRIT",
        (_, Severity::Warning) => "WARN",
        (_, Severity::Info) => "INFO",
    }
}

/// Up to the first full stop or semicolon that ends a sentence.
fn first_sentence(text: &str) -> &str {
    let end = [". ", "; "]
        .into_iter()
        .filter_map(|stop| text.find(stop))
        .min();
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

/// Characters that every telephone shows and that count once (GSM 03.38 without its extension).
fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '‹' | '«' | '[' | '{' => '(',
        '›' | '»' | ']' | '}' => ')',
        '‘' | '’' | '`' => '\'',
        '“' | '”' => '"',
        '–' | '—' | '~' => '-',
        '\\' | '|' => '/',
        '^' => '*',
        c if c.is_whitespace() => ' ',
        c if c.is_ascii_graphic() => c,
        _ => '?',
    };
    text.replace('…', "...").chars().map(plain).collect()
}

/// The beginning that fits, up to the end of a word where one is near.
fn cut(text: &str) -> String {
    if text.len() <= SMS {
        return text.to_owned();
    }
    let head = &text[..SMS - 3];
    let word_end = if text[SMS - 3..].starts_with(' ') {
        head.len()
    } else {
        head.rfind(' ').unwrap_or(0)
    };
    let end = if word_end >= SMS / 2 {
        word_end
    } else {
        head.len()
    };
    format!(
        "{}...",
        head[..end].trim_end_matches([' ', ',', ':', ';', '.'])
    )
}
