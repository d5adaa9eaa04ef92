//! Every reason not to answer an event.

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
