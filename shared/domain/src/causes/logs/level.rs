//! How serious a log line is meant by the program that wrote it. Only what a program complains of
//! may explain its end.

use serde_json::Value;

use crate::causes::fragments::{Fragments, one_of};
use crate::causes::text::Text;

/// How a program meant a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Progress, or noise that every healthy program writes.
    Harmless,
    Warning,
    Error,
    /// A part of something else: where an error was, or what the error's own line says better.
    Detail,
    /// The line does not say.
    Unsaid,
}

const LEVELS: &[(Level, &[&str])] = &[
    (
        Level::Harmless,
        &[
            "trace",
            "verbose",
            "vrb",
            "debug",
            "dbg",
            "info",
            "information",
            "inf",
            "notice",
        ],
    ),
    (Level::Warning, &["warn", "warning", "wrn"]),
    (
        Level::Error,
        &[
            "error", "err", "fatal", "ftl", "critical", "severe", "panic",
        ],
    ),
];

/// A client that hangs up in the middle of a handshake (health checks of a load balancer do), the
/// options that every JVM repeats at its start, and requests in an access log: anybody may have
/// written those.
const NOISE: Fragments = one_of![
    "tls handshake error from|picked up java_tool_options|picked up _java_options|\
    http/1.0\" |http/1.1\" |http/2\" |http/2.0\" |http/3\" "
];

/// What went wrong with one request, or for one client, did not end the program.
const CLIENTS: &str = ", client: ";
const FATAL: Fragments = one_of!["fatal|panic|critical"];
const METHODS: &[&str] = &["GET /", "HEAD /", "POST /", "PUT /", "PATCH /", "DELETE /"];

/// PHP-FPM passes on what PHP says as a notice of its own.
const RELAYED: &str = "php message: php ";

/// The level of a line, from its text as it came and its normalised form.
pub(super) fn level(line: &str, text: &Text) -> Level {
    if is_detail(line) {
        return Level::Detail;
    }
    if text.any(NOISE) || counts_none(text.words()) {
        return Level::Harmless;
    }
    if text.has(RELAYED) {
        return Level::Unsaid;
    }
    let stated = field(text.words())
        .or_else(|| klog(line))
        .or_else(|| word(line))
        .unwrap_or(Level::Unsaid);
    let of_a_client = is_request(line) || text.has(CLIENTS);
    match stated {
        Level::Error | Level::Unsaid if of_a_client && !text.any(FATAL) => Level::Warning,
        _ => stated,
    }
}

/// Whether a line is only a part of what another says.
pub(super) fn is_detail(line: &str) -> bool {
    is_property(line) || is_frame(line)
}

/// The level in a JSON object.
pub(super) fn of_object(object: &serde_json::Map<String, Value>) -> Option<Level> {
    const KEYS: &[&str] = &[
        "level",
        "severity",
        "levelname",
        "log.level",
        "lvl",
        "@l",
        "log_level",
    ];
    KEYS.iter().find_map(|key| match object.get(*key)? {
        Value::String(name) => named(name),
        Value::Number(number) => match number.as_u64()? {
            10..=39 => Some(Level::Harmless),
            40..=49 => Some(Level::Warning),
            50..=60 => Some(Level::Error),
            _ => None,
        },
        _ => None,
    })
}

/// `  code: 'ECONNREFUSED',` as Node prints below an error: the error's own line says more.
fn is_property(line: &str) -> bool {
    const KEYS: &[&str] = &[
        "code", "syscall", "errno", "routine", "severity", "__type", "Code", "name",
    ];
    let property = line.strip_prefix([' ', '\t']).map(str::trim_start);
    let key = property
        .and_then(|it| it.split_once(": "))
        .map(|(key, _)| key);
    key.is_some_and(|key| KEYS.contains(&key))
}

/// `GET /orders/9 500`, the method in capitals.
fn is_request(line: &str) -> bool {
    METHODS.iter().any(|method| {
        let found = line.find(method);
        found.is_some_and(|at| !line[..at].ends_with(char::is_alphanumeric))
    })
}

/// `    at org.flywaydb.core.Flyway.migrate(Flyway.java:30)`: where, not what.
fn is_frame(line: &str) -> bool {
    let frame = line.strip_prefix([' ', '\t']).map(str::trim_start);
    frame.is_some_and(|frame| frame.starts_with("at ") && frame.contains('('))
}

fn named(word: &str) -> Option<Level> {
    let known =
        |(_, names): &&(Level, &[&str])| names.iter().any(|name| word.eq_ignore_ascii_case(name));
    LEVELS.iter().find(known).map(|(level, _)| *level)
}

/// `level=info`, `"level":"info"`, `"severity": "INFO"`, and the numbers of pino.
fn field(words: &str) -> Option<Level> {
    ["level", "severity", "lvl"].iter().find_map(|key| {
        let rest = &words[words.find(key)? + key.len()..];
        let rest = rest.trim_start_matches(['"', '\'']);
        let value = rest.strip_prefix([':', '='])?;
        let value = value.trim_start_matches([' ', '"', '\'']);
        let end = value.find(|char: char| !char.is_ascii_alphanumeric());
        match &value[..end.unwrap_or(value.len())] {
            "10" | "20" | "30" => Some(Level::Harmless),
            "40" => Some(Level::Warning),
            value => named(value),
        }
    })
}

/// `I0102 15:04:05.678901 …`, as what is written for Kubernetes logs.
fn klog(line: &str) -> Option<Level> {
    let (head, rest) = line.split_at_checked(5)?;
    let (letter, day) = head.split_at_checked(1)?;
    let is_day = day.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = rest.as_bytes().get(3) == Some(&b':');
    match letter {
        _ if !is_day || !is_time => None,
        "I" => Some(Level::Harmless),
        "W" => Some(Level::Warning),
        "E" | "F" => Some(Level::Error),
        _ => None,
    }
}

/// `INFO` among the first words, in capitals; or `[info]` and `info:`, in any case; or
/// `production.INFO:`.
fn word(line: &str) -> Option<Level> {
    let first = line.split([' ', '\t', '|']).filter(|word| !word.is_empty());
    first.take(8).enumerate().find_map(|(at, word)| {
        let marked = word.starts_with('[') || at < 2 && word.ends_with(':');
        let mut parts = word.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        parts.find_map(|part| {
            let capitals = part.bytes().all(|byte| byte.is_ascii_uppercase());
            named(part).filter(|_| marked || capitals)
        })
    })
}

/// `0 errors`, `errors: 0`, `0 migrations failed`.
fn counts_none(words: &str) -> bool {
    const COUNTED: &[&str] = &["error", "fail", "migration"];
    let is_zero = |word: &str| word.trim_matches(['(', ')', ',', '.', ';', '=']) == "0";
    let counted = |word: &str| COUNTED.iter().any(|name| word.starts_with(name));
    let mut before = "";
    words.split(' ').any(|word| {
        let (one, other) = (std::mem::replace(&mut before, word), word);
        is_zero(one) && counted(other) || counted(one) && one.ends_with(':') && is_zero(other)
    })
}
