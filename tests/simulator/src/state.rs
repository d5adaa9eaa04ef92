//! What the server and the handle share.

use crate::api::{Answer, Api, ApiError, text, texts};
use crate::authorize::{AuthRequest, Authorizer};
use crate::calls::{Call, Outcome};
use crate::faults::{FaultKind, Faults};
use crate::neighbours::{self, Published, SentMessage, Table};
use crate::throttle::{Buckets, Throttle};
use crate::wire::request::Request;
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub world: World,
    pub tables: BTreeMap<String, Table>,
    pub published: Vec<Published>,
    pub sent: Vec<SentMessage>,
    pub calls: Vec<Call>,
    pub faults: Faults,
    buckets: Buckets,
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
            published: Vec::new(),
            sent: Vec::new(),
            calls: Vec::new(),
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

    /// Logs a call that arrived: its number, its fault and its delay.
    pub(crate) fn begin(&self, request: &Request) -> (usize, Option<FaultKind>, Duration) {
        let mut state = self.lock();
        let action = request.action();
        let resource = resource(&state.world, request);
        let fault = state.faults.take(&action);
        let latency = state.faults.latency(&action);
        state.calls.push(Call {
            action,
            resource,
            access_key_id: request.access_key_id.clone(),
            request: request.body.clone(),
            started: Instant::now(),
            ended: None,
            outcome: Outcome::Unanswered,
        });
        (state.calls.len() - 1, fault, latency)
    }

    pub(crate) fn resource_of(&self, call: usize) -> String {
        self.lock()
            .calls
            .get(call)
            .map_or_else(String::new, |call| call.resource.clone())
    }

    /// A call whose log was cleared meanwhile is not noted.
    pub(crate) fn end(&self, call: usize, outcome: Outcome) {
        if let Some(call) = self.lock().calls.get_mut(call) {
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

    pub(crate) fn auth_request(&self, request: &Request, resource: &str) -> AuthRequest {
        let state = self.lock();
        let mut context = BTreeMap::new();
        if request.api == Api::Ecs {
            let cluster = crate::world::last_part(text(&request.body, "cluster"));
            let cluster = if cluster.is_empty() {
                "default"
            } else {
                cluster
            };
            context.insert(
                "ecs:cluster".into(),
                state
                    .world
                    .names()
                    .arn("ecs", &format!("cluster/{cluster}")),
            );
            let services = state.world.services().iter();
            for service in services.filter(|service| service.arn == resource) {
                for (key, value) in &service.settings.tags {
                    context.insert(format!("aws:ResourceTag/{key}"), value.clone());
                }
            }
        }
        AuthRequest {
            access_key_id: request.access_key_id.clone(),
            action: request.action(),
            resource_arn: resource.into(),
            context,
        }
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
            (Api::Ecs, _) => crate::ecs::call(&mut state.world, operation, body),
            (Api::Logs, "GetLogEvents") => neighbours::get_log_events(&state.world, body),
            (Api::LoadBalancing, "DescribeTargetHealth") => {
                neighbours::describe_target_health(&state.world, body)
            }
            (Api::CloudWatch, "GetMetricData") => neighbours::get_metric_data(&state.world, body),
            (Api::Sns, "Publish") => neighbours::publish(&mut state.published, body),
            (Api::DynamoDb, _) => neighbours::dynamodb(&mut state.tables, operation, body),
            (Api::Sqs, _) => neighbours::sqs(&mut state.sent, operation, body),
            (Api::Logs | Api::LoadBalancing | Api::CloudWatch | Api::Sns, _) => unknown(),
        }
    }
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
        Api::Sns => text(body, "TopicArn").into(),
        Api::DynamoDb => {
            let table = match text(body, "TableName") {
                "" => texts(body, "TableNames").first().copied().unwrap_or("*"),
                name => name,
            };
            names.arn("dynamodb", &format!("table/{table}"))
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
