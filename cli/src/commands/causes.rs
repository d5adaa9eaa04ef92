//! `opsbot causes`: the table of causes in the README.

use std::io;

use domain::causes::{Cause, Fault};

use super::{Outcome, World};

pub(super) fn run(world: &mut World<'_>) -> io::Result<Outcome> {
    let mut table = "| Code | In an alert's headline | Whose fault |\n|---|---|---|\n".to_owned();
    for cause in Cause::ALL {
        let (code, phrase) = (cause.code(), cause.phrase());
        table += &format!("| `{code}` | {phrase} | {} |\n", whose(cause.fault()));
    }
    world.stdout.write_all(table.as_bytes())?;
    Ok(Outcome::Done)
}

fn whose(fault: Fault) -> &'static str {
    match fault {
        Fault::Deployment => "the release",
        Fault::Environment => "the environment",
        Fault::Intended => "nobody's: intended",
        Fault::Unclear => "unclear",
    }
}
