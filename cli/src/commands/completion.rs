//! `opsbot completion`: a script for the user's shell.

use std::io;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use super::{Cli, Outcome, World};

/// Print a completion script for a shell
///
/// For one session:
///
///   source <(opsbot completion bash)
///   source <(opsbot completion zsh)
///   opsbot completion fish | source
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// The shell to write for
    shell: Known,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(arguments: &Arguments, world: &mut World<'_>) -> io::Result<Outcome> {
    let shell = match arguments.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    // `generate` panics where it cannot write, so it writes where it always can.
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "opsbot", &mut script);
    world.stdout.write_all(&script)?;
    Ok(Outcome::Done)
}
