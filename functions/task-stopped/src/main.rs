//! The plug: log subscriber, settings, clients, clock, run.

use std::time::SystemTime;

use aws::client::{Limits, Service};
use aws::{Clients, Invocation};
use aws_lambda_events::event::sqs::SqsEvent;
use chrono::DateTime;
use domain::settings::{Queues, Settings, both};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use task_stopped::Memory;
use tracing_subscriber::filter::LevelFilter;

/// How many connections the first batch needs at the same time, by service.
const CONNECTIONS: [(Service, usize); 5] = [
    (Service::Ecs, 2),
    (Service::Logs, 1),
    (Service::Sns, 1),
    (Service::Table, 2),
    (Service::Queues, 1),
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

    let parsed = both(Settings::parse(lookup), Queues::parse(lookup));
    let (settings, queues) = parsed.inspect_err(|mistakes| tracing::error!("{mistakes}"))?;
    let clients = Clients::connect(lookup, Limits::default());
    clients.warm_up(&CONNECTIONS).await;

    let memory = Memory::default();
    let (settings, queues, clients, memory) = (&settings, &queues, &clients, &memory);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
        let LambdaEvent { payload, context } = event;
        let deadline = DateTime::from_timestamp_millis(context.deadline as i64).unwrap_or_default();
        let invocation = Invocation::new(
            clients,
            settings,
            &context.request_id,
            SystemTime::now().into(),
            deadline,
        );
        Ok::<_, Error>(task_stopped::answer(payload, &invocation, queues, memory).await)
    }))
    .await
}
