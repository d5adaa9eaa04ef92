//! The stories: what may become of a release, told in the words of the simulator.
//!
//! Every story has the same town: cluster `prod-apps` in us-east-1, service `order-api` behind a
//! target group, healthy on `order-api:41`. Then revision 42 is released, or tasks begin to stop.

mod rollbacks;
mod scenes;

use std::time::{Duration, SystemTime};

use serde_json::Value;
use simulator::{Breaker, Fate, TaskDefinition, World};

pub use rollbacks::{Ending, Rollbacks, Turn};
pub use scenes::{Act, Scene, more_stops};

/// The cluster of every story.
pub const CLUSTER: &str = "prod-apps";
/// The service of every story.
pub const SERVICE: &str = "order-api";
/// The account of every story.
pub const ACCOUNT: &str = "111122223333";
/// The Region of every story.
pub const REGION: &str = "us-east-1";

const OLD_IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:1.8.3";
const NEW_IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:1.9.0";
const SECRET: &str =
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/order-api/db-Ab1Cd2";

/// One story.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// Its name, as in `make demo SCENARIO=name`.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub about: &'static str,
    /// Revision 42, with what becomes of its tasks.
    release: fn(TaskDefinition) -> TaskDefinition,
    /// What happens, where it is not a release that ECS itself calls failed.
    pub scene: Option<Scene>,
    watch: Watch,
    first: bool,
    /// Reads that the function's role is not allowed to make in this story.
    pub denied: &'static [&'static str],
    /// How the stack and the service stand to rollbacks.
    pub rollbacks: Rollbacks,
    /// What else is so by the time opsbot looks.
    pub turn: Turn,
    /// What follows the alert of the failure.
    pub ending: Ending,
}

/// What tells ECS that a deployment fails. A task that reaches RUNNING and then exits by itself
/// never trips the breaker, so those stories need an alarm
/// (Amazon ECS Developer Guide, `deployment-circuit-breaker`).
#[derive(Clone, Copy, Debug)]
enum Watch {
    Nothing,
    Breaker { rollback: bool },
    Alarm { rollback: bool },
}

/// For so long the town is well before the release.
const DAY: Duration = Duration::from_secs(90_000);
/// For ever, as far as a demo is concerned.
const MUTED: &str = "2099-01-01T00:00:00Z";
const ALARM: &str = "order-api-too-few-healthy-hosts";
const STOPS: Watch = Watch::Breaker { rollback: false };
const ROLLS_BACK: Watch = Watch::Breaker { rollback: true };
const ALARM_STOPS: Watch = Watch::Alarm { rollback: false };
const ALARM_ROLLS_BACK: Watch = Watch::Alarm { rollback: true };

/// A release that is well, on a service whose circuit breaker only stops what fails.
const PLAIN: Story = Story {
    name: "",
    about: "",
    release: |definition| definition,
    scene: None,
    watch: STOPS,
    first: false,
    denied: &[],
    rollbacks: Rollbacks::NotEnabled,
    turn: Turn::None,
    ending: Ending::AsEcsDoes,
};

/// Every story, the main one first.
pub fn all() -> impl Iterator<Item = Story> {
    rollbacks::STORIES.into_iter().chain(TOLD)
}

