//! What to do where a container ended, or the service, the platform or a person ended it.

use super::Clues;
use crate::causes::Cause;
use crate::causes::fragments::one_of;
use crate::causes::text::number_after;

impl Clues<'_> {
    pub(super) fn container_fix(&self, cause: Cause) -> String {
        let who = self.who();
        match cause {
            Cause::Oom => match self.memory() {
                Some(memory) => {
                    format!("Raise the memory of {who} above {memory} MiB, or find its leak.")
                }
                None => {
                    format!("Raise the memory of {who} in the task definition, or find its leak.")
                }
            },
            Cause::Sigterm143 => format!(
                "Find out who sent SIGTERM to {who}: a supervisor inside the image, or a container \
                 that ended first."
            ),
            Cause::Segfault => {
                format!("Run {who} with the same image and input to find the crash in native code.")
            }
            Cause::AppCleanExit => format!(
                "Keep the main process of {who} in the foreground; if it is meant to finish, set \
                 essential to false or run it as a task of its own."
            ),
            Cause::BadEntrypoint => {
                let command = self.command();
                format!(
                    "Correct the entryPoint or command of {who}{command}, or put the program into its image."
                )
            }
            Cause::DependencyContainerFailed => format!(
                "Read the log of {who}, which another container waits for, and correct its start, \
                 health check or startTimeout."
            ),
            _ => format!("Read the last log lines of {who} for the error it ended with."),
        }
    }

    pub(super) fn service_fix(&self, cause: Cause) -> String {
        let who = self.who();
        match cause {
            Cause::ContainerHealthCheck => format!(
                "Run the health check command of {who} inside its image; correct it or raise its \
                 startPeriod."
            ),
            Cause::ElbHealthCheck => self.target_fix(),
            Cause::TimeoutStart => {
                format!(
                    "Look for an overloaded host or a slow log driver or volume of {who}, then retry."
                )
            }
            Cause::ContainerStopFailure => {
                format!("Make {who} end on SIGTERM, and replace the host if its runtime hangs.")
            }
            Cause::SchedulerStop | Cause::UserStopped => {
                "Do nothing: the stop was wanted.".to_owned()
            }
            Cause::SpotInterruption => {
                "Let the service start a replacement; add on-demand capacity if it must not pause."
                    .to_owned()
            }
            Cause::FargateMaintenance => {
                "Let the service start a replacement; no action of yours is needed.".to_owned()
            }
            Cause::HostTerminated => {
                let host = self.token_with("i-").unwrap_or("the container instance");
                format!("Check in Auto Scaling and CloudTrail why {host} went away.")
            }
            Cause::CapacityUnavailable => self.capacity_fix(),
            Cause::QuotaLimit => {
                "Ask for a higher quota in Service Quotas, or run fewer tasks at once.".to_owned()
            }
            Cause::PlacementOther => self.placement_fix(),
            Cause::TaskDefinitionInvalid => format!(
                "Correct {} so that it fits the launch type and platform it is run on.",
                self.definition_name()
            ),
            Cause::PlatformInternalError => {
                "Retry; open a case with AWS Support if it lasts.".to_owned()
            }
            _ => format!("Read the task's containers and the log of {who}; ECS says no more."),
        }
    }

    fn target_fix(&self) -> String {
        let group = self
            .token_with("arn:")
            .and_then(|arn| arn.split("targetgroup/").nth(1));
        let group = group.and_then(|rest| rest.split('/').next());
        let group = group.or_else(|| self.after("(target-group "));
        let group = group.or_else(|| self.after("in target-group "));
        let balancer = || {
            self.after("(elb ")
                .map(|name| format!("load balancer {name}"))
        };
        let group = group.or_else(|| {
            let arn = &self.context.target_groups.first()?.arn;
            arn.split("targetgroup/").nth(1)?.split('/').next()
        });
        let group = group.map(|name| format!("target group {name}"));
        let group = group
            .or_else(balancer)
            .unwrap_or_else(|| "the target group".to_owned());
        let port = number_after(self.text.words(), "(port ").map(|port| format!(" on port {port}"));
        format!(
            "Make {} answer the health check of {group}{}, or correct its path, codes, security \
             group or healthCheckGracePeriodSeconds.",
            self.who(),
            port.unwrap_or_default()
        )
    }

    fn capacity_fix(&self) -> String {
        if self.text.any(one_of![
            "container instance",
            "container-instance",
            "insufficient",
            "resource:",
        ]) {
            return format!(
                "Add container instances with room for {}, or lower its cpu and memory.",
                self.definition_name()
            );
        }
        "Retry later, or add subnets in other zones, instance types or another capacity provider."
            .to_owned()
    }

    fn placement_fix(&self) -> String {
        if self.text.any(one_of!["port", "connectivity"]) {
            return format!(
                "Free the host port that {} asks for, or let ECS choose it (hostPort 0, awsvpc).",
                self.definition_name()
            );
        }
        if self.text.has("agent") {
            return "Restart or replace the container instance whose agent is not connected."
                .to_owned();
        }
        if self
            .text
            .any(one_of!["deployment configuration", "protected"])
        {
            return "Raise maximumPercent, lower minimumHealthyPercent, or lift the tasks' scale-in \
                    protection."
                .to_owned();
        }
        format!(
            "Add a container instance that meets the attributes and constraints of {}.",
            self.definition_name()
        )
    }
}
