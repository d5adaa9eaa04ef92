//! Service deployments and service revisions, the history of a service.

use aws_sdk_ecs::types as sdk;
use domain::facts::{
    LifecycleHook, RevisionImage, ServiceDeployment, ServiceDeploymentDetail, ServiceRevision,
};
use domain::short;

use super::{owned, text, time};

pub(in crate::ecs) fn service_deployment(
    deployment: &sdk::ServiceDeploymentBrief,
) -> ServiceDeployment {
    ServiceDeployment {
        arn: text(deployment.service_deployment_arn()),
        status: deployment
            .status()
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        reason: owned(deployment.status_reason()),
        target_revision: owned(deployment.target_service_revision_arn()),
        created_at: time(deployment.created_at()),
        finished_at: time(deployment.finished_at()),
        detail: None,
    }
}

pub(in crate::ecs) fn detail(deployment: &sdk::ServiceDeployment) -> ServiceDeploymentDetail {
    let sources = deployment.source_service_revisions().iter();
    let hooks = deployment.lifecycle_hook_details().iter();
    let hooks = hooks.map(|it| LifecycleHook {
        id: text(it.hook_id()),
        target_type: it
            .target_type()
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        status: it
            .status()
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
    });
    let status = deployment.status().map(|it| it.as_str().to_owned());
    ServiceDeploymentDetail {
        status: status.unwrap_or_default(),
        sources: sources.filter_map(|it| owned(it.arn())).collect(),
        rolled_back_to: owned(
            deployment
                .rollback()
                .and_then(|it| it.service_revision_arn()),
        ),
        hooks: hooks.collect(),
        triggered_alarms: deployment
            .alarms()
            .map(|it| it.triggered_alarm_names().to_vec())
            .unwrap_or_default(),
    }
}

pub(in crate::ecs) fn revision(revision: &sdk::ServiceRevision) -> ServiceRevision {
    let images = revision.container_images().iter().map(|it| {
        let image = RevisionImage {
            image: text(it.image()),
            digest: owned(it.image_digest()),
        };
        (text(it.container_name()), image)
    });
    ServiceRevision {
        arn: text(revision.service_revision_arn()),
        task_definition: text(revision.task_definition()),
        images: short::map(images),
    }
}
