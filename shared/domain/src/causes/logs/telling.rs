//! Which line is quoted: some runtimes put the message on another line than the sign.

use super::kind::Kind;
use super::lines::Line;

/// How far below a sign its message may stand.
const BELOW: usize = 60;

/// Python puts the message below its stack, Node below the place, Rust below the place of the
/// panic or under `Caused by:`. Pydantic puts the setting above it, and lists stand below a colon.
pub(super) fn telling_line<'a>(
    lines: &'a [Line],
    at: usize,
    kind: Kind,
    text: impl Fn(&'a Line) -> &'a str,
) -> String {
    let line = text(&lines[at]);
    let rest = || lines[at + 1..].iter().take(BELOW).map(&text);
    let next = || rest().map(str::trim).find(|next| !next.is_empty());
    let with = |next: Option<&str>| next.map(|next| format!("{} {next}", line.trim_end()));
    let told = match kind {
        Kind::Traceback => below_stack(line, rest()).map(str::to_owned),
        Kind::NodeError => below_place(rest()).map(str::to_owned),
        Kind::RustPanic if line.ends_with(':') => with(next()),
        Kind::MissingVariable if line.trim_start().to_ascii_lowercase().starts_with("field ") => {
            let above = at.checked_sub(1).map(|above| text(&lines[above]).trim());
            Some(format!("{} {}", above.unwrap_or_default(), line.trim()))
        }
        Kind::Crash if line.ends_with("unexpectedly") => with(next()),
        Kind::Bare | Kind::Crash if line.contains("CONFIG FILE ERROR") => {
            let below: Vec<_> = rest().take(3).map(str::trim).collect();
            Some(format!("{line} {}", below.join(" ")))
        }
        Kind::Bare | Kind::Crash if line.starts_with("Error: ") => with(root_cause(rest())),
        Kind::Bare | Kind::Crash | Kind::MissingVariable if line.ends_with([':', '[']) => {
            with(next())
        }
        _ => None,
    };
    told.unwrap_or_else(|| line.to_owned())
}

/// The message of an exception: the first line that is no deeper than the head of its stack. What
/// stands before the head stands before every line.
fn below_stack<'a>(head: &str, mut rest: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let indent = head.find("Traceback").unwrap_or_default();
    rest.find(|line| {
        let own = line.get(indent..).unwrap_or_default();
        !own.is_empty() && !own.starts_with([' ', '\t'])
    })
}

/// The message of an error in Node: below the place, the source and the caret under it.
fn below_place<'a>(rest: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let is_caret = |line: &&str| line.trim().starts_with('^') && line.trim().ends_with('^');
    let outdented = |line: &&str| !line.is_empty() && !line.starts_with([' ', '\t']);
    let mut below = rest.clone().skip_while(|line| !is_caret(line)).skip(1);
    let below = below.find(outdented);
    below.or_else(|| {
        rest.clone()
            .find(|line| outdented(line) && line.contains("Error"))
    })
}

/// The last of the causes that `anyhow` lists.
fn root_cause<'a>(mut rest: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let begins = rest
        .by_ref()
        .take(2)
        .any(|line| line.trim() == "Caused by:");
    let causes = rest.take_while(|line| line.starts_with([' ', '\t']));
    let last = begins.then(|| causes.last()).flatten()?.trim();
    let number = last
        .split_once(": ")
        .filter(|(number, _)| number.parse::<u8>().is_ok());
    Some(number.map_or(last, |(_, cause)| cause))
}
