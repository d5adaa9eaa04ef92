//! What the server and the handle share.

use crate::api::{Answer, Api, ApiError, text, texts};
use crate::authorize::{AuthRequest, Authorizer};
use crate::calls::{Call, Outcome};
use crate::faults::{FaultKind, Faults};
use crate::neighbours::{self, Published, SentMessage, Table, Transactions};
use crate::throttle::{Buckets, Throttle};
use crate::wire::request::Request;
use crate::world::World;
use crate::writes::{Write, is_write};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub world: World,
    pub tables: BTreeMap<String, Table>,
    transactions: Transactions,
    pub published: Vec<Published>,
    pub sent: Vec<SentMessage>,
    pub calls: Vec<Call>,
    /// The writes that ECS looked at.
    pub writes: Vec<Write>,
    acts: Vec<Act>,
    /// How many calls were forgotten before `calls[0]`.
    pub forgotten: usize,
    pub faults: Faults,
    buckets: Buckets,
}

/// What a test does to the world right before a call of an action.
pub(crate) struct Act {
    pub action: String,
    /// So many calls come before it.
    pub spared: usize,
    pub act: Box<dyn FnOnce(&mut World) + Send>,
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Act({} after {})", self.action, self.spared)
    }
}

impl State {
    pub(crate) fn act_before(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// Does what a test wants done before this call.
    fn act(&mut self, action: &str) {
        for mut act in std::mem::take(&mut self.acts) {
            match act.action.as_str() {
                wanted if wanted != "*" && wanted != action => self.acts.push(act),
                _ if act.spared > 0 => {
                    act.spared -= 1;
                    self.acts.push(act);
                }
                _ => (act.act)(&mut self.world),
            }
        }
    }
}

/// A call that was logged, and what awaits it.
pub(crate) struct Begun {
    pub call: usize,
    pub resource: String,
    pub fault: Option<FaultKind>,
    pub latency: Duration,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    authorizer: Option<Authorizer>,
    throttle: Throttle,
    started: Instant,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(world: World, authorizer: Option<Authorizer>, throttle: Throttle) -> Self {
        let state = State {
            world,
            tables: BTreeMap::new(),
            transactions: Transactions::new(),
            published: Vec::new(),
            sent: Vec::new(),
            calls: Vec::new(),
            writes: Vec::new(),
            acts: Vec::new(),
            forgotten: 0,
            faults: Faults::default(),
            buckets: Buckets::default(),
        };
        Self {
            state: Mutex::new(state),
            authorizer,
            throttle,
            started: Instant::now(),
            connections: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
        }
    }

    /// A test that panicked while it held the lock must not hide behind a poisoned one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn authorizer(&self) -> Option<&Authorizer> {
        self.authorizer.as_ref()
    }

