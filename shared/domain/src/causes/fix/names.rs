//! The names of the resources that a fix speaks of, as the text or the definition has them.

use super::Clues;
use crate::causes::fragments::{Fragments, one_of};
use crate::causes::text;
use crate::facts::ContainerDefinition;

/// What is looked for in what was quoted. Nearly always it is not there, which [`text::Text`] knows
/// at once.
impl Clues<'_> {
    /// The first word after `marker`.
    pub(super) fn after(&self, marker: &str) -> Option<&str> {
        let marked = self.text.has(marker);
        marked.then(|| text::after(&self.raw, marker)).flatten()
    }

    /// The first ARN of that service namespace.
    pub(super) fn arn(&self, namespace: &str) -> Option<&str> {
        let any = self.text.has("arn:");
        any.then(|| text::arn(&self.raw, namespace)).flatten()
    }

    /// The first word that begins with `prefix` and goes on.
    pub(super) fn token_with(&self, prefix: &str) -> Option<&str> {
        let any = self.text.has(prefix);
        any.then(|| text::token_with(&self.raw, prefix)).flatten()
    }
}

impl Clues<'_> {
    pub(super) fn who(&self) -> String {
        self.container.map_or_else(
            || "the container".to_owned(),
            |name| format!("container {name}"),
        )
    }

    pub(super) fn definition(&self) -> Option<&ContainerDefinition> {
        let definition = self.context.task_definition?;
        match self.container {
            Some(name) => definition.container(name),
            None if definition.containers.len() == 1 => definition.containers.first(),
            None => None,
        }
    }

    pub(super) fn definition_name(&self) -> String {
        let arn = self.task.task_definition_arn.as_deref();
        let arn = arn.or(self
            .context
            .task_definition
            .map(|definition| definition.arn.as_str()));
        match arn
            .map(crate::arn::revision_name)
            .filter(|name| !name.is_empty())
        {
            Some(name) => format!("task definition {name}"),
            None => "the task definition".to_owned(),
        }
    }

    pub(super) fn image(&self) -> String {
        const BEFORE: &[&str] = &[
            "resolve ref ",
            "manifest for ",
            "pull access denied for ",
            "the task cannot pull ",
            "repository ",
            "image: ",
        ];
        let own = self
            .task
            .containers
            .iter()
            .find(|one| one.name.as_deref() == self.container);
        let own = own
            .and_then(|one| one.image.clone())
            .filter(|image| !image.is_empty());
        let defined = || {
            self.definition()
                .map(|one| one.image.clone())
                .filter(|it| !it.is_empty())
        };
        let said = || {
            let named = BEFORE.iter().filter_map(|marker| self.after(marker));
            named
                .filter(|name| name.contains(['/', ':', '.']))
                .map(str::to_owned)
                .next()
        };
        let image = own.or_else(defined).or_else(said);
        image.map_or_else(|| "the image".to_owned(), |image| format!("image {image}"))
    }

    pub(super) fn role(&self) -> String {
        let said = || {
            let session = self.raw.split("assumed-role/").nth(1)?;
            let name = session.split(['/', ' ', '\'', '"', '.']).next()?;
            (!name.is_empty()).then(|| format!("role {name}"))
        };
        let said_arn = self.arn("iam").map(|arn| format!("role {arn}"));
        let defined = || {
            let role = self
                .context
                .task_definition?
                .execution_role_arn
                .as_deref()?;
            Some(format!("execution role {role}"))
        };
        said_arn
            .or_else(said)
            .or_else(defined)
            .unwrap_or_else(|| "the task execution role".to_owned())
    }

    pub(super) fn action(&self) -> Option<&str> {
        self.after("to perform: ")
            .filter(|action| action.contains(':'))
    }

    pub(super) fn secret(&self) -> String {
        let said = self.arn("secretsmanager").or_else(|| self.arn("ssm"));
        let said = said.or_else(|| self.after("invalid ssm parameters: "));
        let said = said.or_else(|| self.after("invalid parameters: "));
        let only = || {
            let secrets = &self.definition()?.secrets;
            (secrets.len() == 1)
                .then(|| secrets.values().next().map(String::as_str))
                .flatten()
        };
        let name = said.or_else(only);
        let kind = if self.text.any(one_of!["ssm", "parameter"]) {
            "parameter"
        } else {
            "secret"
        };
        name.map_or_else(|| format!("the {kind}"), |name| format!("{kind} {name}"))
    }

    pub(super) fn subnets(&self) -> String {
        match self.token_with("subnet-") {
            Some(subnet) => format!("subnet {subnet}"),
            None => "the task's subnets".to_owned(),
        }
    }

    pub(super) fn endpoint(&self) -> &'static str {
        const ENDPOINTS: &[(Fragments, &str)] = &[
            (
                one_of!["ecr registry auth", "amazon ecr", "api.ecr.", "ecr:"],
                "Amazon ECR (ecr.api)",
            ),
            (one_of!["ssm", "systems manager"], "AWS Systems Manager"),
            (
                one_of!["asm", "secrets manager", "secretsmanager"],
                "AWS Secrets Manager",
            ),
            (one_of!["logs.", "cloudwatch"], "CloudWatch Logs"),
        ];
        let text = &self.text;
        let named = ENDPOINTS.iter().find(|(words, _)| text.any(*words));
        named.map_or("the AWS endpoints it needs", |(_, name)| name)
    }

    pub(super) fn platform(&self) -> String {
        let said = self
            .raw
            .split("platform '")
            .nth(1)
            .and_then(|rest| rest.split('\'').next());
        let said = said.map(str::to_owned).or_else(|| {
            let defined = self.context.task_definition?.cpu_architecture.as_deref();
            Some(
                if defined == Some("ARM64") {
                    "linux/arm64"
                } else {
                    "linux/amd64"
                }
                .to_owned(),
            )
        });
        said.unwrap_or_else(|| "the platform of the task".to_owned())
    }

    pub(super) fn command(&self) -> String {
        let said = self
            .raw
            .split("exec: ")
            .nth(1)
            .map(|rest| rest.trim_start_matches(['\\', '"']));
        let said = said.and_then(|rest| rest.split(['"', '\\', ':']).next());
        match said.filter(|command| !command.is_empty() && command.len() <= 80) {
            Some(command) => format!(" (`{command}`)"),
            None => String::new(),
        }
    }

    /// The container's limit in MiB, or the task's.
    pub(super) fn memory(&self) -> Option<String> {
        let own = self
            .definition()
            .and_then(|one| one.memory)
            .map(|memory| memory.to_string());
        let defined = || {
            self.context
                .task_definition
                .and_then(|definition| definition.memory.clone())
        };
        own.or_else(|| self.task.memory.clone()).or_else(defined)
    }
}
