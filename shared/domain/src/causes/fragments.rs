//! Fragments of sentences, packed while the program is built.
//!
//! There are more than two thousand. A slice of string slices would have two words of memory and a
//! relocation for each, which every cold start pays for; packed they are one run of bytes a list.

/// Fragments of which one is looked for, in the normalised form. Made by [`one_of`].
#[derive(Clone, Copy)]
pub(super) struct Fragments(&'static [u8]);

/// [`Fragments`] from string literals. What stands between `|` in one of them is a fragment, too.
macro_rules! one_of {
    ($($texts:expr),+ $(,)?) => {{
        const TEXTS: &[&str] = &[$($texts),+];
        const PACKED: [u8; $crate::causes::fragments::length(TEXTS)] =
            $crate::causes::fragments::packed(TEXTS);
        $crate::causes::fragments::Fragments::new(&PACKED)
    }};
}

pub(super) use one_of;

impl Fragments {
    /// No fragment.
    pub(super) const NONE: Self = Self(&[]);

    /// What [`packed`] made.
    pub(super) const fn new(packed: &'static [u8]) -> Self {
        Self(packed)
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether `text` is one of them.
    pub(super) fn contains(self, text: &str) -> bool {
        self.any(|fragment| fragment == text.as_bytes())
    }

    /// Whether one of them is `wanted`.
    pub(super) fn any(self, mut wanted: impl FnMut(&'static [u8]) -> bool) -> bool {
        let mut packed = self.0;
        while let [length, rest @ ..] = packed {
            let (fragment, next) = rest.split_at(usize::from(*length));
            if wanted(fragment) {
                return true;
            }
            packed = next;
        }
        false
    }
}

/// How long `texts` are when they are packed: each fragment has a byte with its length before it,
/// and a bar needs none.
pub(super) const fn length(texts: &[&str]) -> usize {
    let (mut length, mut text) = (0, 0);
    while text < texts.len() {
        if !texts[text].is_empty() {
            length += texts[text].len() + 1;
        }
        text += 1;
    }
    length
}

/// `texts`, each fragment behind its length. An empty text is no fragment; an empty fragment, which
/// would be found everywhere, does not compile, nor does one of more than 255 bytes.
pub(super) const fn packed<const LENGTH: usize>(texts: &[&str]) -> [u8; LENGTH] {
    let mut packed = [0; LENGTH];
    // Where the length of the fragment that is being written stands.
    let (mut head, mut text) = (0, 0);
    while text < texts.len() {
        let bytes = texts[text].as_bytes();
        let (mut at, mut length) = (0, 0);
        while at <= bytes.len() && !bytes.is_empty() {
            if at == bytes.len() || bytes[at] == b'|' {
                assert!(0 < length && length < 256, "a fragment has 1 to 255 bytes");
                packed[head] = length as u8;
                head += length + 1;
                length = 0;
            } else {
                length += 1;
                packed[head + length] = bytes[at];
            }
            at += 1;
        }
        text += 1;
    }
    packed
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::text::Text;
    use super::*;

    fn all(fragments: Fragments) -> Vec<&'static str> {
        let mut all = Vec::new();
        fragments.any(|fragment| {
            all.push(std::str::from_utf8(fragment).unwrap());
            false
        });
        all
    }

    /// All of them, each of which must be able to stand in a text that was made ready for reading.
    pub(in crate::causes) fn normalised(fragments: Fragments) -> Vec<&'static str> {
        let all = all(fragments);
        for fragment in &all {
            let loose = Text::of(&format!("|{fragment}|"));
            assert_eq!(loose.words(), format!("|{fragment}|"), "not normalised");
        }
        all
    }

    #[test]
    fn fragments_stand_apart_or_between_bars() {
        let fragments = one_of!["a", "", "b c|d", concat!("e|", "f")];
        assert_eq!(all(fragments), ["a", "b c", "d", "e", "f"]);
        assert!(fragments.contains("b c") && !fragments.contains("b c|d"));
        assert!(one_of![""].is_empty() && Fragments::NONE.is_empty());
    }
}
