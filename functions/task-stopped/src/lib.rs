//! Answers `ECS Task State Change` events in batches: a stopped task is explained, and a storm of
//! them is one alert.
//!
//! The story, for each batch: parse it, put the stops together that belong together, count each
//! task once, and where a number is news gather, diagnose and tell it. Messages that could not be
//! answered are handed back to the queue alone; the others are done with.

mod batch;
mod claims;
mod failing;
mod look;
mod memory;
mod story;
mod watch;

use std::time::Duration;

use aws::Invocation;
use aws::gather;
use aws::queues::NotSent;
use aws::tell::NotPublished;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use batch::Batch;
use domain::facts::Missing;
use domain::settings::Queues;
use domain::stop::Story;
pub use memory::Memory;
use story::Answering;

/// Why messages must come again.
#[derive(Debug, thiserror::Error)]
pub enum Retry {
    /// SNS did not take the alert.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// SQS did not take a watch or a failing deployment.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// The incident could not be read, or what was said of it not be remembered.
    #[error("could not keep an incident: {} is missing: {:?}", .0.what, .0.why)]
    NotSeen(Missing),
}

/// A batch of so few messages is no storm: what an alert needs is read before it is known that there
/// is one, which saves two round trips.
const READ_AHEAD: usize = 3;

/// Answers one batch, with the messages that must come again.
pub async fn answer(
    batch: SqsEvent,
    invocation: &Invocation<'_>,
    queues: &Queues,
    memory: &Memory,
) -> SqsBatchResponse {
    let Batch {
        messages,
        stops,
        watches,
        unreadable: mut again,
    } = batch::open(batch, invocation.settings);
    let answering = Answering {
        invocation,
        queues,
        memory,
        ahead: messages <= READ_AHEAD,
    };
    let mut is_time = true;
    memory.definitions.new_batch();
    for some in answering.sorted(stops).await.chunks(gather::AT_ONCE) {
        if !is_time {
            again.extend(some.iter().flat_map(Story::deliveries).cloned());
            continue;
        }
        for (story, retry) in answering.stories(some).await {
            tracing::error!(service = %story.subject.arn, "{}", aws::chain(&retry));
            again.extend(story.deliveries().cloned());
        }
        // Nothing more can be read or counted then: what is left comes again.
        is_time = invocation.has_time(Duration::ZERO);
    }
    for some in watches.chunks(gather::AT_ONCE) {
        if !is_time {
            again.extend(some.iter().flat_map(|asked| &asked.deliveries).cloned());
            continue;
        }
        for (asked, retry) in look::answers(some, invocation, queues).await {
            tracing::error!(incident = asked.watch.key, "{}", aws::chain(&retry));
            again.extend(asked.deliveries.iter().cloned());
        }
        is_time = invocation.has_time(Duration::ZERO);
    }
    tracing::info!(messages, again = again.len(), "answered a batch");
    response(again)
}

fn response(again: Vec<String>) -> SqsBatchResponse {
    let failures = again.into_iter().map(|id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    });
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures.collect();
    response
}
