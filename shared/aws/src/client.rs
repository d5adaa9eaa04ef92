//! The one place for clients, timeouts and retries.
//!
//! All SDK clients share one HTTP connector, so one pool and one TLS configuration. Credentials
//! and Region are read from the environment that Lambda sets
//! (AWS Lambda Developer Guide, `configuration-envvars`), endpoints from `AWS_ENDPOINT_URL` and
//! `AWS_ENDPOINT_URL_<SERVICE>` (AWS SDKs and Tools Reference Guide, `feature-ss-endpoints`).

pub mod in_process;

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
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

/// The clients that every function has. They and the settings are all that survives an invocation.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) load_balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) metrics: aws_sdk_cloudwatch::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) table: aws_sdk_dynamodb::Client,
    pub(crate) queues: aws_sdk_sqs::Client,
    connector: SharedHttpConnector,
    endpoints: Vec<(Service, String)>,
    pub(crate) limits: Limits,
}

macro_rules! client {
    ($sdk:ident, $service:expr, $lookup:expr, $http:expr, $attempt:expr, $operation:expr) => {{
        let timeouts = aws_smithy_types::timeout::TimeoutConfig::builder()
            .operation_attempt_timeout($attempt)
            .operation_timeout($operation)
            .build();
        let credentials = $sdk::config::Credentials::new(
            $lookup("AWS_ACCESS_KEY_ID").unwrap_or_default(),
            $lookup("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
            $lookup("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(
                $lookup("AWS_REGION").unwrap_or_default(),
            ))
            .credentials_provider(credentials)
            .http_client($http.clone())
            .retry_config($crate::client::retries())
            // An attempt has a time limit of its own; a second watch over its body costs time only.
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts);
        config.set_endpoint_url($crate::client::endpoint_setting($service, &$lookup));
        $sdk::Client::from_conf(config.build())
    }};
}

pub(crate) use client;

impl Clients {
    /// Builds all clients over one connector. Makes no call.
    pub fn connect(lookup: impl Fn(&str) -> Option<String>, limits: Limits) -> Self {
        Self::over(connector(), lookup, limits)
    }

    /// Builds all clients over a transport without sockets, such as one that a test holds.
    pub fn in_process(
        transport: impl in_process::Transport,
        lookup: impl Fn(&str) -> Option<String>,
        limits: Limits,
    ) -> Self {
        Self::over(in_process::connector(transport), lookup, limits)
    }

    fn over(
        connector: SharedHttpConnector,
        lookup: impl Fn(&str) -> Option<String>,
        limits: Limits,
    ) -> Self {
        let http = shared(&connector);
        let (attempt, operation) = (limits.attempt, limits.operation);
        let region = lookup("AWS_REGION").unwrap_or_default();
        use Service::{Ecs, LoadBalancing, Logs, Metrics, Queues, Sns, Stacks, Table};
        let endpoint = |service| {
            let setting = endpoint_setting(service, &lookup);
            (
                service,
                setting.unwrap_or_else(|| public_endpoint(service, &region)),
            )
        };
        Self {
            ecs: client!(aws_sdk_ecs, Ecs, lookup, http, attempt, operation),
            load_balancing: client!(
                aws_sdk_elasticloadbalancingv2,
                LoadBalancing,
                lookup,
                http,
                attempt,
                operation
            ),
            logs: client!(
                aws_sdk_cloudwatchlogs,
                Logs,
                lookup,
                http,
                attempt,
                operation
            ),
            metrics: client!(
                aws_sdk_cloudwatch,
                Metrics,
                lookup,
                http,
                attempt,
                operation
            ),
            sns: client!(
                aws_sdk_sns,
                Sns,
                lookup,
                http,
                limits.publish_attempt,
                limits.publish
            ),
            table: client!(aws_sdk_dynamodb, Table, lookup, http, attempt, operation),
            queues: client!(aws_sdk_sqs, Queues, lookup, http, attempt, operation),
            connector,
            endpoints: [
                Ecs,
                LoadBalancing,
                Logs,
                Metrics,
                Sns,
                Table,
                Queues,
                Stacks,
            ]
            .map(endpoint)
            .to_vec(),
            limits,
        }
    }

    /// The connector that all clients share, for one that only some functions have.
    pub(crate) fn http(&self) -> SharedHttpClient {
        shared(&self.connector)
    }

    /// Opens connections before the first event needs them: so many to each service, all at the
    /// same time. A TLS handshake is slow under the CPU share of an invocation and quick under the
    /// one of the init phase. `GET /ping` needs no signature and no permission. Whatever goes
    /// wrong is left to the first real call.
    pub async fn warm_up(&self, connections: &[(Service, usize)]) {
        let urls = connections.iter().flat_map(|(service, count)| {
            let known = self.endpoints.iter().find(|(known, _)| known == service);
            known
                .into_iter()
                .flat_map(|(_, url)| std::iter::repeat_n(url, *count))
        });
        let pings = urls.filter_map(|url| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request
                .set_uri(format!("{}/ping", url.trim_end_matches('/')))
                .ok()?;
            Some(self.connector.call(request))
        });
        let pings = join_all(pings.collect::<Vec<_>>());
        // The answers are held until the last one is in: a connection that went back to the pool
        // early would be taken by a request that was to open another.
        let _ = tokio::time::timeout(self.limits.warm_up, pings).await;
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

/// Three tries, with pauses that fit into an alert's budget.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(Duration::from_secs(1))
}

pub(crate) fn endpoint_setting(
    service: Service,
    lookup: &impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let (suffix, _) = service.names();
    lookup(&format!("AWS_ENDPOINT_URL_{suffix}")).or_else(|| lookup("AWS_ENDPOINT_URL"))
}

/// Good enough to warm a connection up; calls use the SDK's own endpoint rules.
fn public_endpoint(service: Service, region: &str) -> String {
    let (_, label) = service.names();
    let suffix = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://{label}.{region}.{suffix}")
}
