//! The host that a log line names.

use crate::causes::text::after;

/// The words of a line, without what stands around them.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|char: char| char.is_whitespace() || "\"'`(){}[]<>,;=".contains(char))
        .map(|word| word.trim_matches(|char: char| ".:!?$".contains(char)))
        .filter(|word| !word.is_empty())
}

/// What stands right before the name of a host, most telling first.
const MARKERS: &[&str] = &[
    "lookup ",
    "enotfound ",
    "eai_again ",
    "resolve host: ",
    "failed to resolve ",
    "in upstream ",
    "translate host name ",
    "unknownhostexception: ",
    "server at ",
    "server host ",
    "server on ",
    "resolve server ",
    "host=",
    "getaddrinfo for ",
];

/// A host, with its port where the line has one.
pub(super) fn host(line: &str) -> Option<&str> {
    // Where a program listens is no host.
    any_host(line).filter(|host| !name_of(host).starts_with("0.0.0.0"))
}

fn any_host(line: &str) -> Option<&str> {
    let marked = MARKERS.iter().find_map(|marker| after(line, marker));
    let marked = marked
        .map(bare)
        .filter(|name| is_name(name_of(name)) && *name != "address");
    let known = || words(line).map(bare);
    marked
        .or_else(|| known().find(|word| has_port(word)))
        .or_else(|| known().find(|word| is_dotted(name_of(word))))
}

/// A host, without its port.
pub(super) fn host_name(line: &str) -> Option<&str> {
    host(line).map(name_of)
}

/// Without scheme, user and path.
fn bare(word: &str) -> &str {
    let word = word.split("://").last().unwrap_or(word);
    // Java writes `name/10.0.3.7:8080`, without a name `/10.0.3.7:8080`.
    let word = word.strip_prefix('/').unwrap_or(word);
    let word = word.split('/').next().unwrap_or(word);
    word.rsplit('@').next().unwrap_or(word)
}

fn name_of(word: &str) -> &str {
    word.split(':').next().unwrap_or(word)
}

fn is_name(name: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
    name.chars().all(plain) && name.contains(|char: char| char.is_ascii_alphanumeric())
}

fn has_port(word: &str) -> bool {
    let Some((name, rest)) = word.split_once(':') else {
        return false;
    };
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    is_name(name) && !is_number && !looks_like_code(name) && rest.parse::<u16>().is_ok()
}

fn is_dotted(name: &str) -> bool {
    let parts = || name.split('.');
    let last = parts().next_back().unwrap_or_default();
    let named = last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let number = |part: &str| part.parse::<u8>().is_ok();
    let numbered = parts().count() == 4 && parts().all(number);
    name.contains('.')
        && is_name(name)
        && parts().all(|part| !part.is_empty())
        && (named || numbered)
        && !looks_like_code(name)
}

/// File and class names have dots too.
fn looks_like_code(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "js", "py", "go", "rs", "java", "rb", "php", "cs", "ts", "mjs", "json", "conf", "yaml",
        "yml", "cfg", "sh", "sql", "jar", "log", "servers", "kt", "scala", "ex", "exs", "c", "cpp",
    ];
    const STARTS: &[&str] = &[
        "java", "javax", "org", "com", "io", "socket", "this", "self", "process",
    ];
    let mut parts = name.split('.');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back());
    last.is_some_and(|end| ENDS.contains(&end))
        || STARTS.contains(&first)
        || name.contains(|char: char| char.is_ascii_uppercase())
        || name.contains("exception")
}
