//! What stands in a log and has nothing to do with the end.

use super::kind::Kind;
use super::level::Level;
use super::lines::Line;
use super::signature::Signature;
use crate::causes::Cause;
use crate::causes::fragments::{Fragments, one_of};
use crate::causes::text::Text;

/// A program lives without those that watch it.
const WATCHERS: Fragments = one_of![
    ":4317|:4318|:8125|:8126|:9411|otlp|opentelemetry|spanexporter|\
    telemetry|ddtrace|datadog|statsd|xray|x-ray|\
    sending traces|sending segments|failed to flush|flush metrics|/metrics"
];

/// It was tried again.
const AGAIN: Fragments = one_of![
    "retrying|will retry|retry in|retry 1/|- sleeping|trying again|\
    reconnecting|attempt 1/|attempt 1 "
];
const NO_MORE: Fragments = one_of!["giving up|gave up|exhausted|no more retries|stopped retrying"];

/// The end was asked for. That a program shuts down in order does not say so: it may have failed.
const ASKED: Fragments = one_of![
    "sigterm|sigquit|signal 15|shutdown request|handling signal: |\
    scheduling shutdown|signal terminated|signal: terminated"
];

/// What only says that something before it went wrong.
const FOLLOWS: Fragments = one_of![
    "npm err!|npm error|elifecycle|command failed|exit code|exited with|\
    aborting|shutting down|initialization failed|for more details|failed to load|failed to boot|\
    see above|core dumped"
];

/// Says that the end was asked for.
const STOPPED: &Signature = &Signature {
    kind: Kind::Stopped,
    what: "the end was asked for",
    all: &[ASKED],
    none: Fragments::NONE,
    before: Fragments::NONE,
    names: &[],
};

/// The first line that says that the end was asked for, where it was in order.
pub(super) fn asked(lines: &[Line], cause: Cause) -> Option<(usize, &'static Signature)> {
    let in_order = matches!(cause, Cause::AppCleanExit | Cause::Sigterm143);
    let at = lines.iter().position(|line| STOPPED.fits(line, &[]));
    at.filter(|_| in_order).map(|at| (at, STOPPED))
}

/// Whether a line is about a dependency that the program did without, or found a little later.
pub(super) fn is_beside(text: &Text, kind: Kind) -> bool {
    let about = matches!(kind.topic(), Kind::Refused | Kind::Name);
    let again = || text.any(AGAIN) && !text.any(NO_MORE) && !is_last(text.words());
    about && (text.any(WATCHERS) || again())
}

/// `attempt 10/10`
fn is_last(words: &str) -> bool {
    let sides = words.split(' ').filter_map(|word| word.split_once('/'));
    let mut sides = sides.map(|(one, all)| (one.trim_start_matches('('), all));
    sides.any(|(one, all)| !one.is_empty() && all.trim_end_matches([')', ':', ',']) == one)
}

/// Whether an error only follows from another.
pub(super) fn only_follows(text: &Text, kind: Kind) -> bool {
    matches!(kind, Kind::Bare | Kind::Crash | Kind::Configuration) && text.any(FOLLOWS)
}

/// Where an end that was asked for, or came from outside, begins: the program lived with what it
/// wrote before it last said that it went on.
pub(super) fn before_the_end(lines: &[Line], cause: Cause) -> usize {
    let from_outside = matches!(
        cause,
        Cause::AppCleanExit | Cause::KilledSigkill | Cause::Sigterm143 | Cause::Segfault
    );
    let goes_on = |line: &Line| line.level == Level::Harmless || line.text.any(ASKED);
    let last = lines.iter().rposition(goes_on).filter(|_| from_outside);
    last.unwrap_or(0)
}