/// The stories of a stack that rolls nothing back.
const TOLD: [Story; 15] = [
    Story {
        name: "secret-denied",
        about: "the execution role may not read a new secret; ECS rolls back",
        release: secret_denied,
        watch: ROLLS_BACK,
        ..PLAIN
    },
    Story {
        name: "image-missing",
        about: "the image tag was never pushed; the breaker stops the deployment, no rollback",
        release: |definition| {
            let reason = format!(
                "CannotPullContainerError: The task cannot pull {NEW_IMAGE} from the registry \
                 {NEW_IMAGE}. Check whether the image exists. pull image manifest has been retried \
                 7 time(s): failed to resolve ref {NEW_IMAGE}: {NEW_IMAGE}: not found"
            );
            definition.fate(Fate::fails_to_start(reason).while_pulling())
        },
        ..PLAIN
    },
    Story {
        name: "out-of-memory",
        about: "the new version needs more memory than it is given; an alarm makes ECS roll back",
        release: |definition| {
            let fate = Fate::out_of_memory("app").after(Duration::from_secs(25));
            let lines = [
                "INFO starting order-api 1.9.0",
                "INFO loading price cache (612 MiB)",
            ];
            definition
                .with("memory", "512")
                .fate(fate.logs("app", lines))
        },
        watch: ALARM_ROLLS_BACK,
        ..PLAIN
    },
    Story {
        name: "load-balancer",
        about: "tasks run, but the load balancer's health check gets 502; they exit 0 when stopped",
        release: |definition| {
            let said = "Health checks failed with these codes: [502]";
            let fate = Fate::fails_target_health("Target.ResponseCodeMismatch", said);
            let lines = [
                "INFO listening on 127.0.0.1:8080",
                "WARN upstream order-db:5432 refused the connection",
            ];
            definition
                .environment("BIND", "127.0.0.1:8080")
                .fate(fate.logs("app", lines))
        },
        ..PLAIN
    },
    Story {
        name: "clean-exit",
        about: "the essential container does its work and exits 0, so every task ends",
        release: |definition| {
            let lines = ["INFO running migrations", "INFO 3 migrations applied, bye"];
            let definition = definition.having("command", serde_json::json!(["migrate"]));
            definition.fate(Fate::exits("app", 0).logs("app", lines))
        },
        watch: ALARM_STOPS,
        ..PLAIN
    },
    Story {
        name: "sidecar-first",
        about: "the envoy sidecar dies of its configuration and takes the app down with it",
        release: |definition| {
            let lines = [
                "[info] initializing epoch 0",
                "[critical] error initializing configuration '/etc/envoy/envoy.yaml': \
                 cluster 'orders': unknown field 'conect_timeout'",
            ];
            let fate = Fate::exits("envoy", 1)
                .then("app", 143)
                .logs("envoy", lines);
            definition
                .container("envoy", "public.ecr.aws/appmesh/envoy:v1.29")
                .fate(fate)
        },
        watch: ALARM_ROLLS_BACK,
        ..PLAIN
    },
    Story {
        name: "ecs-rolls-back",
        about: "the image lacks the program; ECS rolls back and the service recovers",
        release: |definition| {
            let reason = "CannotStartContainerError: ResourceInitializationError: failed to create \
                new container runtime task: failed to create shim task: OCI runtime create failed: \
                runc create failed: unable to start container process: exec: \"/app/server\": stat \
                /app/server: no such file or directory: unknown";
            definition.fate(Fate::fails_to_start(reason).while_starting())
        },
        watch: ROLLS_BACK,
        ..PLAIN
    },
    Story {
        name: "first-deployment",
        about: "the first deployment ever fails, so there is nothing to go back to",
        release: secret_denied,
        watch: ROLLS_BACK,
        first: true,
        ..PLAIN
    },
    Story {
        name: "diagnostics-denied",
        about: "opsbot's own role may read neither tasks, logs nor targets",
        release: secret_denied,
        denied: &[
            "ecs:DescribeTasks",
            "logs:GetLogEvents",
            "elasticloadbalancing:DescribeTargetHealth",
        ],
        ..PLAIN
    },
    Story {
        name: "crash-loop",
        about: "tasks that were well for a day begin to exit with 1: told at the 1st and the 10th stop",
        scene: Some(Scene::CrashLoop),
        ..PLAIN
    },
    Story {
        name: "storm",
        about: "120 tasks stop within two minutes, some of them told twice: a handful of alerts, exact counts",
        scene: Some(Scene::Storm),
        ..PLAIN
    },
    Story {
        name: "scheduled-task",
        about: "a nightly job that no service runs ends with an exception",
        scene: Some(Scene::ScheduledTask),
        ..PLAIN
    },
    Story {
        name: "spot-notice",
        about: "AWS takes Spot capacity back: told at the notice, and the stop is not told again",
        scene: Some(Scene::SpotNotice),
        ..PLAIN
    },
    Story {
        name: "unwatched",
        about: "a release fails and neither circuit breaker nor alarms are on: ECS says nothing, opsbot does",
        release: exits,
        scene: Some(Scene::Unwatched),
        watch: Watch::Nothing,
        ..PLAIN
    },
    Story {
        name: "muted",
        about: "a service with the tag `opsbot:mute-until` crashes: counted, and nobody is told",
        scene: Some(Scene::Muted),
        ..PLAIN
    },
];

fn exits(definition: TaskDefinition) -> TaskDefinition {
    definition.fate(scenes::exits())
}

fn secret_denied(definition: TaskDefinition) -> TaskDefinition {
    definition
        .secret("DB_PASSWORD", SECRET)
        .fate(Fate::fails_to_start(denied()))
}

