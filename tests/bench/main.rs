//! The benchmark: what a failed deployment costs, measured on the release binary, beside the same
//! job as a plain boto3 handler in the same run.
//!
//! `bench <function binary> <python with boto3>`. Prints a table and writes `target/bench.json`.
//! The Runtime API and AWS are on loopback; every AWS call takes 50 ms. Init, memory and CPU are
//! measured over plain HTTP, as the 50 ms would hide no handshake; only the count of handshakes is
//! taken over TLS. Fails where a figure that must be reached is not.

mod measure;
mod process;
mod report;
mod runtime_api;

use std::path::PathBuf;

use process::Program;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: bench <function binary> <python with boto3>";
    let binary = PathBuf::from(arguments.next().ok_or(usage)?);
    let python = arguments.next().ok_or(usage)?;
    let handler = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/handler.py").to_owned();

    let ours = Program {
        command: vec![binary.display().to_string()],
    };
    let plain = Program {
        command: vec![python, handler],
    };
    let ours = measure::all("opsbot", &ours, 200, Some(&binary)).await?;
    let plain = measure::all("boto3", &plain, 40, None).await?;
    report::print(&ours, &plain);
    report::write("target/bench.json", &ours, &plain)?;
    match report::missed(&ours) {
        missed if missed.is_empty() => Ok(()),
        missed => Err(format!("not reached: {}", missed.join(", ")).into()),
    }
}
