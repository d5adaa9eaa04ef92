//! What the person at the terminal sees.
#![expect(clippy::print_stdout, reason = "printing is what this module is for")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use stage::Alert;
use stories::Story;

/// One thing that happened.
pub(crate) struct Line {
    /// By the simulator's clock.
    pub(crate) at: DateTime<Utc>,
    /// Since the demo began.
    pub(crate) elapsed: Duration,
    pub(crate) text: String,
}

pub(crate) fn list(stories: impl Iterator<Item = Story>) {
    println!("Scenarios of `make demo SCENARIO=name`:");
    for story in stories {
        println!("  {:22} {}", story.name, story.about);
    }
}

pub(crate) fn title(story: &Story) {
    println!("Scenario {}: {}.", story.name, story.about);
}

pub(crate) fn step(elapsed: Duration, text: &str) {
    println!("{:6.1} s  {text}", elapsed.as_secs_f64());
}

pub(crate) fn failure(text: &str) {
    println!("FAILED: {text}");
}

/// The three forms that people get.
pub(crate) fn alert(alert: &Alert) {
    heading("E-MAIL");
    println!("Subject: {}\n", alert.subject);
    println!("{}", alert.form("email").trim_end());
    heading("CHAT (Amazon Q Developer in chat applications)");
    match serde_json::from_str::<Value>(alert.form("https")) {
        Ok(card) => chat(&card["content"]),
        Err(error) => println!("the card is not JSON: {error}"),
    }
    heading("SMS");
    println!("{}\n", alert.form("sms"));
}

/// The story once more, from the beginning.
pub(crate) fn timeline(lines: &[Line]) {
    heading("TIMELINE (by the clock of ECS; seconds since the demo began)");
    for Line { at, elapsed, text } in lines {
        let at = at.format("%H:%M:%S");
        println!("  {at}  {:6.1} s  {text}", elapsed.as_secs_f64());
    }
    println!();
}

fn heading(text: &str) {
    println!(
        "\n──── {text} {}",
        "─".repeat(74_usize.saturating_sub(text.chars().count()))
    );
}

fn chat(content: &Value) {
    let text = |value: &Value| {
        let escaped = value.as_str().unwrap_or_default();
        escaped
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    println!("│ {}", text(&content["title"]));
    println!("│");
    for line in text(&content["description"]).lines() {
        println!("│ {line}");
    }
    let steps = content["nextSteps"].as_array().into_iter().flatten();
    for (number, step) in steps.enumerate() {
        println!("│ {}. {}", number + 1, text(step));
    }
}
