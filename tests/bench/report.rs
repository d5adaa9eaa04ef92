//! The table, and the same figures as JSON.

use std::io;
use std::path::Path;

use serde_json::json;

use crate::measure::Measured;

/// One row: what, what must be reached, and how to read it from a measurement.
struct Row {
    what: &'static str,
    must: f64,
    unit: &'static str,
    of: fn(&Measured) -> Option<f64>,
}

const ROWS: [Row; 9] = [
    Row {
        what: "zip of deployment-changed",
        must: 3.0,
        unit: "MB",
        of: |it| it.zip_bytes.map(|bytes| bytes as f64 / 1e6),
    },
    Row {
        what: "init, exec to first /next, median of 20",
        must: 15.0,
        unit: "ms",
        of: |it| Some(it.init_ms),
    },
    Row {
        what: "peak memory after the alerts",
        must: 18.0,
        unit: "MB",
        of: |it| Some(it.peak_memory_bytes as f64 / 1e6),
    },
    Row {
        what: "round trips before the publish",
        must: 3.0,
        unit: "",
        of: |it| Some(it.round_trips as f64),
    },
    Row {
        what: "warm CPU per event",
        must: 5.0,
        unit: "ms",
        of: |it| Some(it.warm_cpu_ms),
    },
    Row {
        what: "of it in the kernel",
        must: f64::INFINITY,
        unit: "ms",
        of: |it| Some(it.warm_kernel_cpu_ms),
    },
    Row {
        what: "TLS connections opened in the first event",
        must: 0.0,
        unit: "",
        of: |it| Some(it.handshakes_in_first_event as f64),
    },
    Row {
        what: "calls before the publish",
        must: f64::INFINITY,
        unit: "",
        of: |it| Some(it.calls as f64),
    },
    Row {
        what: "warm answer at 50 ms a call, median",
        must: f64::INFINITY,
        unit: "ms",
        of: |it| Some(it.warm_answer_ms),
    },
];

/// What was to be reached and was not.
pub fn missed(ours: &Measured) -> Vec<&'static str> {
    let missed = |row: &&Row| (row.of)(ours).is_some_and(|value| value > row.must);
    ROWS.iter().filter(missed).map(|row| row.what).collect()
}

/// Prints the table.
#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
pub fn print(ours: &Measured, plain: &Measured) {
    println!("| what | must reach | opsbot | plain boto3 | boto3 / opsbot | |");
    println!("|---|---|---|---|---|---|");
    for Row {
        what,
        must,
        unit,
        of,
    } in ROWS
    {
        let number =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |it| shown(it, unit));
        let limit = if must.is_finite() {
            format!("at most {}", shown(must, unit))
        } else {
            "-".to_owned()
        };
        let ratio = match (of(ours), of(plain)) {
            (Some(ours), Some(plain)) if ours > 0.0 => format!("{:.1}", plain / ours),
            _ => "-".to_owned(),
        };
        let reached = if of(ours).is_some_and(|it| it <= must) {
            "reached"
        } else {
            "MISSED"
        };
        let reached = if must.is_finite() { reached } else { "" };
        let (ours, plain) = (number(of(ours)), number(of(plain)));
        println!("| {what} | {limit} | {ours} | {plain} | {ratio} | {reached} |");
    }
    println!(
        "\n{} alerts by opsbot, {} by boto3.",
        ours.alerts, plain.alerts
    );
}

fn shown(value: f64, unit: &str) -> String {
    let number = if unit.is_empty() {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    };
    format!("{number} {unit}").trim_end().to_owned()
}

/// Writes the figures.
///
/// # Errors
///
/// The file cannot be written.
pub fn write(path: &str, ours: &Measured, plain: &Measured) -> io::Result<()> {
    let json = json!({ "deployment_changed": ours, "plain_boto3": plain });
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, format!("{json:#}\n"))
}
