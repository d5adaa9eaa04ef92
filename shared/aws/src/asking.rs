//! One call at a time, and what becomes of it: a fact, or why it is missing.

use std::error::Error;
use std::fmt;
use std::future::Future;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::facts::{Fact, Missing, Why};
use tokio::time::Instant;

use crate::{Clients, error};

/// The clients, and until when they may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    pub(crate) clients: &'a Clients,
    until: Instant,
}

impl<'a> Asking<'a> {
    /// Asks until `until`, the invocation's deadline less what the publish needs.
    pub fn new(clients: &'a Clients, until: Instant) -> Self {
        Self { clients, until }
    }

    /// Until when AWS may be asked.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// Makes one call of `action`. `what` is what it is to tell, as a person would say it.
    pub(crate) async fn ask<T, E, R>(
        &self,
        what: &str,
        action: &str,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Fact<T>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug + 'static,
    {
        // On the heap: an SDK call is a large future, and a round holds many of them.
        match tokio::time::timeout_at(self.until, Box::pin(call)).await {
            Ok(Ok(answer)) => Fact::Known(answer),
            Ok(Err(error)) => {
                let why = error::why(action, &error);
                tracing::warn!(action, ?why, "could not read {what}");
                missing(what, why)
            }
            Err(_) => missing(what, error::timed_out(action)),
        }
    }
}

pub(crate) fn missing<T>(what: &str, why: Why) -> Fact<T> {
    Fact::Missing(Missing::new(what, why))
}

pub(crate) fn not_asked<T>(what: &str, detail: impl Into<String>) -> Fact<T> {
    missing(
        what,
        Why::NotAsked {
            detail: detail.into(),
        },
    )
}
