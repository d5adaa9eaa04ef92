//! The only place that writes to Amazon ECS: one arm a plan, one call an arm.

use std::error::Error;

use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::error::SdkError;
use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, StopServiceDeploymentStopType};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use domain::facts::{Missing, Why};
use domain::verdict::Plan;

use crate::asking::Asking;
use crate::error;
use crate::permit::Permit;

/// Why the call has no good answer, by what that says of the write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// ECS refused it: nothing was written, and nothing would be the next time.
    Refused(Missing),
    /// ECS throttled it: nothing was written, and it may be asked again, with another permit.
    Throttled(Missing),
    /// No answer came, or one of a fault of ECS's: it may have been done all the same. What is true
    /// is to be read; the call is not to be made again.
    Unsure(Missing),
}

/// Makes the plan's call, once. Answers with the `ecs-svc/…` id of the deployment it made, where
/// ECS tells: the other two calls bring an old deployment back under its own id.
///
/// # Errors
///
/// There is no good answer; see [`NotDone`].
pub async fn carry_out(
    asking: &Asking<'_>,
    plan: &Plan,
    permit: Permit,
) -> Result<Option<String>, NotDone> {
    match plan {
        Plan::StopDeployment {
            service_deployment, ..
        } => {
            let call = asking.clients.ecs.stop_service_deployment();
            let call = call.service_deployment_arn(service_deployment);
            let call = call.stop_type(StopServiceDeploymentStopType::Rollback);
            let call = call.customize().config_override(once());
            made(asking, "ecs:StopServiceDeployment", call.send()).await?;
            Ok(None)
        }
        Plan::ContinueAtHook {
            service_deployment,
            hook,
            ..
        } => {
            let call = asking.clients.ecs.continue_service_deployment();
            let call = call.service_deployment_arn(service_deployment);
            let call = call.hook_id(hook);
            let call = call.action(DeploymentLifecycleHookAction::Rollback);
            let call = call.customize().config_override(once());
            made(asking, "ecs:ContinueServiceDeployment", call.send()).await?;
            Ok(None)
        }
        Plan::Update { task_definition } => {
            let arn = permit.service();
            let call = asking.clients.ecs.update_service();
            let call = call.cluster(&arn.cluster).service(&arn.service);
            let call = call.task_definition(task_definition);
            let call = call.customize().config_override(once());
            let answer = made(asking, "ecs:UpdateService", call.send()).await?;
            let deployments = answer.service.and_then(|service| service.deployments);
            let mut deployments = deployments.unwrap_or_default().into_iter();
            let primary = deployments.find(|it| it.status.as_deref() == Some("PRIMARY"));
            Ok(primary.and_then(|it| it.id))
        }
    }
}

/// No retry by the SDK: a second write needs a second look at the service.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

async fn made<T, E>(
    asking: &Asking<'_>,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, NotDone>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (why, refused) = match tokio::time::timeout_at(asking.until(), Box::pin(call)).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => (error::why(action, &error), is_refusal(&error)),
        Err(_) => (error::timed_out(action), false),
    };
    tracing::error!(action, ?why, "the rollback's call failed");
    let throttled = matches!(why, Why::Throttled { .. });
    let missing = Missing::new("the rollback", why);
    Err(match (throttled, refused) {
        (true, _) => NotDone::Throttled(missing),
        (false, true) => NotDone::Refused(missing),
        (false, false) => NotDone::Unsure(missing),
    })
}

/// An answer of ECS with a status of 400 to 499, or a call that was never sent. 408 says that the
/// request took too long to arrive, and not that it did not.
fn is_refusal<E>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            (400..500).contains(&status) && status != 408
        }
        _ => false,
    }
}
