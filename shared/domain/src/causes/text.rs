//! What ECS wrote, made ready for reading: lower case, plain quotes, single spaces.

use super::blank;
use super::fragments::Fragments;

/// No reason is longer (1,024 characters); a hostile one is read this far only.
const MOST_READ: usize = 8 * 1024;

/// A normalised text, quick to search for many fragments.
///
/// Most fragments are not in most texts, so a small bit set of the text's three-byte runs answers
/// "no" after one or two look-ups, and only the rest is searched for.
pub(super) struct Text {
    words: String,
    runs: [u64; 64],
}

impl Text {
    /// Normalises `raw`.
    pub(super) fn of(raw: &str) -> Self {
        Self::new(normalise(raw))
    }

    /// A sentence of ECS: its contractions are written out, and what only names something is not
    /// read.
    pub(super) fn sentence(raw: &str) -> Self {
        Self::new(blank::names(&written_out(normalise(raw))))
    }

    /// Words that were normalised before.
    pub(super) fn new(words: String) -> Self {
        let mut runs = [0; 64];
        let mut packed = 0;
        for (at, byte) in words.bytes().enumerate() {
            packed = (packed << 8 | u32::from(byte)) & 0x00FF_FFFF;
            if at >= 2 {
                let (word, bit) = place(packed);
                runs[word] |= bit;
            }
        }
        Self { words, runs }
    }

    /// The normalised words.
    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// Whether `fragment` (itself in the normalised form) stands in it.
    pub(super) fn has(&self, fragment: &str) -> bool {
        self.may_have(fragment.as_bytes()) && self.words.contains(fragment)
    }

    /// Whether one of `fragments` stands in it.
    pub(super) fn any(&self, fragments: Fragments) -> bool {
        fragments.any(|fragment| {
            // Nearly always the first run is missing already.
            self.has_run(fragment) && self.may_have(fragment) && self.contains(fragment)
        })
    }

    fn contains(&self, fragment: &[u8]) -> bool {
        std::str::from_utf8(fragment).is_ok_and(|fragment| self.words.contains(fragment))
    }

    /// Whether all runs of `fragment` stand in it.
    fn may_have(&self, fragment: &[u8]) -> bool {
        fragment.windows(3).all(|run| self.has_run(run))
    }

    /// Whether the run that `fragment` begins with stands in it. It is asked some hundred times a
    /// text.
    #[inline(always)]
    fn has_run(&self, fragment: &[u8]) -> bool {
        let [one, two, three, ..] = fragment else {
            return true;
        };
        let (word, bit) = place(u32::from_be_bytes([0, *one, *two, *three]));
        self.runs[word] & bit != 0
    }
}

/// Where the bit of three bytes in a row is: a multiplicative hash, its upper twelve bits.
#[inline(always)]
fn place(packed: u32) -> (usize, u64) {
    let slot = packed.wrapping_mul(0x9E37_79B1) >> 20;
    ((slot >> 6) as usize, 1 << (slot & 63))
}

/// Lower case; typographic quotes made plain; escaping dropped; any white space one space.
/// AWS documents the same sentences with `'` and `’`, and people paste them with either.
fn normalise(raw: &str) -> String {
    let mut rest = &raw[..raw.floor_char_boundary(MOST_READ)];
    // Nothing becomes longer than it was.
    let mut words = vec![0; rest.len()];
    let (mut length, mut blank) = (0, true);
    loop {
        let run = plain(rest, &mut words[length..], &mut blank);
        length += run;
        let mut chars = rest[run..].chars();
        let Some(char) = chars.next() else { break };
        let mut bytes = [0; 4];
        let written: &[u8] = match char {
            '\\' if chars.as_str().starts_with('n') => {
                chars.next();
                b" "
            }
            '\\' => b"",
            '‘' | '’' | 'ʼ' | '`' => b"'",
            '“' | '”' => b"\"",
            '…' => b"...",
            char if char.is_whitespace() => b" ",
            char => char.encode_utf8(&mut bytes).as_bytes(),
        };
        let again = blank && written == b" ";
        if !again && !written.is_empty() {
            words[length..length + written.len()].copy_from_slice(written);
            length += written.len();
            blank = written == b" ";
        }
        rest = chars.as_str();
    }
    words.truncate(length - usize::from(blank && length > 0));
    // Only whole characters were written.
    String::from_utf8(words).unwrap_or_default()
}

