//! Writes to a counter that others write to at the same time.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use chrono::{DateTime, Utc};
use domain::facts::Why;
use domain::stop::Count;

use super::counter::read;
use super::{TRIES, pause};
use crate::error;
use crate::state::State;

impl State<'_> {
    /// Makes a write that may meet a transaction on the same counter.
    pub(super) async fn patiently<T, F>(
        &self,
        call: impl Fn() -> F,
        now: DateTime<Utc>,
    ) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, SdkError<UpdateItemError>>>,
    {
        let mut attempt = 0;
        loop {
            match tokio::time::timeout_at(self.asking.until(), Box::pin(call())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if attempt < TRIES && conflict(&error) => {
                    tokio::time::sleep(pause(attempt, now)).await;
                    attempt += 1;
                }
                Ok(Err(error)) => return Err(Refusal::Error(Box::new(error))),
                Err(_) => return Err(Refusal::TimedOut),
            }
        }
    }
}

/// Why a write to a counter was not made.
pub(super) enum Refusal {
    Error(Box<SdkError<UpdateItemError>>),
    TimedOut,
}

impl Refusal {
    /// The counter whose condition was not met.
    pub(super) fn old(&self) -> Option<Count> {
        let Self::Error(error) = self else {
            return None;
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(it)) => it.item().map(read),
            _ => None,
        }
    }

    /// Whether other writes were at work on the counter at every try.
    pub(super) fn busy(&self) -> bool {
        matches!(self, Self::Error(error) if conflict(error))
    }

    pub(super) fn why(&self) -> Why {
        match self {
            Self::Error(error) => error::why(UPDATE, error.as_ref()),
            Self::TimedOut => error::timed_out(UPDATE),
        }
    }
}

pub(super) const UPDATE: &str = "dynamodb:UpdateItem";

/// Whether its condition was not met.
pub(super) fn refused(refusal: &Refusal) -> bool {
    let Refusal::Error(error) = refusal else {
        return false;
    };
    matches!(
        error.as_service_error(),
        Some(UpdateItemError::ConditionalCheckFailedException(_))
    )
}

/// Another write is at work on the counter, or there are too many for now.
fn conflict(error: &SdkError<UpdateItemError>) -> bool {
    let is_conflict = matches!(
        error.as_service_error(),
        Some(UpdateItemError::TransactionConflictException(_))
    );
    is_conflict || matches!(error::why(UPDATE, error), Why::Throttled { .. })
}
