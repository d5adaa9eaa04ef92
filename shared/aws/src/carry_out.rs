//! The only place that writes to Amazon ECS: one arm a plan, one call an arm.

use std::error::Error;
use std::fmt;

use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, StopServiceDeploymentStopType};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use domain::facts::{Missing, Why};
use domain::verdict::Plan;

use crate::error;
use crate::gather::Asking;
use crate::permit::Permit;

/// Makes the plan's call, once. Answers with the `ecs-svc/…` id of the deployment it made, where
/// ECS tells: the other two calls bring an old deployment back under its own id.
///
/// # Errors
///
/// Why the call has no good answer. After a timeout or a lost answer ECS may have done it all the
/// same: what is true is to be read, the call is not to be made again.
pub async fn carry_out(
    asking: &Asking<'_>,
    plan: &Plan,
    permit: Permit,
) -> Result<Option<String>, Missing> {
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

async fn made<T, E, R>(
    asking: &Asking<'_>,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, Missing>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug + 'static,
{
    let why: Why = match tokio::time::timeout_at(asking.until(), Box::pin(call)).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error::why(action, &error),
        Err(_) => error::timed_out(action),
    };
    tracing::error!(action, ?why, "the rollback's call failed");
    Err(Missing::new("the rollback", why))
}
