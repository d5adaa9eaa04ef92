//! Answers `ECS Task State Change` events, a batch at a time from its queue: why a task stopped, and
//! a storm of stops as one alert.

use aws::Invocation;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::settings::Queues;

/// Answers one batch: the records that must come again.
pub async fn answer(
    batch: SqsEvent,
    _queues: &Queues,
    _invocation: &Invocation<'_>,
) -> SqsBatchResponse {
    // Nothing is answered yet, so nothing may be taken off the queue.
    let ids = batch
        .records
        .into_iter()
        .filter_map(|record| record.message_id);
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}
