//! The plug: log subscriber, settings, clients, clock, run.

use std::time::SystemTime;

use aws::client::{Limits, Service};
use aws::stacks::Stacks;
use aws::{Clients, Invocation};
use chrono::DateTime;
use domain::settings::{Rollbacks, Settings, both};
use futures_util::FutureExt as _;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use roll_back::Means;
use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;

/// How many connections the first request needs at the same time, by service.
const CONNECTIONS: [(Service, usize); 4] = [
    (Service::Ecs, 5),
    (Service::Table, 4),
    (Service::Stacks, 1),
    (Service::Sns, 1),
];

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::disallowed_methods,
    reason = "main is where the environment and the clock are read"
)]
async fn main() -> Result<(), Error> {
    let lookup = |key: &str| std::env::var(key).ok();
    let level = lookup("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false);
    log.with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_ansi(false)
        .init();

    let parsed = both(Settings::parse(lookup), Rollbacks::parse(lookup));
    let (settings, rollbacks) = parsed.inspect_err(|mistakes| tracing::error!("{mistakes}"))?;
    let clients = Clients::connect(lookup, Limits::default());
    let stacks = Stacks::connect(&clients);
    clients.warm_up(&CONNECTIONS).await;

    let (settings, rollbacks) = (&settings, &rollbacks);
    let (clients, stacks) = (&clients, &stacks);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let LambdaEvent { payload, context } = event;
        let deadline = DateTime::from_timestamp_millis(context.deadline as i64).unwrap_or_default();
        let now = SystemTime::now().into();
        let invocation = Invocation::new(clients, settings, &context.request_id, now, deadline);
        let means = Means::new(&invocation, stacks, rollbacks);
        let answer = roll_back::answer(&payload, &means).boxed_local().await;
        Ok::<_, Error>(answer.inspect_err(|retry| tracing::error!("{}", aws::chain(retry)))?)
    }))
    .await
}
