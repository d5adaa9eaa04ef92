//! `opsbot triage`: why tasks stopped, from what ECS said about them.

mod batch;
mod explain;
mod report;
mod scanner;
mod shape;
mod stream;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use domain::sanitize;

use super::{Outcome, World};
use batch::Form;
use report::Tally;
use shape::Found;
use stream::{Broken, Piece, Stream};

/// Explain why tasks stopped
///
/// Reads JSON or JSON lines, also pretty-printed, also several documents in a row:
///
///   - "ECS Task State Change" events of EventBridge, or their "detail"
///   - tasks, or whole answers of `aws ecs describe-tasks`
///   - rows of `id`, `stop_code`, `stopped_reason` and `containers`, those of
///     `name`, `exit_code` and `reason`
///
/// Nothing is sent anywhere and no AWS account is needed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Files to read; `-` or none is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Print one JSON object a line instead of a report
    #[arg(long)]
    json: bool,
    /// Whether the report has bold titles
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Also into a file or a pipe
    Always,
    /// Nowhere
    Never,
}

const AFTER_HELP: &str = r#"With --json, one object a line, in the order of the input:
  id          the row's id, else the task's ARN, else null
  cause       a code; `opsbot causes` lists them
  container   the container to blame, or null
  confidence  certain, likely or possible
  evidence    [{"source", "quote"}]: where it was said, and the words
  fix         what to do

Exit codes:
  0  all input was understood
  1  some was not: it is named on standard error with its line, the rest is done
  2  wrong usage

Examples:
  aws ecs describe-tasks --cluster prod --tasks "$task" | opsbot triage
  opsbot triage --json events.jsonl | jq -r .cause | sort | uniq -c"#;

/// What the whole run has seen so far.
struct Run<'a, 'b> {
    world: &'a mut World<'b>,
    form: Form,
    tally: Tally,
    outcome: Outcome,
}

pub(super) fn run(arguments: &Arguments, world: &mut World<'_>) -> io::Result<Outcome> {
    if arguments.files.is_empty() && world.typed_input {
        let usage =
            "opsbot: no input. Name files, or pipe into it; `opsbot triage --help` says more.";
        writeln!(world.stderr, "{usage}")?;
        return Ok(Outcome::Usage);
    }
    let form = match (arguments.json, arguments.color) {
        (true, _) => Form::Json,
        (false, Color::Auto) => Form::Report {
            styled: world.styled_output,
        },
        (false, Color::Always) => Form::Report { styled: true },
        (false, Color::Never) => Form::Report { styled: false },
    };
    let (tally, outcome) = (Tally::default(), Outcome::Done);
    let mut run = Run {
        world,
        form,
        tally,
        outcome,
    };
    let standard = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() {
        &standard[..]
    } else {
        &arguments.files
    };
    files.iter().try_for_each(|file| run.file(file))?;
    run.finish()
}

impl Run<'_, '_> {
    fn file(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str() == "-" {
            let stdin = std::mem::replace(&mut self.world.stdin, Box::new(io::empty()));
            return self.read(stdin, "-");
        }
        let name = sanitize::line(&path.to_string_lossy(), 256);
        match File::open(path) {
            Ok(file) => self.read(file, &name),
            Err(error) => self.broken(&name, &error.to_string()),
        }
    }

    /// Explains all of one input. What was read is told before there may be a wait for the next
    /// object, so that whoever follows a log sees it at once.
    fn read(&mut self, from: impl Read, name: &str) -> io::Result<()> {
        let mut stream = Stream::new(from);
        let (mut pieces, mut size) = (Vec::new(), 0);
        loop {
            if size >= batch::MOST || stream.may_wait() {
                self.tell(&pieces, name)?;
                pieces.clear();
                size = 0;
            }
            match stream.next() {
                Ok(Some(piece)) => {
                    size += piece.size();
                    pieces.push(piece);
                }
                Ok(None) => return self.tell(&pieces, name),
                Err(error) => {
                    self.tell(&pieces, name)?;
                    return self.broken(name, &error.to_string());
                }
            }
        }
    }

    fn tell(&mut self, pieces: &[Piece], name: &str) -> io::Result<()> {
        let mut out = String::new();
        for (found, told) in batch::explain_all(pieces, self.form) {
            if let Some((cause, text)) = told {
                self.tally.count(cause);
                out += &text;
            }
            match found {
                Found::Subject(_) => {}
                Found::Nothing(why) => {
                    writeln!(self.world.stderr, "opsbot: {name}: skipped: {why}")?;
                }
                Found::Broken(Broken { line, why }) => {
                    self.broken(&format!("{name}: line {line}"), &why)?;
                }
            }
        }
        self.world.stdout.write_all(out.as_bytes())
    }

    fn broken(&mut self, place: &str, why: &str) -> io::Result<()> {
        self.outcome = Outcome::Broken;
        writeln!(self.world.stderr, "opsbot: {place}: {why}")
    }

    fn finish(self) -> io::Result<Outcome> {
        if self.tally.total() == 0 {
            writeln!(self.world.stderr, "opsbot: no stopped task in the input")?;
        }
        let Self {
            world,
            form,
            tally,
            outcome,
        } = self;
        if matches!(form, Form::Report { .. }) {
            world.stdout.write_all(tally.report().as_bytes())?;
        }
        world.stdout.flush()?;
        Ok(outcome)
    }
}
