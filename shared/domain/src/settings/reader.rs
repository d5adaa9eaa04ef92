//! How a setting is read: looked up, parsed, and its mistake told.

use std::fmt::Display;
use std::str::FromStr;

use super::{Mistakes, Setting};
use crate::alert::Severity;
use crate::causes::Cause;

/// Reads settings and gathers the mistakes.
pub(super) struct Reader<L> {
    lookup: L,
    mistakes: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) fn new(lookup: L) -> Self {
        let mistakes = Vec::new();
        Self { lookup, mistakes }
    }

    pub(super) fn end<T>(self, settings: T) -> Result<T, Mistakes> {
        if self.mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(Mistakes(self.mistakes))
        }
    }

    pub(super) fn value<T: Default>(
        &mut self,
        setting: Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let found = (self.lookup)(setting.key).filter(|text| !text.is_empty());
        let found = found.or(setting.default.map(str::to_owned));
        let parsed = match &found {
            Some(text) => parse(text).map_err(|why| format!("`{text}` {why}")),
            None => Err("is not set".to_owned()),
        };
        parsed.unwrap_or_else(|why| {
            self.mistakes.push(format!("{} {why}", setting.key));
            T::default()
        })
    }
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "info" => Ok(Severity::Info),
        "warning" => Ok(Severity::Warning),
        "critical" => Ok(Severity::Critical),
        _ => Err("is not `info`, `warning` or `critical`".to_owned()),
    }
}

pub(super) fn cause(code: &str) -> Result<Cause, String> {
    Cause::from_code(code).ok_or_else(|| "is not the code of a cause".to_owned())
}

/// What stands between commas.
pub(super) fn list<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| parse(part).map_err(|why| format!("names `{part}`, which {why}")))
        .collect()
}

/// A number, without its fraction: CloudFormation lets one pass where whole numbers are meant, and
/// that is no reason to have no function start.
pub(super) fn number<N>(text: &str, low: N, high: N) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display + Copy,
{
    let is_fraction = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match text.split_once('.') {
        Some((whole, rest)) if is_fraction(rest) => whole,
        _ => text,
    };
    let number = whole
        .parse()
        .ok()
        .filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("is not a number from {low} to {high}"))
}
