//! The one place for clients, timeouts and retries.
//!
//! All SDK clients share one HTTP connector, so one pool and one TLS configuration. Credentials
//! and Region are read from the environment that Lambda sets
//! (AWS Lambda Developer Guide, `configuration-envvars`), endpoints from `AWS_ENDPOINT_URL` and
//! `AWS_ENDPOINT_URL_<SERVICE>` (AWS SDKs and Tools Reference Guide, `feature-ss-endpoints`).

pub mod in_process;

use std::time::Duration;

use aws_sdk_ecs::config::{Credentials, Region, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use futures_util::future::join_all;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One try of one read.
    pub attempt: Duration,
    /// One read with its retries.
    pub operation: Duration,
    /// One try of a publish. It is the one call that must not be given up early.
    pub publish_attempt: Duration,
    /// A publish with its retries.
    pub publish: Duration,
    /// All of the warm-up.
    pub warm_up: Duration,
}

impl Default for Limits {
    /// Three rounds of reads at their slowest and the publish fit into 30 s. One attempt is given
    /// up well after the slowest answer AWS usually gives, so that a second try still fits.
    fn default() -> Self {
        Self {
            attempt: Duration::from_millis(2_500),
            operation: Duration::from_secs(6),
            publish_attempt: Duration::from_secs(4),
            publish: Duration::from_secs(12),
            warm_up: Duration::from_millis(500),
        }
    }
}

/// A service that opsbot calls, by the name its endpoint setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Amazon ECS.
    Ecs,
    /// Elastic Load Balancing v2.
    LoadBalancing,
    /// Amazon CloudWatch Logs.
    Logs,
    /// Amazon CloudWatch.
    Metrics,
    /// Amazon SNS.
    Sns,
    /// Amazon DynamoDB.
    Table,
    /// Amazon SQS.
    Queues,
    /// AWS CloudFormation.
    Stacks,
}

impl Service {
    /// In the order of their declaration.
    const ALL: [Self; 8] = [
        Self::Ecs,
        Self::LoadBalancing,
        Self::Logs,
        Self::Metrics,
        Self::Sns,
        Self::Table,
        Self::Queues,
        Self::Stacks,
    ];

    /// The suffix of `AWS_ENDPOINT_URL_…`, and the first label of the public endpoint.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ecs => ("ECS", "ecs"),
            Self::LoadBalancing => ("ELASTIC_LOAD_BALANCING_V2", "elasticloadbalancing"),
            Self::Logs => ("CLOUDWATCH_LOGS", "logs"),
            Self::Metrics => ("CLOUDWATCH", "monitoring"),
            Self::Sns => ("SNS", "sns"),
            Self::Table => ("DYNAMODB", "dynamodb"),
            Self::Queues => ("SQS", "sqs"),
            Self::Stacks => ("CLOUDFORMATION", "cloudformation"),
        }
    }
}

/// The clients that every function has. They survive an invocation.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) load_balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) metrics: aws_sdk_cloudwatch::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) table: aws_sdk_dynamodb::Client,
    pub(crate) queues: aws_sdk_sqs::Client,
    /// For the clients that only some functions have.
    pub(crate) common: Common,
}

/// What all clients have in common, made once: every builder that makes it anew is code.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) credentials: SharedCredentialsProvider,
    pub(crate) region: Region,
    pub(crate) retries: RetryConfig,
    pub(crate) timeouts: TimeoutConfig,
    pub(crate) http: SharedHttpClient,
    pub(crate) limits: Limits,
    connector: SharedHttpConnector,
    /// What the environment says, by service.
    endpoints: [Option<String>; Service::ALL.len()],
}

