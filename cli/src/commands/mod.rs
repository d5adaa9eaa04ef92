//! The commands, one file or folder each.

mod causes;
mod completion;
mod history;
mod triage;

use std::io::{self, Read, Write};

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

/// Explains what happens to tasks of Amazon ECS, offline, and what opsbot decided on a service.
#[derive(Debug, Parser)]
#[command(
    name = "opsbot",
    version,
    propagate_version = false,
    max_term_width = 80
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Triage(triage::Arguments),
    History(history::Arguments),
    /// Print the table of causes as Markdown
    Causes,
    Completion(completion::Arguments),
}

/// What a command sees of the process it runs in.
pub(crate) struct World<'a> {
    pub(crate) stdin: Box<dyn Read + 'a>,
    pub(crate) stdout: &'a mut dyn Write,
    pub(crate) stderr: &'a mut dyn Write,
    /// Whether somebody would have to type the input.
    pub(crate) typed_input: bool,
    /// Whether the output may be styled where the user does not say.
    pub(crate) styled_output: bool,
    /// The environment variables.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// Now.
    pub(crate) now: DateTime<Utc>,
}

/// How a command ended; `as u8` is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All went well.
    Done = 0,
    /// Some of the input could not be understood, or AWS did not give it.
    Broken = 1,
    /// It was called in a wrong way. Also clap's own exit code.
    Usage = 2,
}

impl Cli {
    /// Runs the command. Errors are those of writing; a command reports those of reading itself.
    pub(crate) fn run(&self, world: &mut World<'_>) -> io::Result<Outcome> {
        match &self.command {
            Command::Triage(arguments) => triage::run(arguments, world),
            Command::History(arguments) => history::run(arguments, world),
            Command::Causes => causes::run(world),
            Command::Completion(arguments) => completion::run(arguments, world),
        }
    }
}