fn denied() -> String {
    format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
         retrieval failed: unable to retrieve secret from asm: service call has been retried 1 \
         time(s): failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: \
         User: arn:aws:sts::111122223333:assumed-role/order-api-execution/0f1e2d is not authorized \
         to perform: secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based \
         policy allows the secretsmanager:GetSecretValue action"
    )
}

impl Story {
    /// The story of that name.
    pub fn named(name: &str) -> Option<Self> {
        all().find(|story| story.name == name)
    }

    /// The town before the release: healthy on 41, or empty for a first deployment.
    pub fn town(&self, event_source: &str) -> World {
        self.founded(World::new(), event_source)
    }

    /// The same for functions that read the clock: it is about this late when a failure is told, some
    /// minutes after the release, and what follows comes later.
    pub fn town_at(&self, event_source: &str, now: SystemTime) -> World {
        let start = now - DAY - Duration::from_secs(300);
        self.founded(World::new().starting_at(start.into()), event_source)
    }

    fn founded(&self, world: World, event_source: &str) -> World {
        let mut world = world.located(ACCOUNT, REGION).event_source(event_source);
        let group = world.target_group(SERVICE);
        world.register(definition(41, OLD_IMAGE).environment("LOG_LEVEL", "info"));
        world.register((self.release)(
            definition(42, NEW_IMAGE).environment("LOG_LEVEL", "debug"),
        ));
        if self.first {
            world.cluster(CLUSTER);
            return world;
        }
        self.service(&mut world, "order-api:41", &group);
        world.settle();
        world.drain_events();
        world.advance(DAY);
        world.drain_events();
        world
    }

    /// Whether ECS brings the service back by itself.
    pub fn recovers(&self) -> bool {
        let rollback = match self.watch {
            Watch::Nothing => false,
            Watch::Breaker { rollback } | Watch::Alarm { rollback } => rollback,
        };
        rollback && !self.first
    }

    /// Releases revision 42.
    pub fn release(&self, world: &mut World) {
        if self.first {
            let group = world.target_group(SERVICE);
            self.service(world, "order-api:42", &group);
        } else if self.turn == Turn::MovedTag {
            world.image_moved(OLD_IMAGE);
            let fails = "CannotStartContainerError: ResourceInitializationError: failed to create new \
                         container runtime task: exec: \"/app/server\": no such file or directory";
            world.set_fate("order-api:41", Fate::fails_to_start(fails).while_starting());
            world.redeploy(CLUSTER, SERVICE);
        } else {
            world.deploy(CLUSTER, SERVICE, "order-api:42");
        }
        if self.ending == Ending::FailsToo {
            world.set_fate("order-api:41", Fate::fails_to_start(denied()));
        }
        if let Watch::Alarm { .. } = self.watch {
            world.advance(Duration::from_secs(240));
            world.set_alarm(ALARM, true);
        }
    }

    fn service(&self, world: &mut World, revision: &str, group: &str) {
        let service = world
            .service(CLUSTER, SERVICE)
            .task_definition(revision)
            .desired(3);
        let service = service
            .target_group(group, "app", 8080)
            .tag("opsbot:owner", "team-orders");
        let service = match self.scene {
            Some(Scene::Muted) => service.tag("opsbot:mute-until", MUTED),
            _ => service,
        };
        let service = match self.rollbacks {
            Rollbacks::Enabled { tag: Some(tag), .. } => service.tag("opsbot:rollback", tag),
            Rollbacks::Enabled { tag: None, .. } | Rollbacks::NotEnabled => service,
        };
        let service = self.turned(service);
        match self.watch {
            Watch::Nothing => service,
            Watch::Breaker { rollback: true } => service.breaker(Breaker::with_rollback()),
            Watch::Breaker { rollback: false } => service.breaker(Breaker::on()),
            Watch::Alarm { rollback } => service.alarms(&[ALARM], rollback),
        }
        .create();
    }
}

fn definition(revision: u32, image: &str) -> TaskDefinition {
    TaskDefinition::of(SERVICE)
        .revision(revision)
        .container("app", image)
        .port(8080)
}

/// Lets time pass until an event of that name comes up, at most six hours. Gives every event since
/// the last one taken, in order.
pub fn until(world: &mut World, event_name: &str) -> Vec<Value> {
    let mut events = Vec::new();
    for _ in 0..(6 * 360) {
        events.extend(world.drain_events());
        if events
            .iter()
            .any(|event| event["detail"]["eventName"] == event_name)
        {
            break;
        }
        world.advance(Duration::from_secs(10));
    }
    events
}
