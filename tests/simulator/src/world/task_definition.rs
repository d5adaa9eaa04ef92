//! Task definitions: the document as the API takes it, its revision and its fate.

use super::Fate;
use super::names::Names;
use serde_json::{Map, Value, json};

/// A task definition, built in words. Methods after `container` speak of that container.
#[derive(Debug, Clone)]
pub struct TaskDefinition {
    pub(crate) family: String,
    pub(crate) revision: Option<u32>,
    /// What `RegisterTaskDefinition` takes, without family.
    pub(crate) document: Map<String, Value>,
    pub(crate) fate: Fate,
}

/// One registered revision.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The ARN with its revision.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its revision.
    pub revision: u32,
    /// `false` once deregistered (INACTIVE).
    pub active: bool,
    pub(crate) document: Map<String, Value>,
    pub(crate) fate: Fate,
    pub(crate) registered_at: super::Time,
}

impl Registered {
    /// What becomes of its tasks.
    #[must_use]
    pub fn fate(&self) -> &Fate {
        &self.fate
    }
}

impl TaskDefinition {
    /// A Fargate task of 512 CPU units and 1,024 MiB with the usual two roles.
    #[must_use]
    pub fn of(family: &str) -> Self {
        let document = json!({
            "containerDefinitions": [], "volumes": [], "networkMode": "awsvpc", "cpu": "512",
            "memory": "1024", "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": format!("arn:aws:iam::111122223333:role/{family}-execution"),
            "taskRoleArn": format!("arn:aws:iam::111122223333:role/{family}-task"),
            "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        });
        Self::from_document(family, document)
    }

    /// A definition from the members that `RegisterTaskDefinition` takes.
    #[must_use]
    pub fn from_document(family: &str, document: Value) -> Self {
        let Value::Object(document) = document else {
            panic!("a document is an object")
        };
        Self {
            family: family.into(),
            revision: None,
            document,
            fate: Fate::runs_healthy(),
        }
    }

    /// The revision number (else the next of its family).
    #[must_use]
    pub fn revision(mut self, revision: u32) -> Self {
        self.revision = Some(revision);
        self
    }

    /// What becomes of its tasks (else they run healthy).
    #[must_use]
    pub fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// Sets any member of the document, for example `cpu`, `memory`, `taskRoleArn`.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.document.insert(member.into(), value.into());
        self
    }

    /// Adds an essential container that logs by awslogs to `/ecs/<family>`, prefix `ecs`.
    #[must_use]
    pub fn container(mut self, name: &str, image: &str) -> Self {
        let group = format!("/ecs/{}", self.family);
        let container = json!({
            "name": name, "image": image, "cpu": 0, "essential": true, "environment": [],
            "secrets": [], "portMappings": [], "mountPoints": [], "volumesFrom": [],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": group, "awslogs-stream-prefix": "ecs"}},
        });
        self.containers().push(container);
        self
    }

    fn containers(&mut self) -> &mut Vec<Value> {
        let list = self
            .document
            .get_mut("containerDefinitions")
            .and_then(Value::as_array_mut);
        list.expect("containerDefinitions is a list")
    }

    /// Sets any member of the last container, for example `healthCheck`, `dependsOn`.
    #[must_use]
    pub fn having(mut self, member: &str, value: impl Into<Value>) -> Self {
        let last = self
            .containers()
            .last_mut()
            .expect("container() was called before");
        last[member] = value.into();
        self
    }

    fn push(mut self, member: &str, value: Value) -> Self {
        let last = self
            .containers()
            .last_mut()
            .expect("container() was called before");
        last[member]
            .as_array_mut()
            .expect("the member is a list")
            .push(value);
        self
    }

    /// The last container may end without taking the task down.
    #[must_use]
    pub fn not_essential(self) -> Self {
        self.having("essential", false)
    }

    /// A secret of the last container.
    #[must_use]
    pub fn secret(self, name: &str, value_from: &str) -> Self {
        self.push("secrets", json!({"name": name, "valueFrom": value_from}))
    }

    /// An environment variable of the last container.
    #[must_use]
    pub fn environment(self, name: &str, value: &str) -> Self {
        self.push("environment", json!({"name": name, "value": value}))
    }

    /// A port of the last container.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        let mapping = json!({"containerPort": port, "hostPort": port, "protocol": "tcp"});
        self.push("portMappings", mapping)
    }

    /// The last container's log configuration: `awsfirelens`, `splunk` …
    #[must_use]
    pub fn log_driver(self, driver: &str, options: Value) -> Self {
        self.having(
            "logConfiguration",
            json!({"logDriver": driver, "options": options}),
        )
    }

    /// The last container has no log configuration.
    #[must_use]
    pub fn without_logs(self) -> Self {
        self.having("logConfiguration", Value::Null)
    }
}

impl Registered {
    pub(crate) fn new(
        definition: TaskDefinition,
        revision: u32,
        names: &Names,
        now: super::Time,
    ) -> Self {
        let TaskDefinition {
            family,
            mut document,
            fate,
            ..
        } = definition;
        let containers = document
            .get_mut("containerDefinitions")
            .and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            drop_nulls(container);
            let essential = container
                .get("essential")
                .and_then(Value::as_bool)
                .unwrap_or(true);
            container["essential"] = essential.into();
            if container["logConfiguration"]["logDriver"] == "awslogs" {
                let options = &mut container["logConfiguration"]["options"];
                if options["awslogs-region"].is_null() {
                    options["awslogs-region"] = names.region.clone().into();
                }
            }
        }
        let arn = names.task_definition(&family, revision);
        Self {
            arn,
            family,
            revision,
            active: true,
            document,
            fate,
            registered_at: now,
        }
    }

    /// `family:revision`.
    #[must_use]
    pub fn short_name(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    pub(crate) fn containers(&self) -> impl Iterator<Item = &Value> {
        self.document
            .get("containerDefinitions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.document.get(member).and_then(Value::as_str)
    }

    #[track_caller]
    pub(crate) fn check_fate(&self, fate: &Fate) {
        for name in fate.containers() {
            let known = self.containers().any(|c| c["name"] == name);
            assert!(known, "{} has no container {name}", self.short_name());
        }
    }

    pub(crate) fn is_essential(&self, name: &str) -> bool {
        let container = self.containers().find(|c| c["name"] == name);
        container.is_none_or(|c| c["essential"] != false)
    }

    /// Group and stream of a container's awslogs (page `using_awslogs`); none for other drivers.
    pub(crate) fn log_stream(&self, container: &str, task_id: &str) -> Option<(String, String)> {
        let definition = self.containers().find(|c| c["name"] == container)?;
        let logs = definition
            .get("logConfiguration")
            .filter(|l| l["logDriver"] == "awslogs")?;
        let option = |name: &str| logs["options"][name].as_str();
        let stream = format!("{}/{container}/{task_id}", option("awslogs-stream-prefix")?);
        Some((option("awslogs-group")?.to_owned(), stream))
    }
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
    }
}
