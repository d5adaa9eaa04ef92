//! The last lines of one container's log.

use chrono::DateTime;
use domain::facts::{Fact, LogLine, LogTail, Why};

use crate::asking::{Asking, missing};

/// Where a container's log is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub container: String,
    pub task_id: String,
    pub group: String,
    pub stream: String,
    pub region: String,
}

/// `GetLogEvents` from the end of one stream. A page may be empty without being the last
/// (API reference, `GetLogEvents`), so an empty one is followed once.
pub(crate) async fn tail(asking: &Asking<'_>, place: Place, lines: u8) -> Fact<LogTail> {
    let what = format!("the log of container {}", place.container);
    let action = "logs:GetLogEvents";
    let ask = |token: Option<String>| {
        let call = asking.clients.logs.get_log_events();
        let call = call
            .log_group_name(&place.group)
            .log_stream_name(&place.stream);
        let call = call
            .limit(i32::from(lines))
            .start_from_head(false)
            .set_next_token(token);
        asking.ask(&what, action, call.send())
    };
    let mut answer = ask(None).await;
    if let Fact::Known(page) = &answer
        && page.events().is_empty()
        && page.next_backward_token().is_some()
    {
        answer = ask(page.next_backward_token.clone()).await;
    }
    match answer {
        Fact::Known(page) if page.events().is_empty() => {
            let detail = format!("log stream {} is empty", place.stream);
            missing(&what, Why::NotFound { detail })
        }
        Fact::Known(page) => Fact::Known(LogTail {
            lines: page.events().iter().filter_map(line).collect(),
            container: place.container,
            task_id: place.task_id,
            group: place.group,
            stream: place.stream,
            region: place.region,
        }),
        Fact::Missing(missing) => Fact::Missing(missing),
    }
}

fn line(event: &aws_sdk_cloudwatchlogs::types::OutputLogEvent) -> Option<LogLine> {
    let at = DateTime::from_timestamp_millis(event.timestamp().unwrap_or_default())?;
    Some(LogLine {
        at,
        message: event.message().unwrap_or_default().to_owned(),
    })
}
