//! The table, and the same figures as JSON.

use std::io;
use std::path::Path;

use serde_json::Value;
use tests::storm::Storm;

use crate::measure::Measured;
use crate::rollback::{ManyRollbacks, OneRollback};
use crate::storm::{OneStop, Weathered};
use crate::triage::Triaged;

/// One line of the table.
#[derive(Debug)]
pub struct Line {
    what: String,
    must: f64,
    unit: &'static str,
    ours: Option<f64>,
    plain: Option<f64>,
}

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

/// The lines of a failed deployment.
pub fn deployment(ours: &Measured, plain: &Measured) -> Vec<Line> {
    let line = |row: &Row| Line {
        what: row.what.to_owned(),
        must: row.must,
        unit: row.unit,
        ours: (row.of)(ours),
        plain: (row.of)(plain),
    };
    ROWS.iter().map(line).collect()
}

/// The lines of one ordinary stop.
pub fn one_stop(ours: &OneStop) -> Vec<Line> {
    let rows = [
        (
            "zip of task-stopped",
            3.0,
            "MB",
            ours.zip_bytes as f64 / 1e6,
        ),
        (
            "init of task-stopped, median of 20",
            15.0,
            "ms",
            ours.init_ms,
        ),
        (
            "one stop: round trips before the publish",
            2.0,
            "",
            ours.round_trips as f64,
        ),
        (
            "one stop: calls before the publish",
            f64::INFINITY,
            "",
            ours.calls as f64,
        ),
    ];
    rows.map(|(what, must, unit, ours)| Line {
        what: what.to_owned(),
        must,
        unit,
        ours: Some(ours),
        plain: None,
    })
    .into()
}

/// The lines of rollbacks.
pub fn rollbacks(one: &OneRollback, many: &ManyRollbacks) -> Vec<Line> {
    let at_once = |row: &str| format!("{} services fail at once: {row}", many.services);
    let any = f64::INFINITY;
    let rows = [
        (
            "zip of roll-back".to_owned(),
            3.0,
            "MB",
            one.zip_bytes as f64 / 1e6,
        ),
        (
            "init of roll-back, median of 20".to_owned(),
            15.0,
            "ms",
            one.init_ms,
        ),
        (
            "event to UpdateService: round trips".to_owned(),
            5.0,
            "",
            one.round_trips as f64,
        ),
        (
            "event to UpdateService at 50 ms a call".to_owned(),
            any,
            "ms",
            one.to_update_ms,
        ),
        (at_once("not updated"), 0.0, "", many.lost as f64),
        (at_once("updated twice"), 0.0, "", many.twice as f64),
        (
            at_once("throttled UpdateService calls"),
            any,
            "",
            many.throttled as f64,
        ),
        (at_once("wall time"), any, "s", many.wall_s),
    ];
    rows.map(|(what, must, unit, ours)| Line {
        what,
        must,
        unit,
        ours: Some(ours),
        plain: None,
    })
    .into()
}

/// The lines of the command-line program.
pub fn triaged(it: &Triaged) -> Vec<Line> {
    let line = |row: &str, must: f64, unit, ours: f64| Line {
        what: format!("opsbot triage, {} tasks: {row}", it.tasks),
        must,
        unit,
        ours: Some(ours),
        plain: None,
    };
    vec![
        line("wall time, median of 5", 2.0, "s", it.wall_s),
        line(
            "peak memory",
            f64::INFINITY,
            "MB",
            it.peak_memory_bytes as f64 / 1e6,
        ),
    ]
}

/// The lines of a storm.
pub fn storm(what: &str, storm: Storm, ours: &Weathered, plain: &Weathered) -> Vec<Line> {
    let incidents = storm.services * storm.causes;
    let decades = (storm.tasks / incidents).ilog10() as usize + 1;
    let any = f64::INFINITY;
    let line = |row: &str, must: f64, unit, of: fn(&Weathered) -> Option<f64>| Line {
        what: format!("{} stops, {what}: {row}", storm.tasks),
        must,
        unit,
        ours: of(ours),
        plain: of(plain),
    };
    vec![
        line("messages", any, "", |it| Some(it.messages as f64)),
        line("alerts", (incidents * decades) as f64, "", |it| {
            Some(it.alerts as f64)
        }),
        line("decades told twice", 0.0, "", |it| {
            it.repeated.map(|n| n as f64)
        }),
        line("incidents counted wrong", 0.0, "", |it| {
            it.miscounted.map(|n| n as f64)
        }),
        line("AWS calls", any, "", |it| Some(it.calls as f64)),
        line("throttled calls", 0.0, "", |it| Some(it.throttled as f64)),
        line("wall time", any, "s", |it| Some(it.wall_s)),
        line("peak memory", any, "MB", |it| {
            Some(it.peak_memory_bytes as f64 / 1e6)
        }),
    ]
}

/// What was to be reached and was not.
pub fn missed(lines: &[Line]) -> Vec<&str> {
    let missed = |line: &&Line| line.ours.is_some_and(|value| value > line.must);
    lines
        .iter()
        .filter(missed)
        .map(|line| line.what.as_str())
        .collect()
}

/// Prints the table.
#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
pub fn print(lines: &[Line]) {
    println!("| what | must reach | opsbot | plain boto3 | boto3 / opsbot | |");
    println!("|---|---|---|---|---|---|");
    for line in lines {
        println!("{}", line.row());
    }
}

impl Line {
    fn row(&self) -> String {
        let Self {
            what,
            must,
            unit,
            ours,
            plain,
        } = self;
        let number =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |it| shown(it, unit));
        let ratio = match (ours, plain) {
            (Some(ours), Some(plain)) if *ours > 0.0 => format!("{:.1}", plain / ours),
            _ => "-".to_owned(),
        };
        let (limit, reached) = match ours {
            _ if !must.is_finite() => ("-".to_owned(), ""),
            Some(it) if it <= must => (format!("at most {}", shown(*must, unit)), "reached"),
            _ => (format!("at most {}", shown(*must, unit)), "MISSED"),
        };
        let (ours, plain) = (number(*ours), number(*plain));
        format!("| {what} | {limit} | {ours} | {plain} | {ratio} | {reached} |")
    }
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
pub fn write(path: &str, figures: &Value) -> io::Result<()> {
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, format!("{figures:#}\n"))
}
