//! Whether a service is on its way back from a deployment, whoever sent it.

use super::Case;
use super::seen::{Status, same};

/// Whether ECS shows that the judged deployment is gone back from, to `to`. It was PRIMARY when the
/// call was allowed, so anything else there now came by that call, or by one that did the same.
pub fn goes_back(case: &Case, to: &str) -> bool {
    let primary = case.service.known().and_then(|service| service.primary());
    let replaced =
        primary.is_some_and(|it| it.id != case.deployment && same(&it.task_definition, to));
    replaced || turned(case)
}

/// Whether the judged deployment may be gone back from by now, to whatever revision: the service
/// or its history cannot be read, or it stands no longer as it was judged.
pub fn may_go_back(case: &Case) -> bool {
    let primary = case.service.known().and_then(|service| service.primary());
    let is_other = primary.is_none_or(|it| it.id != case.deployment);
    is_other || case.history.known().is_none() || turned(case)
}

/// The deployment in flight turns round before PRIMARY changes.
fn turned(case: &Case) -> bool {
    let newest = case.history.known().and_then(|history| history.first());
    newest.is_some_and(|newest| match Status::of(newest) {
        Status::RollbackRequested | Status::RollbackInProgress | Status::RollbackSuccessful => true,
        Status::Pending
        | Status::InProgress
        | Status::StopRequested
        | Status::Stopped
        | Status::Successful
        | Status::RollbackFailed
        | Status::Other => false,
    })
}
