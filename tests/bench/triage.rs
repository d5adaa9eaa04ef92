//! `opsbot triage --json` over many tasks.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Serialize;

/// The corpus, again and again.
const CORPUS: &str = include_str!("../../shared/domain/tests/corpus/stopped-tasks.jsonl");
const TASKS: usize = 100_000;
const RUNS: usize = 5;

/// What it took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Triaged {
    /// How many tasks.
    pub tasks: usize,
    /// From start to end, reading a file, median.
    pub wall_s: f64,
    /// The most memory it held.
    pub peak_memory_bytes: u64,
}

/// Measures the command-line program.
///
/// # Errors
///
/// It cannot be run, or fails.
pub fn all(opsbot: &Path) -> io::Result<Triaged> {
    let mut rows = String::new();
    for row in CORPUS.lines().cycle().take(TASKS) {
        rows.push_str(row);
        rows.push('\n');
    }
    let file = opsbot.with_file_name("triage.jsonl");
    std::fs::write(&file, &rows)?;
    let runs: io::Result<Vec<f64>> = (0..RUNS).map(|_| timed(opsbot, &file)).collect();
    let mut runs = runs?;
    runs.sort_by(f64::total_cmp);
    Ok(Triaged {
        tasks: TASKS,
        wall_s: runs[RUNS / 2],
        peak_memory_bytes: memory(opsbot, rows.as_bytes())?,
    })
}

fn timed(opsbot: &Path, file: &Path) -> io::Result<f64> {
    let began = Instant::now();
    let mut command = Command::new(opsbot);
    command.args(["triage", "--json"]).arg(file);
    let status = command.stdout(Stdio::null()).status()?;
    match status.success() {
        true => Ok(began.elapsed().as_secs_f64()),
        false => Err(io::Error::other("opsbot triage failed")),
    }
}

/// Read while it waits for more: its peak is the kernel's (`VmHWM`, proc(5)).
fn memory(opsbot: &Path, rows: &[u8]) -> io::Result<u64> {
    let mut command = Command::new(opsbot);
    command.args(["triage", "--json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        stdin.write_all(rows)?;
        stdin.flush()?;
    }
    let peak = crate::process::peak_memory(child.id())?;
    drop(stdin);
    child.wait()?;
    Ok(peak)
}