impl Common {
    fn new(
        connector: SharedHttpConnector,
        lookup: &dyn Fn(&str) -> Option<String>,
        limits: Limits,
    ) -> Self {
        let credentials = Credentials::new(
            lookup("AWS_ACCESS_KEY_ID").unwrap_or_default(),
            lookup("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
            lookup("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Self {
            credentials: SharedCredentialsProvider::new(credentials),
            region: Region::new(lookup("AWS_REGION").unwrap_or_default()),
            // Pauses that fit into an alert's budget.
            retries: RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(100))
                .with_max_backoff(Duration::from_secs(1)),
            timeouts: timeouts(limits.attempt, limits.operation),
            http: shared(&connector),
            limits,
            connector,
            endpoints: Service::ALL.map(|service| {
                let (suffix, _) = service.names();
                lookup(&format!("AWS_ENDPOINT_URL_{suffix}")).or_else(|| lookup("AWS_ENDPOINT_URL"))
            }),
        }
    }

    pub(crate) fn endpoint(&self, service: Service) -> Option<String> {
        self.endpoints[service as usize].clone()
    }

    /// Good enough to warm a connection up; calls use the SDK's own endpoint rules.
    fn url(&self, service: Service) -> String {
        let (_, label) = service.names();
        let region = self.region.as_ref();
        let suffix = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        let public = || format!("https://{label}.{region}.{suffix}");
        self.endpoint(service).unwrap_or_else(public)
    }
}

macro_rules! client {
    ($sdk:ident, $service:ident, $common:expr, $timeouts:expr) => {{
        // The bucket that pays for retries is its own: by default the clients of one service share
        // one in a whole process, which holds many of them where it runs tests.
        let bucket = $sdk::config::retry::RetryPartition::custom(stringify!($service)).build();
        // An attempt has a time limit of its own; a second watch over its body costs time only.
        let unwatched = $sdk::config::StalledStreamProtectionConfig::disabled();
        let mut config = $sdk::Config::builder();
        config
            .set_behavior_version(Some($sdk::config::BehaviorVersion::latest()))
            .set_region(Some($common.region.clone()))
            .set_credentials_provider(Some($common.credentials.clone()))
            .set_http_client(Some($common.http.clone()))
            .set_retry_config(Some($common.retries.clone()))
            .set_retry_partition(Some(bucket))
            .set_stalled_stream_protection(Some(unwatched))
            .set_timeout_config(Some($timeouts.clone()))
            .set_endpoint_url($common.endpoint($crate::client::Service::$service));
        $sdk::Client::from_conf(config.build())
    }};
}

pub(crate) use client;

impl Clients {
    /// Builds all clients over one connector. Makes no call.
    pub fn connect(lookup: impl Fn(&str) -> Option<String>, limits: Limits) -> Self {
        Self::over(connector(), &lookup, limits)
    }

    /// Builds all clients over a transport without sockets, such as one that a test holds.
    pub fn in_process(
        transport: impl in_process::Transport,
        lookup: impl Fn(&str) -> Option<String>,
        limits: Limits,
    ) -> Self {
        Self::over(in_process::connector(transport), &lookup, limits)
    }

    fn over(
        connector: SharedHttpConnector,
        lookup: &dyn Fn(&str) -> Option<String>,
        limits: Limits,
    ) -> Self {
        let common = Common::new(connector, lookup, limits);
        let calls = &common.timeouts;
        let publishes = timeouts(limits.publish_attempt, limits.publish);
        Self {
            ecs: client!(aws_sdk_ecs, Ecs, common, calls),
            load_balancing: client!(aws_sdk_elasticloadbalancingv2, LoadBalancing, common, calls),
            logs: client!(aws_sdk_cloudwatchlogs, Logs, common, calls),
            metrics: client!(aws_sdk_cloudwatch, Metrics, common, calls),
            sns: client!(aws_sdk_sns, Sns, common, publishes),
            table: client!(aws_sdk_dynamodb, Table, common, calls),
            queues: client!(aws_sdk_sqs, Queues, common, calls),
            common,
        }
    }

    /// Opens connections before the first event needs them: so many to each service, all at the
    /// same time. A TLS handshake is slow under the CPU share of an invocation and quick under the
    /// one of the init phase. `GET /ping` needs no signature and no permission. Whatever goes
    /// wrong is left to the first real call.
    pub async fn warm_up(&self, connections: &[(Service, usize)]) {
        let Common {
            connector, limits, ..
        } = &self.common;
        let urls = connections
            .iter()
            .flat_map(|(service, count)| std::iter::repeat_n(self.common.url(*service), *count));
        let pings = urls.filter_map(|url| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request
                .set_uri(format!("{}/ping", url.trim_end_matches('/')))
                .ok()?;
            Some(connector.call(request))
        });
        let pings = join_all(pings.collect::<Vec<_>>());
        // The answers are held until the last one is in: a connection that went back to the pool
        // early would be taken by a request that was to open another.
        let _ = tokio::time::timeout(limits.warm_up, pings).await;
    }
}

fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(Duration::from_secs(2))
        .build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        // AWS endpoints drop idle connections after some 20 s or more.
        .pool_idle_timeout(Duration::from_secs(20))
        .build();
    SharedHttpConnector::new(connector)
}

fn shared(connector: &SharedHttpConnector) -> SharedHttpClient {
    let connector = connector.clone();
    http_client_fn(move |_settings, _components| connector.clone())
}

fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_services_are_in_the_order_of_their_declaration() {
        for (place, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(service as usize, place);
        }
    }
}
