//! Every reason not to answer an event.

use serde_json::Value;

use crate::arn::ServiceArn;
use crate::settings::Settings;

/// Why an event is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Another source than the one the rules trust.
    #[error("the event's source is `{0}`")]
    ForeignSource(String),
    /// Another account's event; its service could not be read with this role.
    #[error("the event is of account {0}")]
    OtherAccount(String),
    /// Another Region's event.
    #[error("the event is of Region {0}")]
    OtherRegion(String),
    /// The cluster is not in the stack's cluster pattern, or is left out.
    #[error("cluster `{0}` is not watched")]
    ClusterLeftOut(String),
    /// The service is left out.
    #[error("service `{0}` is not watched")]
    ServiceLeftOut(String),
    /// A detail type or event name that calls for nothing.
    #[error("nothing is to be done for {0}")]
    NotHandled(String),
}

/// The envelope and the ARN must both be of this account and Region: what an event says decides
/// what is read and, later, written. `arn` may name a family of standalone tasks, too.
pub(crate) fn ours(arn: &ServiceArn, event: &Value, settings: &Settings) -> Result<(), Ignored> {
    let said = |key: &str| event.get(key).and_then(Value::as_str);
    let accounts = [said("account"), Some(&arn.account)].into_iter().flatten();
    if let Some(other) = accounts.into_iter().find(|it| *it != settings.account) {
        return Err(Ignored::OtherAccount(other.to_owned()));
    }
    let regions = [said("region"), Some(&arn.region)].into_iter().flatten();
    if let Some(other) = regions.into_iter().find(|it| *it != settings.region) {
        return Err(Ignored::OtherRegion(other.to_owned()));
    }
    if !settings.watches_cluster(&arn.cluster) {
        return Err(Ignored::ClusterLeftOut(arn.cluster.clone()));
    }
    if !settings.watches_service(&arn.service) {
        return Err(Ignored::ServiceLeftOut(arn.service.clone()));
    }
    Ok(())
}
