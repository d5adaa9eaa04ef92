//! What to do where a container could not be started: images, secrets, network, volumes, roles.

use super::Clues;
use crate::causes::Cause;
use crate::causes::fragments::{Fragments, one_of};
use crate::causes::network::NO_ROUTE;

/// That the registry is Amazon ECR.
const ECR: Fragments = one_of![
    ".dkr.ecr.",
    "ecr:",
    "ecr registry",
    "ecr credentials",
    "amazon ecr",
    "cannotpullecr",
];

impl Clues<'_> {
    pub(super) fn image_fix(&self, cause: Cause) -> String {
        let image = self.image();
        match cause {
            Cause::ImageNotFound => {
                format!("Push {image}, or point the task definition at a tag that exists.")
            }
            Cause::ImageAuth if self.text.any(ECR) => {
                let token = self
                    .text
                    .any(one_of!["registry auth", "getauthorizationtoken"]);
                let usual = if token {
                    "ecr:GetAuthorizationToken"
                } else {
                    "ecr:BatchGetImage"
                };
                let action = self.action().unwrap_or(usual);
                format!("Allow {} to call {action} for {image}.", self.role())
            }
            Cause::ImageAuth => format!(
                "Give the task definition working registry credentials (repositoryCredentials) \
                 for {image}."
            ),
            Cause::ImagePullNetwork if self.text.any(one_of!["starport", ".s3.", "httpread"]) => {
                format!(
                    "Add an S3 gateway endpoint that allows ECR's layer bucket (or a NAT route) to the \
                 route table of {}, so that {image} can be pulled.",
                    self.subnets()
                )
            }
            Cause::ImagePullNetwork => format!(
                "Give {} a route to the registry of {image}: a public IP, a NAT gateway, or the \
                 ecr.api, ecr.dkr and S3 endpoints, with port 443 open.",
                self.subnets()
            ),
            Cause::ImagePullRateLimit => format!(
                "Pull {image} with credentials or from an ECR pull-through cache instead of \
                 anonymously."
            ),
            Cause::ImagePullDiskFull => format!(
                "Free or enlarge the disk that {image} is pulled to (ephemeralStorage on Fargate, \
                 the instance's volume on EC2)."
            ),
            Cause::ImageArchMismatch => {
                let platform = self.platform();
                format!(
                    "Build {image} for {platform}, or set runtimePlatform to what it is built for."
                )
            }
            _ => format!(
                "Pull {image} by hand from the task's subnet and role to see the full error."
            ),
        }
    }

    pub(super) fn setup_fix(&self, cause: Cause) -> String {
        let role = self.role();
        match cause {
            Cause::SecretFetch => self.secret_fix(),
            Cause::EnvFileFetch => {
                let file = self
                    .arn("s3")
                    .map(str::to_owned)
                    .or_else(|| self.definition()?.environment_files.first().cloned());
                let file = file.unwrap_or_else(|| "the environment file".to_owned());
                if self.text.any(NO_ROUTE) {
                    return format!("Give {} a route to Amazon S3 for {file}.", self.subnets());
                }
                format!("Check that {file} exists, and allow s3:GetObject on it to {role}.")
            }
            Cause::NetworkResourceInit => format!(
                "Give {} a route to {}: a public IP, a NAT gateway or an interface endpoint, with \
                 port 443 open.",
                self.subnets(),
                self.endpoint()
            ),
            Cause::LogSetup => self.log_fix(),
            Cause::EfsMount if self.text.has("chown") => {
                "Remove the POSIX user of the EFS access point, or make the image's directory \
                 belong to it: Docker may not change the owner through it."
                    .to_owned()
            }
            Cause::EfsMount => {
                let system = self.token_with("fs-").unwrap_or("the EFS file system");
                format!(
                    "Check that {system} has a mount target in the task's zone that lets port 2049 \
                     in from the task, and that its access point and IAM policy allow the mount."
                )
            }
            Cause::VolumeMount => {
                format!(
                    "Correct the volume or mount point of {} in the task definition.",
                    self.who()
                )
            }
            Cause::EniProvisioning
                if self
                    .text
                    .any(one_of!["insufficientfree", "insufficient free"]) =>
            {
                format!(
                    "Free addresses in {}, or add a larger subnet to the service.",
                    self.subnets()
                )
            }
            Cause::EniProvisioning => format!(
                "Retry; if it lasts, check the network interfaces left in {} and the instance's \
                 limit of them.",
                self.subnets()
            ),
            _ => format!(
                "Let ecs-tasks.amazonaws.com assume {role} in its trust policy, and check that the \
                 role exists."
            ),
        }
    }

    fn secret_fix(&self) -> String {
        let secret = self.secret();
        let role = self.role();
        if self
            .text
            .any(one_of!["perform: kms:", "access to kms", "kms:decrypt"])
        {
            return format!("Allow {role} to call kms:Decrypt on the key of {secret}.");
        }
        if self
            .text
            .any(one_of!["accessdenied", "not authorized", "access denied"])
        {
            let default = if self.text.any(one_of!["ssm"]) {
                "ssm:GetParameters"
            } else {
                "secretsmanager:GetSecretValue"
            };
            let action = self.action().unwrap_or(default);
            return format!("Allow {role} to call {action} on {secret}.");
        }
        if let Some(key) = self.after("json key ") {
            return format!("Add the key `{key}` to {secret}, or correct the key in valueFrom.");
        }
        if self.text.any(one_of![
            "invalid character",
            "in literal",
            "looking for",
            "unmarshal",
        ]) {
            return format!("Store {secret} as JSON, or drop the key from its valueFrom.");
        }
        if self
            .text
            .any(one_of!["marked for deletion", "scheduled for deletion"])
        {
            return format!("Restore {secret}, or point the task definition at another one.");
        }
        if self.text.any(one_of!["awscurrent", "staging label"]) {
            return format!(
                "Put a value into {secret}, and check its ARN and Region in valueFrom."
            );
        }
        format!("Check that {secret} exists in this Region and that {role} may read it.")
    }

    fn log_fix(&self) -> String {
        let group = self
            .definition()
            .and_then(|one| one.log.as_ref()?.group.clone());
        let group = group.map_or_else(
            || "the log group".to_owned(),
            |group| format!("log group {group}"),
        );
        if self
            .text
            .any(one_of!["accessdenied", "not authorized", "perform: logs"])
        {
            let action = self.action().unwrap_or("logs:CreateLogStream");
            return format!("Allow {} to call {action} on {group}.", self.role());
        }
        if self.text.any(one_of![
            "connection issue",
            "signal: killed",
            "timeout",
            "dial tcp",
            "deadline",
        ]) {
            return format!(
                "Give {} a route to CloudWatch Logs (NAT gateway or the logs endpoint), and check \
                 that {group} exists.",
                self.subnets()
            );
        }
        if self
            .text
            .any(one_of!["splunk", "fluent", "firelens", "gelf", "syslog"])
        {
            return format!(
                "Correct the log driver's options and target for {}.",
                self.who()
            );
        }
        format!("Create {group}, or set awslogs-create-group and allow logs:CreateLogGroup.")
    }
}
