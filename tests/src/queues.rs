//! The queues that functions read, with the figures that template.yaml gives them; tests/tidy
//! compares the two.

use std::time::Duration;

/// How a queue delivers what is not answered.
#[derive(Clone, Copy, Debug)]
pub struct Delivers {
    /// The queue's logical id.
    pub id: &'static str,
    /// How long a message that was received is hidden (`VisibilityTimeout`).
    pub hidden: Duration,
    /// How often it is received before it is dead (`maxReceiveCount`).
    pub received: usize,
}

/// The queue of failing deployments, which deployment-changed reads.
pub const FAILING: Delivers = Delivers {
    id: "FailingDeploymentsQueue",
    hidden: Duration::from_secs(360),
    received: 4,
};

/// The queue of requests, which roll-back reads.
pub const ROLLBACKS: Delivers = Delivers {
    id: "RollBackQueue",
    hidden: Duration::from_secs(120),
    received: 6,
};
