//! The key to the dangerous calls: a fresh look that shows the service as it was judged.

use std::time::Duration;

use domain::arn::ServiceArn;
use domain::facts::{Fact, Missing, Service};
use domain::verdict::TAG;
use tokio::time::Instant;

use crate::asking::Asking;
use crate::ecs;

/// Allows one write to one service. Only [`Permit::ask`] makes one, and only
/// [`carry_out`](crate::carry_out::carry_out) takes one, by value: a second write needs a second
/// look.
#[derive(Debug, PartialEq)]
pub struct Permit {
    service: ServiceArn,
    asked: Instant,
}

/// After so long somebody may have released since the look. The look is asked for together with the
/// claim, so it is older only where the table is slow.
const FRESH: Duration = Duration::from_millis(500);

/// Why there is no permit.
#[derive(Clone, Debug, PartialEq)]
pub enum NoPermit {
    /// The service could not be read again.
    NotRead(Missing),
    /// It is not as it was judged; what has changed.
    Changed(&'static str),
}

impl Permit {
    /// Reads the service again, `DescribeServices`, and compares it with `judged`, the service that
    /// the verdict rests on: a newer deployment, the end of the judged one, a rollback by ECS and a
    /// changed opt-in tag each forbid the write.
    ///
    /// # Errors
    ///
    /// The service could not be read, or has changed.
    pub async fn ask(
        asking: &Asking<'_>,
        arn: &ServiceArn,
        judged: &Service,
    ) -> Result<Self, NoPermit> {
        let asked = Instant::now();
        match ecs::service(asking, arn).await {
            Fact::Missing(missing) => Err(NoPermit::NotRead(missing)),
            Fact::Known(fresh) => match changed(judged, &fresh) {
                Some(what) => Err(NoPermit::Changed(what)),
                None => Ok(Self {
                    service: arn.clone(),
                    asked,
                }),
            },
        }
    }

    /// Whether it is better to look again than to use it.
    pub fn is_old(&self) -> bool {
        self.asked.elapsed() > FRESH
    }

    /// The service that may be written to.
    pub(crate) fn service(&self) -> &ServiceArn {
        &self.service
    }
}

/// What forbids a write that was right for `judged`.
fn changed(judged: &Service, fresh: &Service) -> Option<&'static str> {
    let (before, now) = (judged.primary(), fresh.primary());
    if fresh.status != judged.status {
        return Some("the service's status");
    }
    // No PRIMARY deployment is nothing to go back from, even where there was none before.
    if now.is_none() || now.map(|it| &it.id) != before.map(|it| &it.id) {
        return Some("the PRIMARY deployment");
    }
    // A deployment that has ended wants another call than one in flight, or none.
    if now.map(|it| &it.rollout) != before.map(|it| &it.rollout)
        || fresh.current_service_deployment != judged.current_service_deployment
    {
        return Some("the deployment's state");
    }
    (fresh.tags.get(TAG) != judged.tags.get(TAG)).then_some("the opt-in tag")
}
