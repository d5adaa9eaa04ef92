//! Where a JSON object ends, found while it is being read.
//!
//! Only the structure is checked: brackets, colons, commas, strings on one line. Numbers, escapes
//! and words are left to the parser, which sees every object that is whole.

/// The depth at which `serde_json` gives up too.
const DEEPEST: usize = 127;

/// How far a scan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// All bytes belong to the object, and more must come.
    More,
    /// The object ends with this many bytes.
    Whole(usize),
    /// After this many bytes comes one that cannot be.
    Wrong(usize, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begin,
    Key,
    KeyOrEnd,
    Colon,
    Value,
    ValueOrEnd,
    /// After a value.
    Next,
    InKey,
    InText,
    EscapedInKey,
    EscapedInText,
    /// In a number or a word.
    InScalar,
}

/// The state of one object's scan.
#[derive(Debug)]
pub(super) struct Scanner {
    open: Vec<Open>,
    state: State,
}

impl Scanner {
    /// The first byte to come is the object's `{`.
    pub(super) fn new() -> Self {
        Self {
            open: Vec::new(),
            state: State::Begin,
        }
    }

    /// Goes on with the next bytes of the object.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut at = 0;
        while at < bytes.len() {
            if matches!(self.state, State::InKey | State::InText) {
                at += plain(&bytes[at..]);
            }
            let Some(byte) = bytes.get(at) else { break };
            if let Err(why) = self.step(*byte) {
                return Scan::Wrong(at, why);
            }
            at += 1;
            if self.open.is_empty() {
                return Scan::Whole(at);
            }
        }
        Scan::More
    }

    fn step(&mut self, byte: u8) -> Result<(), &'static str> {
        if self.state == State::InScalar {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'}' | b']') {
                return scalar(byte).then_some(()).ok_or("expected `,` or an end");
            }
            self.state = State::Next;
        }
        self.state = match (self.state, byte) {
            (State::EscapedInKey, 0x20..) => State::InKey,
            (State::EscapedInText, 0x20..) => State::InText,
            (State::InKey, b'\\') => State::EscapedInKey,
            (State::InText, b'\\') => State::EscapedInText,
            (State::InKey, b'"') => State::Colon,
            (State::InText, b'"') => State::Next,
            (State::InKey | State::InText | State::EscapedInKey | State::EscapedInText, _) => {
                return Err("a string does not end in its line");
            }
            (state, b' ' | b'\t' | b'\r' | b'\n') => state,
            (State::Begin | State::Value | State::ValueOrEnd, b'{') => self.begin(Open::Object)?,
            (State::Value | State::ValueOrEnd, b'[') => self.begin(Open::Array)?,
            (State::Value | State::ValueOrEnd, b'"') => State::InText,
            (State::Value | State::ValueOrEnd, byte) if scalar(byte) => State::InScalar,
            (State::ValueOrEnd | State::Next, b']') => self.end(Open::Array)?,
            (State::KeyOrEnd | State::Next, b'}') => self.end(Open::Object)?,
            (State::Key | State::KeyOrEnd, b'"') => State::InKey,
            (State::Colon, b':') => State::Value,
            (State::Next, b',') => match self.open.last() {
                Some(Open::Object) => State::Key,
                Some(Open::Array) | None => State::Value,
            },
            (state, _) => return Err(expected(state)),
        };
        Ok(())
    }

    fn begin(&mut self, what: Open) -> Result<State, &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("it is nested too deeply");
        }
        self.open.push(what);
        Ok(match what {
            Open::Object => State::KeyOrEnd,
            Open::Array => State::ValueOrEnd,
        })
    }

    fn end(&mut self, what: Open) -> Result<State, &'static str> {
        if self.open.pop() != Some(what) {
            return Err("a bracket closes what it did not open");
        }
        Ok(State::Next)
    }
}

/// How many bytes of a string come before one that may end it.
fn plain(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        .unwrap_or(bytes.len())
}

/// Whether a byte may stand in a number or a word.
fn scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

fn expected(state: State) -> &'static str {
    match state {
        State::Begin => "expected `{`",
        State::Key | State::KeyOrEnd => "expected a key in quotes",
        State::Colon => "expected `:`",
        State::Value | State::ValueOrEnd => "expected a value",
        State::Next | State::InScalar => "expected `,` or an end",
        State::InKey | State::InText | State::EscapedInKey | State::EscapedInText => {
            "expected the end of a string"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Scan) {
        assert_eq!(Scanner::new().scan(text.as_bytes()), want, "{text}");
        let mut scanner = Scanner::new();
        let bytewise = text
            .bytes()
            .enumerate()
            .map(|(at, byte)| (at, scanner.scan(&[byte])));
        let end = bytewise
            .map(|(at, scan)| match scan {
                Scan::More => Scan::More,
                Scan::Whole(n) => Scan::Whole(at + n),
                Scan::Wrong(n, why) => Scan::Wrong(at + n, why),
            })
            .find(|scan| *scan != Scan::More);
        assert_eq!(end.unwrap_or(Scan::More), want, "byte by byte: {text}");
    }

    #[test]
    fn an_object_ends_with_its_last_bracket() {
        check("{} {", Scan::Whole(2));
        check(
            r#"{"a": [1, {"b": "}\"]\\"}, []], "c": -1.5e3}x"#,
            Scan::Whole(44),
        );
        check("{\"a\":\r\n\ttrue}", Scan::Whole(13));
    }

    #[test]
    fn an_object_that_may_go_on_is_not_whole() {
        check("", Scan::More);
        check(r#"{"a": {"b": 1}"#, Scan::More);
        check(r#"{"a\"#, Scan::More);
    }

    #[test]
    fn what_cannot_be_is_wrong_where_it_stands() {
        check(
            "{\"a\n",
            Scan::Wrong(3, "a string does not end in its line"),
        );
        check("{{", Scan::Wrong(1, "expected a key in quotes"));
        check(r#"{"a" 1"#, Scan::Wrong(5, "expected `:`"));
        check(r#"{"a": ,"#, Scan::Wrong(6, "expected a value"));
        check(r#"{"a": 1 "b""#, Scan::Wrong(8, "expected `,` or an end"));
        check(r#"{"a": 1"b""#, Scan::Wrong(7, "expected `,` or an end"));
        check(
            r#"{"a": [1}"#,
            Scan::Wrong(8, "a bracket closes what it did not open"),
        );
        check(r#"{"a": 1,}"#, Scan::Wrong(8, "expected a key in quotes"));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{{\"a\":{}", "[".repeat(200));
        check(&deep, Scan::Wrong(131, "it is nested too deeply"));
    }
}
