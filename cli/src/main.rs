//! `opsbot`: the head and the hands of opsbot for a terminal. Arguments in, an exit code out.

mod commands;

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use commands::{Cli, Outcome, World};

#[expect(
    clippy::disallowed_methods,
    reason = "main is where the environment and the clock are read"
)]
fn main() -> ExitCode {
    let cli = Cli::parse();
    let (stdin, stdout, mut stderr) = (io::stdin(), io::stdout(), io::stderr());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let mut world = World {
        typed_input: stdin.is_terminal(),
        styled_output: stdout.is_terminal() && !dumb && !no_color,
        stdin: Box::new(stdin.lock()),
        stdout: &mut stdout.lock(),
        stderr: &mut stderr,
        environment: &|key| env::var(key).ok(),
        now: SystemTime::now().into(),
    };
    let outcome = match cli.run(&mut world) {
        Ok(outcome) => outcome,
        // The reader has seen enough, as `head` has.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Outcome::Done,
        Err(error) => {
            // Where this cannot be written either, the exit code says it.
            _ = writeln!(io::stderr(), "opsbot: cannot write the output: {error}");
            Outcome::Broken
        }
    };
    ExitCode::from(outcome as u8)
}
