//! The essence, for a telephone: at most 140 characters of plain ASCII.

use super::limits::SMS;
use super::{Alert, Kind, Severity};

/// `CRIT order-api in prod-apps: … failed: secret cannot be read. ECS is rolling back to …`: as
/// much of it as there is room for, in whole sentences.
pub(super) fn render(alert: &Alert) -> String {
    let headline = format!("{} {}", word(alert), alert.headline);
    let said = match rollback(alert) {
        Some(said) => vec![said],
        None => {
            let rollback = alert.rollback.as_ref().map(|it| &it.sentence);
            let said = rollback.into_iter().chain([&alert.response.sentence]);
            said.map(|it| first_sentence(it).to_owned()).collect()
        }
    };
    let full = said
        .iter()
        .filter(|said| !said.is_empty() && !headline.ends_with(said.as_str()))
        .map(|said| ascii(&format!("{}. {said}", headline.trim_end_matches('.'))));
    full.into_iter()
        .find(|full| full.len() <= SMS)
        .unwrap_or_else(|| cut(&ascii(&headline)))
}

/// A verdict with a rollback in it, as short as can be: what ECS does says little beside it, and its
/// sentence is too long.
fn rollback(alert: &Alert) -> Option<String> {
    let rollback = alert.rollback.as_ref()?;
    let to = rollback.to.as_ref()?;
    Some(match rollback.code.as_str() {
        "roll_back" if rollback.command.is_some() => format!("Not rolled back to {to} yet"),
        "roll_back" => format!("opsbot rolls back to {to}"),
        "ask" => format!("Waiting for your word to go back to {to}"),
        "dry_run" => format!("Dry run: not rolled back to {to}"),
        "hold_not_opted_in" => format!("Not opted in: not rolled back to {to}"),
        _ => return None,
    })
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
