//! The hook through which a stage asks its own IAM.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What IAM would be asked about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthRequest {
    /// From the request's signature; none for an unsigned request.
    pub access_key_id: Option<String>,
    /// For example `ecs:UpdateService`.
    pub action: String,
    /// The ARN, or `*` where the action knows no resource.
    pub resource_arn: String,
    /// Condition keys with their values: `ecs:cluster`, `aws:ResourceTag/<key>`.
    pub context: BTreeMap<String, String>,
}

/// What IAM answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allow,
    /// Refuse with this message, or with the usual one where it is empty.
    Deny(String),
}

/// The answer to come.
pub type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;

/// Called for every call, on the simulator's own runtime: it must not block.
#[derive(Clone)]
pub struct Authorizer(Arc<dyn Fn(AuthRequest) -> Deciding + Send + Sync>);

impl Authorizer {
    /// An authorizer from an async function.
    pub fn new<F, D>(decide: F) -> Self
    where
        F: Fn(AuthRequest) -> D + Send + Sync + 'static,
        D: Future<Output = Decision> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(decide(request))))
    }

    pub(crate) async fn decide(&self, request: AuthRequest) -> Decision {
        (self.0)(request).await
    }
}

impl std::fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authorizer(..)")
    }
}
