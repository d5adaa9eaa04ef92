//! Rollbacks: a request goes in, one call to ECS or none comes out, and the alert that tells it.

mod crashes;
mod faults;
mod hands;
mod holds;
mod people;
mod writes;

use aws::client::Limits;
use aws::gather::rollback::{Question, Sources, case};
use chrono::TimeDelta;
use domain::arn::ServiceArn;
use domain::causes::Cause;
use domain::incident::incident_id;
use domain::verdict::{LookedAt, Request, Requester};
use simulator::{Breaker, Fate, Options, Published, ServiceBuilder, TaskDefinition, World};
use tests::bot::{Bot, IMPATIENT};

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";
const CLUSTER: &str = "prod-apps";
const SERVICE: &str = "order-api";
const TAG: &str = "opsbot:rollback";

/// A release of order-api:42 that fails, and deployment-changed's request to go back from it.
struct Scene {
    bot: Bot,
    request: Request,
}

/// What is told of the service before it is created.
type Told = for<'a> fn(ServiceBuilder<'a>) -> ServiceBuilder<'a>;

/// ECS has called the deployment failed, and rollback is off: it has ended.
async fn failed(told: Told) -> Scene {
    let mut world = released(|service| told(service.breaker(Breaker::on())));
    world.settle();
    Scene::of(world, &[]).await
}

/// The breaker is off: ECS keeps trying, and the deployment is in flight.
async fn in_flight(told: Told) -> Scene {
    let mut world = released(told);
    world.advance(std::time::Duration::from_secs(300));
    Scene::of(world, &[]).await
}

fn released(told: impl FnOnce(ServiceBuilder<'_>) -> ServiceBuilder<'_>) -> World {
    let mut world = steady(told);
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world
}

/// order-api:41 serves, and order-api:42 would fail.
fn steady(told: impl FnOnce(ServiceBuilder<'_>) -> ServiceBuilder<'_>) -> World {
    let mut world = World::new();
    let define = |revision| {
        let it = TaskDefinition::of(SERVICE).revision(revision);
        it.container("app", IMAGE)
    };
    world.register(define(41));
    world.register(define(42).fate(Fate::fails_to_start("CannotPullContainerError: denied")));
    let service = world.service(CLUSTER, SERVICE);
    let service = service.task_definition("order-api:41").desired(2);
    told(service).create();
    world.settle();
    world
}

fn auto(service: ServiceBuilder<'_>) -> ServiceBuilder<'_> {
    service.tag(TAG, "auto")
}

impl Scene {
    async fn of(world: World, settings: &[(&str, &str)]) -> Self {
        Self::over(world, settings, Options::default()).await
    }

    async fn over(world: World, settings: &[(&str, &str)], options: Options) -> Self {
        Self::within(IMPATIENT, world, settings, options).await
    }

    async fn within(
        limits: Limits,
        world: World,
        settings: &[(&str, &str)],
        options: Options,
    ) -> Self {
        let mut bot = Bot::over(world, settings, limits, options);
        bot.patience = std::time::Duration::from_millis(2);
        let service = bot.aws.with(|world| {
            let service = world.find_service(CLUSTER, SERVICE).unwrap();
            (service.arn.clone(), service.deployments[0].id.clone())
        });
        let (arn, deployment) = service;
        let arn = ServiceArn::parse(&arn, None).unwrap();
        let request = Request {
            incident: incident_id(&arn, &deployment),
            looked_at: looked_at(&bot, &arn, &deployment).await,
            service: arn,
            deployment,
            causes: vec![Cause::ImageNotFound],
            old_causes: Vec::new(),
            silent: None,
            only_tell: false,
            at: bot.now(),
        };
        bot.aws.clear_logs();
        Self { bot, request }
    }

    /// Asks, and nothing goes wrong.
    async fn ask(&self) {
        self.bot.ask(&self.request).await.expect("an answer");
    }

    /// Asks when whatever an invocation that died held is free again.
    async fn ask_later(&self) {
        let later = self.bot.now() + TimeDelta::minutes(2);
        let answer = self.bot.ask_at(later, &self.request).await;
        answer.expect("an answer");
    }

    /// The writes that ECS looked at: the call, and its error where it refused.
    fn writes(&self) -> Vec<String> {
        let writes = self.bot.aws.writes().into_iter();
        let say = |write: simulator::Write| {
            let call = write.action.trim_start_matches("ecs:").to_owned();
            write
                .refused
                .map_or(call.clone(), |code| format!("{call}: {code}"))
        };
        writes.map(say).collect()
    }

    fn alerts(&self) -> Vec<Published> {
        self.bot.alerts()
    }

    /// Kind, severity and response of each alert.
    fn told(&self) -> Vec<String> {
        let alerts = self.alerts();
        let attribute = |alert: &Published, name: &str| alert.attributes[name].1.clone();
        let say = |alert: &Published| {
            ["kind", "severity", "rollback"]
                .map(|name| attribute(alert, name))
                .join(" ")
        };
        alerts.iter().map(say).collect()
    }

    /// The one alert as e-mail, without its links.
    fn text(&self) -> String {
        let alerts = self.alerts();
        assert_eq!(alerts.len(), 1, "one alert");
        let text = alerts[0].for_protocol("email");
        let (body, _) = text.split_once("\nLINKS\n").expect("links");
        body.to_owned()
    }

    /// What PRIMARY brings.
    fn primary(&self) -> String {
        self.bot.aws.with(|world| {
            let service = world.find_service(CLUSTER, SERVICE).unwrap();
            let definition = &service.deployments[0].task_definition;
            definition.rsplit('/').next().unwrap().to_owned()
        })
    }

    /// Nothing reached ECS, and this was told.
    #[track_caller]
    fn held(&self, told: &[&str]) {
        assert_eq!(self.writes(), [""; 0]);
        assert_eq!(self.told(), told);
    }
}

/// Where the facts stand, as deployment-changed found them.
async fn looked_at(bot: &Bot, arn: &ServiceArn, deployment: &str) -> LookedAt {
    let invocation = bot.invocation("look");
    let sources = Sources {
        asking: invocation.asking(),
        state: invocation.state(),
        stacks: bot.stacks(),
    };
    let question = Question {
        service: arn,
        deployment,
        looked_at: &LookedAt::default(),
        causes: &[],
        old_causes: &[],
        silent: None,
        requester: Requester::Event,
        policy: bot.rollbacks.policy,
        now: bot.now(),
    };
    LookedAt::named_by(&case(&sources, &question).await)
}