    pub(crate) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_handshake(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Accepted TCP connections and completed TLS handshakes.
    pub(crate) fn connections(&self) -> (usize, usize) {
        (
            self.connections.load(Ordering::Relaxed),
            self.handshakes.load(Ordering::Relaxed),
        )
    }

    /// Logs a call that arrived.
    pub(crate) fn begin(&self, request: &Request) -> Begun {
        let mut state = self.lock();
        let action = request.action();
        state.act(&action);
        let resource = resource(&state.world, request);
        let fault = state.faults.take(&action);
        let latency = state.faults.latency(&action);
        state.calls.push(Call {
            action,
            resource: resource.clone(),
            access_key_id: request.access_key_id.clone(),
            request: request.body.clone(),
            started: Instant::now(),
            ended: None,
            outcome: Outcome::Unanswered,
        });
        let call = state.forgotten + state.calls.len() - 1;
        Begun {
            call,
            resource,
            fault,
            latency,
        }
    }

    /// A call whose log was cleared meanwhile is not noted.
    pub(crate) fn end(&self, call: usize, outcome: Outcome) {
        let mut state = self.lock();
        let at = call.checked_sub(state.forgotten);
        if let Some(call) = at.and_then(|at| state.calls.get_mut(at)) {
            call.ended = Some(Instant::now());
            call.outcome = outcome;
        }
    }

    pub(crate) fn within_rate(&self, action: &str) -> bool {
        let mut state = self.lock();
        let now = match self.throttle {
            Throttle::Off => return true,
            Throttle::VirtualClock => state.world.now().timestamp_millis() as f64 / 1000.0,
            Throttle::RealClock => self.started.elapsed().as_secs_f64(),
        };
        state.buckets.take(action, now)
    }

    /// What IAM has to be asked: the action itself, then `iam:PassRole` for the roles that a
    /// write hands to ECS. `UpdateService` needs it in practice where it names a task definition,
    /// though the Service Authorization Reference lists no such dependency.
    pub(crate) fn auth_requests(&self, request: &Request, resource: &str) -> Vec<AuthRequest> {
        let state = self.lock();
        let access_key_id = request.access_key_id.clone();
        if request.operation == "TransactWriteItems" {
            return parts_asked(&state.world, request);
        }
        let resources = std::iter::once(resource.to_owned()).chain(service_too(request, resource));
        let asking = |resource_arn: String| AuthRequest {
            access_key_id: access_key_id.clone(),
            action: request.action(),
            context: context(&state.world, request, &resource_arn),
            resource_arn,
        };
        let mut asked: Vec<AuthRequest> = resources.map(asking).collect();
        for role in passed_roles(&state.world, request) {
            let service = "ecs-tasks.amazonaws.com".to_owned();
            asked.push(AuthRequest {
                access_key_id: request.access_key_id.clone(),
                action: "iam:PassRole".into(),
                resource_arn: role,
                context: BTreeMap::from([("iam:PassedToService".to_owned(), service)]),
            });
        }
        asked
    }

    /// Does what the request asks for.
    pub(crate) fn perform(&self, request: &Request) -> Answer {
        let state = &mut *self.lock();
        let Request {
            operation, body, ..
        } = request;
        let unknown = || {
            let text = format!("{} is not simulated", request.action());
            Err(ApiError::new("UnknownOperationException", text))
        };
        match (request.api, operation.as_str()) {
            (Api::Ecs, _) if is_write(&request.action()) => written(state, request),
            (Api::Ecs, _) => crate::ecs::call(&mut state.world, operation, body),
            (Api::Logs, "GetLogEvents") => neighbours::get_log_events(&state.world, body),
            (Api::LoadBalancing, "DescribeTargetHealth") => {
                neighbours::describe_target_health(&state.world, body)
            }
            (Api::CloudWatch, "GetMetricData") => neighbours::get_metric_data(&state.world, body),
            (Api::Sns, "Publish") => {
                neighbours::publish(&mut state.published, state.world.now(), body)
            }
            (Api::CloudFormation, "DescribeStacks") => {
                neighbours::describe_stacks(&state.world, body)
            }
            (Api::DynamoDb, _) => {
                neighbours::dynamodb(&mut state.tables, &mut state.transactions, operation, body)
            }
            (Api::Sqs, _) => neighbours::sqs(&mut state.sent, state.world.now(), operation, body),
            (
                Api::Logs | Api::LoadBalancing | Api::CloudWatch | Api::Sns | Api::CloudFormation,
                _,
            ) => unknown(),
        }
    }
}

/// The condition keys of ECS and their values.
fn context(world: &World, request: &Request, resource: &str) -> BTreeMap<String, String> {
    let mut context = BTreeMap::new();
    if request.api == Api::Ecs {
        let cluster = crate::world::last_part(text(&request.body, "cluster"));
        let cluster = if cluster.is_empty() {
            "default"
        } else {
            cluster
        };
        context.insert("ecs:cluster".into(), world.names().cluster(cluster));
        let services = world.services().iter();
        for service in services.filter(|service| service.arn == resource) {
            let tags = service.settings.tags.iter();
            context.extend(tags.map(|(k, v)| (format!("aws:ResourceTag/{k}"), v.clone())));
        }
    }
    context
}

/// The end of a service deployment is asked for on its service too: both resource types are
/// required (Service Authorization Reference, Amazon ECS, `StopServiceDeployment`).
fn service_too(request: &Request, resource: &str) -> Option<String> {
    let ends = ["StopServiceDeployment", "ContinueServiceDeployment"];
    let (arn, name) = resource.split_once(":service-deployment/")?;
    let (service, _id) = name.rsplit_once('/')?;
    let of_it = ends.contains(&request.operation.as_str());
    of_it.then(|| format!("{arn}:service/{service}"))
}

fn written(state: &mut State, request: &Request) -> Answer {
    let (at, before) = (state.world.now(), state.world.clone());
    let answer = crate::ecs::call(&mut state.world, &request.operation, &request.body);
    state.writes.push(Write {
        action: request.action(),
        access_key_id: request.access_key_id.clone(),
        request: request.body.clone(),
        at,
        before,
        refused: answer.as_ref().err().map(|error| error.code.clone()),
    });
    answer
}

/// A transaction asks for the permission of each of its parts, and for none of its own (Developer
/// Guide, `transaction-apis-iam`). Each is asked for once a table.
fn parts_asked(world: &World, request: &Request) -> Vec<AuthRequest> {
    let mut asked: Vec<AuthRequest> = Vec::new();
    for (operation, part) in neighbours::parts_of_transaction(&request.body) {
        let part = AuthRequest {
            access_key_id: request.access_key_id.clone(),
            action: format!("dynamodb:{operation}"),
            resource_arn: table(world, part),
            context: BTreeMap::new(),
        };
        if !asked.contains(&part) {
            asked.push(part);
        }
    }
    asked
}

fn table(world: &World, body: &Value) -> String {
    let table = match text(body, "TableName") {
        "" => texts(body, "TableNames").first().copied().unwrap_or("*"),
        name => name,
    };
    world.names().arn("dynamodb", &format!("table/{table}"))
}

fn passed_roles(world: &World, request: &Request) -> Vec<String> {
    const ROLES: [&str; 2] = ["taskRoleArn", "executionRoleArn"];
    let body = &request.body;
    let roles: Vec<Option<&str>> = match (request.api, request.operation.as_str()) {
        (Api::Ecs, "UpdateService" | "CreateService" | "RunTask") => {
            match world.definition(text(body, "taskDefinition")) {
                Some(definition) => ROLES.map(|role| definition.text(role)).into(),
                None => Vec::new(),
            }
        }
        (Api::Ecs, "RegisterTaskDefinition") => ROLES.map(|role| Some(text(body, role))).into(),
        _ => Vec::new(),
    };
    let given = roles.into_iter().flatten().filter(|role| !role.is_empty());
    given.map(str::to_owned).collect()
}

/// The ARN that IAM would check.
fn resource(world: &World, request: &Request) -> String {
    let (names, body) = (world.names(), &request.body);
    match request.api {
        Api::Ecs => crate::ecs::resource(world, &request.operation, body),
        Api::Logs => {
            let (group, stream) = (text(body, "logGroupName"), text(body, "logStreamName"));
            names.arn("logs", &format!("log-group:{group}:log-stream:{stream}"))
        }
        // Neither knows resources.
        Api::LoadBalancing | Api::CloudWatch => "*".into(),
        Api::CloudFormation => match text(body, "StackName") {
            "" => "*".into(),
            arn if arn.starts_with("arn:") => arn.into(),
            name => names.arn("cloudformation", &format!("stack/{name}/*")),
        },
        Api::Sns => text(body, "TopicArn").into(),
        Api::DynamoDb => {
            let parts = neighbours::parts_of_transaction(body);
            table(world, parts.first().map_or(body, |(_, part)| part))
        }
        Api::Sqs => {
            let queue = text(body, "QueueUrl")
                .rsplit('/')
                .next()
                .unwrap_or_default();
            names.arn("sqs", queue)
        }
    }
}
