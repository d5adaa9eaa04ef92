//! Real SDK clients that talk to a simulator.

use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use simulator::Simulator;

/// One client of each service.
pub struct Clients {
    pub ecs: aws_sdk_ecs::Client,
    pub cloudformation: aws_sdk_cloudformation::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub sns: aws_sdk_sns::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub sqs: aws_sdk_sqs::Client,
}

macro_rules! client {
    ($crate_name:ident, $sim:expr, $http:expr) => {{
        use $crate_name::config::{BehaviorVersion, Region, retry::RetryConfig};
        let config = $crate_name::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(
                "AKIDEXAMPLE",
                "secret",
                None,
                None,
                "test",
            ))
            .retry_config(RetryConfig::disabled())
            .endpoint_url($sim.url())
            .http_client($http.clone())
            .build();
        $crate_name::Client::from_conf(config)
    }};
}

impl Clients {
    /// Clients without retries that trust the simulator's CA, if it has one.
    pub fn of(sim: &Simulator) -> Self {
        let mut trust = TrustStore::empty();
        if let Some(pem) = sim.ca_pem() {
            trust = trust.with_pem_certificate(pem.as_bytes());
        }
        let context = TlsContext::builder()
            .with_trust_store(trust)
            .build()
            .expect("a valid trust store");
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context)
            .build_https();
        Self {
            ecs: client!(aws_sdk_ecs, sim, http),
            cloudformation: client!(aws_sdk_cloudformation, sim, http),
            logs: client!(aws_sdk_cloudwatchlogs, sim, http),
            elb: client!(aws_sdk_elasticloadbalancingv2, sim, http),
            cloudwatch: client!(aws_sdk_cloudwatch, sim, http),
            sns: client!(aws_sdk_sns, sim, http),
            dynamodb: client!(aws_sdk_dynamodb, sim, http),
            sqs: client!(aws_sdk_sqs, sim, http),
        }
    }
}
