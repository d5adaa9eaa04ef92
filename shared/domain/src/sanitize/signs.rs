//! Whether a step has anything to do, found for most steps in one look at each byte.

/// What a text has in it. Most text has little, and a step that finds none of its signs is done.
#[derive(Clone, Copy)]
pub(super) struct Signs(u8);

impl Signs {
    /// Anything but printable ASCII, or a backslash, which may spell an escape.
    pub(super) const HIDDEN: Self = Self(1);
    /// What mentions, tags, links and fences are made of.
    pub(super) const MARKUP: Self = Self(1 << 1);
    /// What stands between a name and its value.
    pub(super) const SEPARATOR: Self = Self(1 << 2);
    /// A line break, or two blanks in a row.
    pub(super) const GAP: Self = Self(1 << 3);
    /// `--`
    pub(super) const DASHES: Self = Self(1 << 4);
    /// `:/`, as after a scheme.
    pub(super) const SCHEME: Self = Self(1 << 5);
    /// `m/`, as after `.com`.
    pub(super) const HOST: Self = Self(1 << 6);
    /// `@tcp(` and its like, as far as two bytes say so.
    pub(super) const NETWORK: Self = Self(1 << 7);

    /// Looks at all of `text`.
    pub(super) fn of(text: &str) -> Self {
        let mut signs = 0;
        let mut before = 0;
        for byte in text.bytes() {
            let row = &ROWS[usize::from(byte)];
            signs |= row.alone | (before & row.second);
            before = row.first;
        }
        Self(signs)
    }

    /// Whether it has that sign.
    pub(super) fn has(self, sign: Self) -> bool {
        self.0 & sign.0 != 0
    }
}

/// The signs that a byte is by itself, begins, and ends.
#[derive(Clone, Copy)]
struct Row {
    alone: u8,
    first: u8,
    second: u8,
}

const ROWS: [Row; 256] = {
    let mut rows = [row(0); 256];
    let mut byte = 0;
    while byte < rows.len() {
        rows[byte] = row(byte as u8);
        byte += 1;
    }
    rows
};

const fn row(byte: u8) -> Row {
    const GAP: u8 = Signs::GAP.0;
    const NETWORK: u8 = Signs::NETWORK.0;
    let alone = match byte {
        b'\n' => Signs::HIDDEN.0 | GAP,
        0..b' ' | b'\\' | 0x7f.. => Signs::HIDDEN.0,
        b'<' | b'@' | b']' | b'`' | b'~' => Signs::MARKUP.0,
        b':' | b'=' | b'%' | b'>' => Signs::SEPARATOR.0,
        _ => 0,
    };
    let first = match byte {
        b' ' => GAP,
        b'-' => Signs::DASHES.0,
        b':' => Signs::SCHEME.0,
        b'm' | b'M' => Signs::HOST.0,
        b'@' => NETWORK,
        _ => 0,
    };
    let second = match byte {
        b' ' => GAP,
        b'-' => Signs::DASHES.0,
        b'/' => Signs::SCHEME.0 | Signs::HOST.0 | NETWORK,
        b't' | b'u' | b'c' | b'(' => NETWORK,
        _ => 0,
    };
    Row {
        alone,
        first,
        second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_is_seen_by_what_it_is_for_and_by_nothing_else() {
        for (text, sign) in [
            ("", 0),
            (
                "All of it, (plain) - text/1.2; 'quoted' \"twice\" & #1 + 2",
                0,
            ),
            ("a b-c m t/u", 0),
            ("\u{7}", Signs::HIDDEN.0),
            ("ü", Signs::HIDDEN.0),
            ("\\", Signs::HIDDEN.0),
            ("`", Signs::MARKUP.0),
            ("=", Signs::SEPARATOR.0),
            ("a  b", Signs::GAP.0),
            ("\n", Signs::GAP.0 | Signs::HIDDEN.0),
            ("a--b", Signs::DASHES.0),
            (":/", Signs::SCHEME.0 | Signs::SEPARATOR.0),
            ("a.COM/", Signs::HOST.0),
            ("@tcp(", Signs::NETWORK.0 | Signs::MARKUP.0),
        ] {
            assert_eq!(Signs::of(text).0, sign, "{text:?}");
        }
    }
}
