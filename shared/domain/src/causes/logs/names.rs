//! What a log line names: variables, modules, commands, ports, paths.

use super::host::words;
use crate::causes::text::after;

/// Words in capitals that are no variables.
const NO_VARIABLES: &[&str] = &["ERROR", "FATAL", "WARN", "INFO", "CRITICAL", "ENV"];

/// What stands behind the name of a variable that is not there.
const SAID_AFTER: &[&str] = &[
    "is required",
    "required'",
    "required\"",
    "missing value",
    "is missing",
    "must be set",
    "must be given",
    "must be provided",
    "must be defined",
    "must be specified",
    "must not be empty",
    "setting must not be empty",
    "should not be empty",
    "cannot be empty",
    "is not allowed to be empty",
    "is not set",
    "not set",
    "is not defined",
    "is undefined",
    "is unset",
    "is not provided",
    "is not configured",
    "parameter null or not set",
    "parameter not set",
    "unbound variable",
];

/// What stands before it.
const SAID_BEFORE: &[&str] = &[
    "missing",
    "missing required",
    "missing config",
    "must specify",
    "must set",
    "please set",
    "define the environment variable",
    "keyerror",
    "key not found",
];

/// Says without more that a name in capitals is that of a variable.
const SPEAKS_OF_VARIABLES: &[&str] = &[
    "env",
    "variable",
    "parameter n",
    "keyerror",
    "key not found",
];

fn in_capitals(word: &str) -> bool {
    word.len() >= 3
        && word.starts_with(|char: char| char.is_ascii_uppercase())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !NO_VARIABLES.contains(&word)
}

/// `DATABASE_URL` where a line says that it is not there.
pub(super) fn missing(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    let speaks = SPEAKS_OF_VARIABLES.iter().any(|word| lower.contains(word));
    let around = |char: char| " :='\"`()[]{},$".contains(char);
    words(line).find(|word| {
        if !in_capitals(word) || !(speaks || word.contains('_')) {
            return false;
        }
        let at = word.as_ptr().addr() - line.as_ptr().addr();
        let before = lower[..at].trim_end_matches(around);
        let rest = lower[at + word.len()..].trim_start_matches(around);
        SAID_AFTER.iter().any(|said| rest.starts_with(said))
            || SAID_BEFORE.iter().any(|said| before.ends_with(said))
    })
}

/// The variable that a line speaks of.
pub(super) fn variable(line: &str) -> Option<&str> {
    let capitals = || words(line).filter(|word| in_capitals(word));
    let mut underscored = capitals().filter(|word| word.contains('_'));
    let lower = line.to_ascii_lowercase();
    let said = |words| lower.contains(words);
    missing(line)
        .or_else(|| after(line, "config property ").filter(|name| name.contains('.')))
        .or_else(|| quoted(line).filter(|_| said("could not resolve placeholder")))
        .or_else(|| underscored.next())
        .or_else(|| capitals().next())
        .or_else(|| said("secret_key_base").then_some("SECRET_KEY_BASE"))
        .or_else(|| said("no application encryption key").then_some("APP_KEY"))
        .or_else(|| said("key to decrypt file with").then_some("RAILS_MASTER_KEY"))
        .or_else(|| said("password option is not specified").then_some("MYSQL_ROOT_PASSWORD"))
        .or_else(|| after(line, "missing value for field "))
        .or_else(|| words(line).next().filter(|_| said("field required")))
        .or_else(|| quoted(line).filter(|_| said("keyerror")))
}

/// What stands in quotes in a line. An apostrophe inside a word opens none.
fn quoted(line: &str) -> Option<&str> {
    let opens = |(at, char): &(usize, char)| {
        let before = line[..*at].chars().next_back();
        "'\"`".contains(*char) && !before.is_some_and(char::is_alphanumeric)
    };
    let (at, quote) = line.char_indices().find(opens)?;
    let rest = &line[at + quote.len_utf8()..];
    let end = rest.find(quote)?;
    (1..=120).contains(&end).then(|| &rest[..end])
}

fn after_any<'a>(line: &'a str, markers: &[&str]) -> Option<&'a str> {
    markers.iter().find_map(|marker| after(line, marker))
}

