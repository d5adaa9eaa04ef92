//! The outermost JSON objects of a stream, each with the number of the line it begins in.
//!
//! A stream holds any number of documents: one a line, pretty-printed over many lines, arrays of
//! either. At most one object is held at a time, also of an array that is one document. What is
//! broken is reported once, with its line, and reading goes on where the next value begins.

use std::io::{self, ErrorKind, Read};

use domain::sanitize;

use super::scanner::{Scan, Scanner};

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;
/// The longest object, in bytes. `DescribeTasks` answers 100 tasks at most, with some 4 KB each.
const LONGEST: usize = 16 * 1024 * 1024;

/// What comes next in a stream.
#[derive(Debug)]
pub(super) enum Piece {
    /// An object that ends where its brackets say. It may still be no JSON.
    Object {
        /// The line it begins in, from 1.
        line: u64,
        /// All of it.
        text: Vec<u8>,
    },
    /// Something that is no object.
    Broken(Broken),
}

impl Piece {
    /// How much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let held = match self {
            Self::Object { text, .. } => text.len(),
            Self::Broken(broken) => broken.why.len(),
        };
        size_of::<Self>() + held
    }
}

/// Input that could not be understood.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// The line it begins in, from 1.
    pub(super) line: u64,
    /// What is wrong. Safe to show.
    pub(super) why: String,
}

/// What stands before the next value.
#[derive(Debug, PartialEq, Eq)]
enum Last {
    Begin,
    Comma,
    Value,
}

/// A stream that is being read.
pub(super) struct Stream<R> {
    from: R,
    buffer: Vec<u8>,
    /// The first byte of the buffer that is not dealt with, and its line.
    at: usize,
    line: u64,
    /// How many blanks the line begins with, and whether only those were seen.
    indent: usize,
    blank: bool,
    /// How many arrays are open around the next object, and where the outermost begins.
    arrays: u64,
    array_line: u64,
    last: Last,
    /// Something was broken. Brackets and commas between objects may not match from here on.
    forgiving: bool,
}

