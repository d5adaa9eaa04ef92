//! The benchmark: what a failed deployment costs, measured on the release binary, beside the same
//! job as a plain boto3 handler in the same run.
//!
//! `bench <folder of the release binaries> <python with boto3>`. Prints tables and writes
//! `target/bench.json`. The Runtime API and AWS are on loopback; every AWS call takes 50 ms. Init,
//! memory and CPU are measured over plain HTTP, as the 50 ms would hide no handshake; only the count
//! of handshakes is taken over TLS. A storm of stopped tasks is sent without latency, against the
//! throttle buckets of the ECS API. Fails where a figure that must be reached is not.

mod measure;
mod process;
mod report;
mod rollback;
mod runtime_api;
mod storm;
mod triage;

use std::path::PathBuf;

use process::Program;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: bench <folder of the release binaries> <python with boto3>";
    let folder = PathBuf::from(arguments.next().ok_or(usage)?);
    let python = arguments.next().ok_or(usage)?;
    let plain = |file: &str| Program {
        command: vec![
            python.clone(),
            format!("{}/bench/{file}", env!("CARGO_MANIFEST_DIR")),
        ],
        settings: Vec::new(),
    };
    let (changed, stopped) = (
        folder.join("deployment-changed"),
        folder.join("task-stopped"),
    );
    let roll_back = folder.join("roll-back");
    let asks = Program::of(&changed).with(&rollback::ENABLED);
    let writes = Program::of(&roll_back).with(&rollback::ENABLED);
    let one_rollback = rollback::one(&asks, &writes, &roll_back).await?;
    let many_rollbacks = rollback::many(&asks, &writes).await?;
    let (ours, each) = (Program::of(&stopped), plain("each.py"));
    let one_stop = storm::one_stop(&ours, &stopped).await?;
    let mut storms = Vec::new();
    for (what, which) in [
        ("one crash loop", storm::LOOP),
        ("200 services", storm::SPREAD),
    ] {
        let ours = storm::weather("opsbot", &ours, which, true).await?;
        let plain = storm::weather("one message an event", &each, which, false).await?;
        storms.push((what, which, ours, plain));
    }
    let ours = measure::all("opsbot", &Program::of(&changed), 200, Some(&changed)).await?;
    let plain = measure::all("boto3", &plain("handler.py"), 40, None).await?;

    let triaged = triage::all(&folder.join("opsbot"))?;

    let mut lines = report::deployment(&ours, &plain);
    lines.extend(report::one_stop(&one_stop));
    for (what, which, ours, plain) in &storms {
        lines.extend(report::storm(what, *which, ours, plain));
    }
    lines.extend(report::rollbacks(&one_rollback, &many_rollbacks));
    lines.extend(report::triaged(&triaged));
    report::print(&lines);
    let storms = storms.iter().map(|(what, _, ours, plain)| {
        json!({ "what": what, "task_stopped": ours, "one_message_an_event": plain })
    });
    let figures = json!({
        "deployment_changed": ours,
        "plain_boto3": plain,
        "task_stopped": one_stop,
        "rollback": one_rollback,
        "rollbacks": many_rollbacks,
        "triage": triaged,
        "storms": storms.collect::<Vec<_>>(),
    });
    report::write("target/bench.json", &figures)?;
    match report::missed(&lines) {
        missed if missed.is_empty() => Ok(()),
        missed => Err(format!("not reached: {}", missed.join(", ")).into()),
    }
}
