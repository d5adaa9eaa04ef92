//! Lines of at most 80 columns.

const WIDTH: usize = 80;

/// A text that grows by paragraphs.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    /// An empty line, unless there is one already.
    pub fn blank(&mut self) {
        if !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// The title of a section, after an empty line.
    pub fn title(&mut self, title: &str) {
        self.blank();
        self.verbatim(title);
    }

    /// A line as it is, however long.
    pub fn verbatim(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    /// A paragraph behind a label, if there is one to write.
    pub fn labelled(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            self.paragraph(label, text);
        }
    }

    /// Words, wrapped, behind `first`; later lines hang below. A margin of bars goes on. A word that
    /// is too long for a line (an address, an ARN) stays whole.
    pub fn paragraph(&mut self, first: &str, text: &str) {
        let margin: String = first
            .chars()
            .map(|c| if c == '|' { '|' } else { ' ' })
            .collect();
        let (mut line, mut width, mut empty) = (first.to_owned(), margin.len(), true);
        for word in text.split_whitespace() {
            let more = word.chars().count();
            if !empty && width + 1 + more > WIDTH {
                self.verbatim(&line);
                line.clone_from(&margin);
                (width, empty) = (margin.len(), true);
            }
            if !empty {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            (width, empty) = (width + more, false);
        }
        self.verbatim(&line);
    }

    /// A paragraph; a command in it gets a line of its own, whole, so that it can be copied.
    pub fn instruction(&mut self, first: &str, text: &str) {
        let Some((words, command)) = text.split_once(": aws ") else {
            return self.paragraph(first, text);
        };
        let (command, rest) = split_sentence(command);
        let indent = " ".repeat(first.chars().count());
        self.paragraph(first, &format!("{words}:"));
        self.verbatim(&format!("{indent}aws {command}"));
        if let Some(rest) = rest {
            self.instruction(&indent, rest);
        }
    }
}

/// The first sentence without its full stop, and the rest: a sentence begins with a capital letter.
pub(in crate::alert) fn split_sentence(text: &str) -> (&str, Option<&str>) {
    let begins = |at: &usize| text[at + 2..].starts_with(|c: char| c.is_uppercase());
    let mut ends = text.match_indices(". ").map(|(at, _)| at);
    match ends.find(begins) {
        Some(at) => (&text[..at], Some(&text[at + 2..])),
        None => (text, None),
    }
}
