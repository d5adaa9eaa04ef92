//! What a log line names: variables, ports, hosts, paths.

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|char: char| char.is_whitespace() || "\"'`(){}[]<>,;=".contains(char))
        .map(|word| word.trim_matches(|char: char| ".:!?$".contains(char)))
        .filter(|word| !word.is_empty())
}

/// `DATABASE_URL` in a line.
pub(super) fn variable(line: &str) -> Option<&str> {
    let shape = |word: &&str| {
        word.len() >= 3
            && word
                .chars()
                .all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
            && word.starts_with(|char: char| char.is_ascii_uppercase())
    };
    let names: Vec<_> = words(line).filter(shape).collect();
    let plain = ["ERROR", "FATAL", "WARN", "INFO", "CRITICAL", "ENV"];
    let underscored = names.iter().find(|name| name.contains('_'));
    let any = || names.iter().find(|name| !plain.contains(*name));
    underscored.or_else(any).copied()
}

/// What stands in quotes in a line.
pub(super) fn quoted(line: &str) -> Option<&str> {
    let at = line.find(['\'', '"', '`'])?;
    let quote = line[at..].chars().next()?;
    let rest = &line[at + quote.len_utf8()..];
    let end = rest.find(quote)?;
    (1..=120).contains(&end).then(|| &rest[..end])
}

/// A port in a line: the digits after a colon, or after the word.
pub(super) fn port(line: &str) -> Option<u16> {
    let lower = line.to_ascii_lowercase();
    let named = crate::causes::text::number_after(&lower, "port");
    let named = named.and_then(|port| u16::try_from(port).ok());
    named.or_else(|| {
        words(line)
            .filter_map(|word| word.rsplit(':').next()?.parse().ok())
            .last()
    })
}

/// The name in `lookup <name> on <server>`.
pub(super) fn looked_up(line: &str) -> Option<String> {
    crate::causes::text::after(line, "lookup ").map(str::to_owned)
}

/// A host, with its port where the line has one.
pub(super) fn host(line: &str) -> Option<String> {
    let known = words(line).map(|word| word.split("://").last().unwrap_or(word));
    let hostlike = |word: &str| {
        let name = word.split([':', '/']).next().unwrap_or_default();
        let plain = name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-._".contains(char));
        let has_port = word.split(':').nth(1).is_some_and(|rest| {
            let digits = rest.split('/').next().unwrap_or_default();
            !digits.is_empty() && digits.parse::<u16>().is_ok()
        });
        let dotted = name.matches('.').count() >= 1
            && name.split('.').all(|part| !part.is_empty())
            && name.split('.').next_back().is_some_and(|last| {
                last.len() >= 2 && last.chars().all(|char| char.is_ascii_alphabetic())
                    || name.matches('.').count() == 3
                        && last.chars().all(|char| char.is_ascii_digit())
            });
        plain
            && !name.is_empty()
            && (dotted && !looks_like_code(name)
                || has_port && !name.chars().all(|char| char.is_ascii_digit()))
    };
    let cut = |word: &str| {
        word.split('/')
            .next()
            .unwrap_or(word)
            .split('@')
            .next_back()
            .unwrap_or(word)
            .to_owned()
    };
    let words: Vec<&str> = known.collect();
    let with_port = words
        .iter()
        .find(|word| word.contains(':') && hostlike(word));
    if let Some(word) = with_port.or_else(|| words.iter().find(|word| hostlike(word))) {
        return Some(cut(word));
    }
    // `getaddrinfo ENOTFOUND redis`
    let position = words
        .iter()
        .position(|word| matches!(*word, "ENOTFOUND" | "EAI_AGAIN" | "host" | "name"))?;
    words.get(position + 1).map(|word| (*word).to_owned())
}

/// File and class names have dots too.
fn looks_like_code(name: &str) -> bool {
    const ENDS: &[&str] = &[
        ".js", ".py", ".go", ".rs", ".java", ".rb", ".php", ".cs", ".ts", ".mjs", ".json", ".conf",
        ".yaml", ".yml",
    ];
    ENDS.iter().any(|end| name.ends_with(end))
        || name.starts_with("java.")
        || name.starts_with("org.")
        || name.starts_with("System.")
        || name.contains("Exception")
        || name.contains("Error")
}

/// A path in a line.
pub(super) fn path(line: &str) -> Option<&str> {
    words(line).find(|word| word.starts_with('/') && word.len() > 1)
}