/// Writes the beginning of `text` in lower case, as far as it is plain, which nearly all of it is:
/// how much that was. `blank`: whether what is written ends in a space, or not at all.
fn plain(text: &str, to: &mut [u8], blank: &mut bool) -> usize {
    for (at, (to, byte)) in to.iter_mut().zip(text.bytes()).enumerate() {
        let lower = LOWER[usize::from(byte)];
        if lower == 0 || (lower == b' ' && *blank) {
            return at;
        }
        *to = lower;
        *blank = lower == b' ';
    }
    text.len()
}

/// ASCII in lower case; 0 for what [`normalise`] does more to.
const LOWER: [u8; 256] = {
    let (mut lower, mut byte) = ([0; 256], 0);
    while byte < 128 {
        lower[byte as usize] = match byte {
            b'\t'..=b'\r' | b'\\' | b'`' => 0,
            byte => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    lower
};

/// One way to say no: `cannot`, `does not`.
fn written_out(words: String) -> String {
    if !words.contains("n't") && !words.contains("can not") {
        return words;
    }
    let words = words
        .replace("can't", "cannot")
        .replace("can not", "cannot");
    words.replace("won't", "will not").replace("n't", " not")
}

/// The words of a raw text that may name something: cut at white space, quotes and brackets,
/// freed of the punctuation around them.
pub(super) fn tokens(raw: &str) -> impl Iterator<Item = &str> {
    raw.split(is_between)
        .map(|token| token.trim_matches(['.', ':', '=']))
        .filter(|token| !token.is_empty())
}

fn is_between(char: char) -> bool {
    let sign = matches!(
        char,
        '"' | '\''
            | '‘'
            | '’'
            | '`'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | ','
            | ';'
            | '\\'
    );
    sign || char.is_whitespace()
}

/// The first token of `raw` that begins with `prefix` and goes on.
pub(super) fn token_with<'a>(raw: &'a str, prefix: &str) -> Option<&'a str> {
    tokens(raw).find(|token| token.len() > prefix.len() && token.starts_with(prefix))
}

/// The first ARN of that service namespace in `raw`.
pub(super) fn arn<'a>(raw: &'a str, namespace: &str) -> Option<&'a str> {
    tokens(&raw[raw.find("arn:")?..])
        .filter_map(|token| token.find("arn:").map(|at| &token[at..]))
        .find(|arn| arn.split(':').nth(2) == Some(namespace) && arn.split(':').count() > 5)
}

/// The first token after `marker`, which begins a word and is looked for without regard to ASCII
/// case.
pub(super) fn after<'a>(raw: &'a str, marker: &str) -> Option<&'a str> {
    let lower = raw.to_ascii_lowercase();
    let is_inside = |at: usize| {
        marker.starts_with(char::is_alphanumeric)
            && lower[..at].ends_with(|char: char| char.is_alphanumeric())
    };
    let mut found = lower.match_indices(marker).map(|(at, _)| at);
    let at = found.find(|at| !is_inside(*at))?;
    tokens(raw.get(at + marker.len()..)?).next()
}

/// The first run of digits after `marker`.
pub(super) fn number_after(words: &str, marker: &str) -> Option<i64> {
    let rest = &words[words.find(marker)? + marker.len()..];
    let rest = rest.trim_start_matches([' ', ':', '=', '(', '"']);
    let end = rest
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::fragments::one_of;
    use super::*;

    #[test]
    fn quotes_case_escapes_and_white_space_do_not_matter() {
        let text = Text::of("The task can’t pull\r\n the \\\"image\\\"…\\nNow  ");
        assert_eq!(text.words(), "the task can't pull the \"image\"... now");
        assert!(
            text.has("can't pull")
                && !text.has("cannot pull")
                && text.any(one_of!["xx", "pul", "no"])
        );
        let text = Text::of("  \n A  b \n\\n\u{a0} C\u{2003}É`\\");
        assert_eq!(text.words(), "a b c É'");
    }

    #[test]
    fn a_sentence_says_no_in_one_way() {
        let text = Text::sentence("It CAN’T, can not, doesn't and won't.");
        assert_eq!(text.words(), "it cannot, cannot, does not and will not.");
    }

    #[test]
    fn names_are_found_between_punctuation() {
        let raw = "role 'arn:aws:iam::111122223333:role/r' in subnet-1. (port 80), Perform: x:Y on";
        assert_eq!(arn(raw, "iam"), Some("arn:aws:iam::111122223333:role/r"));
        assert_eq!(token_with(raw, "subnet-"), Some("subnet-1"));
        assert_eq!(after(raw, "perform: "), Some("x:Y"));
        assert_eq!(number_after(raw, "port"), Some(80));
        assert_eq!(arn("ünarn:", "iam"), None);
    }
}
