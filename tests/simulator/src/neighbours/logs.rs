//! `CloudWatch` Logs `GetLogEvents`.

use crate::api::{Answer, ApiError, number, text};
use crate::world::{LogEvent, World};
use serde_json::json;

/// A page holds at most 10,000 events or 1 MiB, counting 26 bytes beside each message.
const PAGE_EVENTS: usize = 10_000;
const PAGE_BYTES: usize = 1_048_576;

pub(crate) fn get_log_events(world: &World, body: &serde_json::Value) -> Answer {
    let identifier = text(body, "logGroupIdentifier");
    let group = match text(body, "logGroupName") {
        "" => identifier
            .split(":log-group:")
            .last()
            .unwrap_or(identifier)
            .trim_end_matches(":*"),
        name => name,
    };
    let missing = |what: &str| {
        ApiError::new(
            "ResourceNotFoundException",
            format!("The specified log {what} does not exist."),
        )
    };
    if !world.has_log_group(group) {
        return Err(missing("group"));
    }
    let stream = world.log_stream(group, text(body, "logStreamName"));
    let stream = stream.ok_or_else(|| missing("stream"))?;
    let millis = |event: &LogEvent| event.at.timestamp_millis() as f64;
    let (start, end) = (number(body, "startTime"), number(body, "endTime"));
    let within = |event: &&LogEvent| {
        start.is_none_or(|start| millis(event) >= start)
            && end.is_none_or(|end| millis(event) < end)
    };
    let events: Vec<&LogEvent> = stream.iter().filter(within).collect();
    let limit = number(body, "limit")
        .map_or(PAGE_EVENTS, |n| n as usize)
        .min(PAGE_EVENTS);
    let (from, to) = window(
        &events,
        text(body, "nextToken"),
        body["startFromHead"] == true,
        limit,
    )?;
    let shown: Vec<_> = events[from..to]
        .iter()
        .map(|event| {
            let at = event.at.timestamp_millis();
            json!({"timestamp": at, "message": event.message, "ingestionTime": at + 500})
        })
        .collect();
    // The end of the stream is the same token again; it is never null.
    Ok(
        json!({"events": shown, "nextForwardToken": format!("f/{to:056}/s"),
        "nextBackwardToken": format!("b/{from:056}/s")}),
    )
}

/// The events of the wanted page, as positions in the stream.
fn window(
    events: &[&LogEvent],
    token: &str,
    from_head: bool,
    limit: usize,
) -> Result<(usize, usize), ApiError> {
    let position = |token: &str| {
        let digits = token
            .get(2..58)
            .and_then(|digits| digits.parse::<usize>().ok());
        let known = digits.filter(|position| *position <= events.len());
        known.ok_or_else(|| {
            let text = "The specified nextToken is invalid.";
            ApiError::new("InvalidParameterException", text)
        })
    };
    match token.get(..2) {
        Some("f/") => Ok(forward(events, position(token)?, limit)),
        Some("b/") => Ok(backward(events, position(token)?, limit)),
        None if token.is_empty() && from_head => Ok(forward(events, 0, limit)),
        None if token.is_empty() => Ok(backward(events, events.len(), limit)),
        _ => position("").map(|at| (at, at)),
    }
}

fn fitting<'a>(events: impl Iterator<Item = &'a &'a LogEvent>, limit: usize) -> usize {
    let mut bytes = 0;
    let fits = |event: &&&LogEvent| {
        bytes += event.message.len() + 26;
        bytes <= PAGE_BYTES
    };
    events.take(limit).take_while(fits).count()
}

fn forward(events: &[&LogEvent], from: usize, limit: usize) -> (usize, usize) {
    (from, from + fitting(events[from..].iter(), limit))
}

fn backward(events: &[&LogEvent], to: usize, limit: usize) -> (usize, usize) {
    (to - fitting(events[..to].iter().rev(), limit), to)
}