/// The module, class, library or gem that a line misses.
pub(super) fn module(line: &str) -> Option<&str> {
    const MARKERS: &[&str] = &[
        "such file -- ",
        "shared libraries: ",
        "shared library ",
        "main class ",
        "jarfile ",
        "classnotfoundexception: ",
        "noclassdeffounderror: ",
        "could not find gem ",
    ];
    // `Could not find pg-1.5.4 in locally installed gems`
    let versioned = |word: &&str| word.contains(|char: char| char.is_ascii_digit());
    after_any(line, MARKERS)
        .or_else(|| quoted(line))
        .or_else(|| after(line, "could not find ").filter(versioned))
}

/// The script that npm misses, or the database that a server misses, or a table.
pub(super) fn object(line: &str) -> Option<&str> {
    const MARKERS: &[&str] = &[
        "missing script: ",
        "relation ",
        "such table: ",
        "table ",
        "column ",
        "your database: ",
        "database ",
    ];
    after_any(line, MARKERS)
}

/// The action that AWS does not allow.
pub(super) fn action(line: &str) -> Option<&str> {
    after_any(line, &["to perform: ", "when calling the "])
}

/// The command in `sh: 1: gunicorn: not found`.
pub(super) fn command(line: &str) -> Option<&str> {
    let line = line.trim();
    let told = line
        .strip_suffix(": not found")
        .or_else(|| line.strip_suffix(": command not found"))?;
    let (shell, command) = (told.split(": ").next()?, told.rsplit(": ").next()?);
    let shell = shell.rsplit('/').next()?;
    let is_shell =
        matches!(shell, "sh" | "ash" | "bash" | "dash" | "zsh") || shell.ends_with(".sh");
    (is_shell && !command.contains(' ') && command != shell).then_some(command)
}

/// A program that is not there.
pub(super) fn program(line: &str) -> Option<&str> {
    command(line).or_else(|| quoted(line))
}

/// A port in a line: before what is said of it, or else anywhere.
pub(super) fn port(line: &str) -> Option<&str> {
    let said = line.to_ascii_lowercase().find("address already in use");
    let before = said.and_then(|at| port_in(&line[..at]));
    before.or_else(|| port_in(line))
}

/// The digits after the word, or after the last colon that has some.
fn port_in(line: &str) -> Option<&str> {
    let is_port = |digits: &str| digits.parse::<u16>().is_ok_and(|port| port > 0);
    let named = after(line, "port ").filter(|word| is_port(word));
    // `('0.0.0.0', 8000)`, `address '9000'`
    let pair = || {
        line.split("', ")
            .nth(1)?
            .split(')')
            .next()
            .filter(|it| is_port(it))
    };
    let alone = || after(line, "address '").filter(|it| is_port(it));
    let cut = |char: char| char.is_whitespace() || "\"'`()[]{}<>,;".contains(char);
    let of_word = |word| {
        let word: &str = word;
        let (head, port) = word.trim_end_matches([':', '.']).rsplit_once(':')?;
        let is_time = !head.contains('.') && head.ends_with(|char: char| char.is_ascii_digit());
        (is_port(port) && !is_time).then_some(port)
    };
    named
        .or_else(pair)
        .or_else(alone)
        .or_else(|| line.split(cut).filter_map(of_word).next_back())
}

/// A port that only root may listen on.
pub(super) fn privileged(line: &str) -> Option<&str> {
    port(line).filter(|port| port.parse().is_ok_and(|port: u16| port < 1024))
}

/// The path that a line complains about: the last one before the complaint, or the first after it.
pub(super) fn path(line: &str) -> Option<&str> {
    const COMPLAINTS: &[&str] = &["permission denied", "no such file", "read-only file"];
    let lower = line.to_ascii_lowercase();
    let at = COMPLAINTS.iter().find_map(|said| lower.find(said));
    let (before, rest) = line.split_at(at.unwrap_or(0));
    let is_path = |word: &&str| word.starts_with('/') && word.len() > 1;
    let before = words(before).filter(is_path).last();
    before.or_else(|| words(rest).find(is_path))
}

/// A file: its path, or its name in quotes.
pub(super) fn file(line: &str) -> Option<&str> {
    let opened = || after(line, "open ").filter(|name| name.contains('.'));
    path(line).or_else(|| quoted(line)).or_else(opened)
}