impl<R: Read> Stream<R> {
    /// A stream that nothing was read of.
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            indent: 0,
            blank: true,
            arrays: 0,
            array_line: 0,
            last: Last::Begin,
            forgiving: false,
        }
    }

    /// The next piece; `None` at the end. An error is one of reading, and the stream's end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        let why = loop {
            match self.peek()? {
                None if self.arrays > 0 && !self.forgiving => {
                    self.line = self.array_line;
                    break "an array is not closed";
                }
                None => return Ok(None),
                Some(b'\n' | b'\r' | b' ' | b'\t' | 0xef | 0xbb | 0xbf) => self.skip_blank(),
                Some(b'{') if self.may_begin() => return self.object().map(Some),
                Some(b'[') if self.may_begin() => self.open_array(),
                Some(b',') if self.may_separate() => self.pass(Last::Comma),
                Some(b']') if self.may_close() => {
                    self.arrays = self.arrays.saturating_sub(1);
                    self.pass(Last::Value);
                }
                Some(b'{' | b'[') => break "a comma is missing before it",
                Some(b',') => break "a comma stands where none may be",
                Some(b']') => break "a bracket closes what is not open",
                Some(_) => return self.stray().map(Some),
            }
        };
        self.forgiving = true;
        Ok(Some(broken(self.line, why.to_owned())))
    }

    /// Whether nothing is left of what was read but what stands between values, so that
    /// [`Self::next`] may have to wait for one.
    pub(super) fn may_wait(&self) -> bool {
        let between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']');
        self.buffer[self.at..].iter().all(between)
    }

    fn may_begin(&self) -> bool {
        self.forgiving || self.arrays == 0 || self.last != Last::Value
    }

    fn may_separate(&self) -> bool {
        self.forgiving || self.arrays > 0 && self.last == Last::Value
    }

    fn may_close(&self) -> bool {
        self.forgiving || self.arrays > 0 && self.last != Last::Comma
    }

    fn open_array(&mut self) {
        if self.arrays == 0 {
            self.array_line = self.line;
        }
        self.arrays = self.arrays.saturating_add(1);
        self.pass(Last::Begin);
    }

    /// Goes past one byte that is not blank.
    fn pass(&mut self, last: Last) {
        self.at += 1;
        self.blank = false;
        self.last = last;
    }

    /// Goes past one blank, or past a byte of a byte order mark.
    fn skip_blank(&mut self) {
        match self.buffer[self.at] {
            b'\n' => (self.line, self.indent, self.blank) = (self.line + 1, 0, true),
            b' ' | b'\t' if self.blank => self.indent += 1,
            _ => {}
        }
        self.at += 1;
    }

    /// The object that begins here.
    fn object(&mut self) -> io::Result<Piece> {
        let (line, mut scanner, mut length) = (self.line, Scanner::new(), 0);
        let why = loop {
            match scanner.scan(&self.buffer[self.at + length..]) {
                Scan::Whole(more) => return Ok(self.whole(length + more)),
                Scan::Wrong(more, why) => {
                    length += more;
                    break why;
                }
                Scan::More => length = self.buffer.len() - self.at,
            }
            if length > LONGEST {
                break "it is longer than 16 MiB";
            }
            if !self.fill()? {
                break "the input ends in the middle of it";
            }
        };
        let seen_in = line + newlines(&self.buffer[self.at..self.at + length]);
        let mut why = why.to_owned();
        if seen_in > line {
            why += &format!(" (in line {seen_in})");
        }
        self.resume(seen_in > line)?;
        if self.line > line + 1 {
            why += &format!("; lines up to {} are skipped", self.line - 1);
        }
        Ok(broken(line, why))
    }

    /// The object of that length that begins here.
    fn whole(&mut self, length: usize) -> Piece {
        let (line, text) = (self.line, self.at..self.at + length);
        let lines = newlines(&self.buffer[text.clone()]);
        if lines > 0 {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let last = self.buffer[text.clone()].rsplit(|byte| *byte == b'\n');
            self.indent = last
                .take(1)
                .map(|line| line.iter().take_while(|byte| blank(byte)).count())
                .sum();
        }
        self.line += lines;
        self.at = text.end;
        self.blank = false;
        self.last = Last::Value;
        let text = self.buffer[text].to_vec();
        Piece::Object { line, text }
    }

    /// Goes on after a broken object. Where it spoils its own line only, that is the next line;
    /// else the next one that is indented no deeper and begins with a bracket.
    fn resume(&mut self, beyond_its_line: bool) -> io::Result<()> {
        self.forgiving = true;
        let most = self.indent;
        while self.skip_line()? && beyond_its_line {
            while let Some(b' ' | b'\t') = self.peek()? {
                self.skip_blank();
            }
            if self.indent <= most && matches!(self.peek()?, Some(b'{' | b'[')) {
                break;
            }
        }
        Ok(())
    }

    /// What is no JSON, to the end of its line.
    fn stray(&mut self) -> io::Result<Piece> {
        self.forgiving = true;
        let (line, rest) = (self.line, &self.buffer[self.at..]);
        if line == 1 && matches!(rest, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            while self.skip_line()? {}
            return Ok(broken(line, "this is UTF-16; make it UTF-8".to_owned()));
        }
        let end = rest.iter().position(|byte| *byte == b'\n');
        let shown = &rest[..end.unwrap_or(rest.len()).min(256)];
        let shown = sanitize::line(&String::from_utf8_lossy(shown), 40);
        self.skip_line()?;
        Ok(broken(line, format!("this is no JSON object: {shown}")))
    }

    /// Goes to the beginning of the next line. `false` where there is none.
    fn skip_line(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                self.at += end;
                self.skip_blank();
                return Ok(true);
            }
            self.at = self.buffer.len();
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Reads more; what was dealt with goes. `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let known = self.buffer.len();
        self.buffer.resize(known + CHUNK, 0);
        let read = loop {
            match self.from.read(&mut self.buffer[known..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let more = read.as_ref().map_or(0, |more| *more);
        self.buffer.truncate(known + more);
        read.map(|more| more > 0)
    }
}

fn broken(line: u64, why: String) -> Piece {
    Piece::Broken(Broken { line, why })
}

/// How many line breaks there are.
pub(super) fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let now = self.1.min(to.len());
            self.0.read(&mut to[..now])
        }
    }

    /// The pieces as `line: object` or `line! what is wrong`.
    fn pieces(from: impl Read) -> Vec<String> {
        let mut stream = Stream::new(from);
        let mut told = Vec::new();
        while let Some(piece) = stream.next().unwrap() {
            told.push(match piece {
                Piece::Object { line, text } => {
                    format!("{line}: {}", String::from_utf8_lossy(&text))
                }
                Piece::Broken(Broken { line, why }) => format!("{line}! {why}"),
            });
        }
        told
    }

    #[track_caller]
    fn check(input: &str, want: &[&str]) {
        for step in [1, 2, 7, usize::MAX] {
            assert_eq!(
                pieces(Slow(input.as_bytes(), step)),
                want,
                "{step} bytes at a time"
            );
        }
    }

    #[test]
    fn it_does_not_matter_how_the_input_arrives() {
        check(
            "\u{feff}{}\r\n[{\"a\":1},\n  {\n  }]{}\n{\"b\nx\n{",
            &[
                "1: {}",
                "2: {\"a\":1}",
                "3: {\n  }",
                "4: {}",
                "5! a string does not end in its line",
                "6! this is no JSON object: x",
                "7! the input ends in the middle of it",
            ],
        );
    }

    #[test]
    fn reading_goes_on_at_the_next_value_that_is_no_part_of_the_broken_one() {
        check(
            "  {\n    \"a\": [\n      {}\n    }\n  },\n  {},\n{}",
            &[
                "1! a bracket closes what it did not open (in line 4); lines up to 5 are skipped",
                "6: {}",
                "7: {}",
            ],
        );
    }

    #[test]
    fn no_more_than_one_object_is_held() {
        let row = format!("{{\"a\":\"{}\"}},", "x".repeat(1_000));
        let input = format!("[{}{{}}]", row.repeat(5_000));
        let mut stream = Stream::new(input.as_bytes());
        let mut objects = 0;
        while stream.next().unwrap().is_some() {
            objects += 1;
        }
        assert_eq!(objects, 5_001);
        assert!(
            stream.buffer.capacity() <= 3 * CHUNK,
            "{}",
            stream.buffer.capacity()
        );
    }
}
