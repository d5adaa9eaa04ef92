//! What happens in a history: releases, people, tags, alarms, stacks.

use std::time::Duration;

use domain::causes::Cause;
use domain::verdict::{LookedAt, Request};
use serde_json::{Value, json};
use simulator::{Breaker, World};

use crate::chance::Chance;
use crate::fleet::{Blame, Shop, surroundings, tag};
use crate::plan::{CLUSTER, Plan};

/// One thing that happens, in words, and what roll-back is asked for by it.
#[derive(Debug)]
pub struct Act {
    pub said: String,
    pub asks: Option<Asks>,
    /// Task definitions meet another fate from now on.
    pub refates: bool,
}

/// Who asks roll-back besides deployment-changed.
#[derive(Debug)]
pub enum Asks {
    /// A person.
    Person(Value),
    /// A message that nobody sent now: an old one, redriven, or one with wrong hints.
    Stray(Box<Request>),
}

/// How long until the next thing happens.
pub fn pause(chance: &mut Chance) -> Duration {
    let (low, high) = chance.weighed(&[
        (3, (5, 60)),
        (4, (60, 300)),
        (3, (300, 900)),
        (1, (900, 5_400)),
    ]);
    Duration::from_secs(chance.between(low, high))
}

/// Makes something happen.
pub fn act(world: &mut World, shops: &[Shop], plan: &Plan, chance: &mut Chance) -> Act {
    let shop = chance.pick(shops);
    let name = shop.name;
    let gone = world
        .find_service(CLUSTER, name)
        .is_none_or(|it| it.status != "ACTIVE");
    let mut asks = None;
    let said = match chance.below(100) {
        _ if gone => anew(world, &shop, chance),
        0..52 => release(world, &shop, chance),
        52..55 => again(world, &shop, chance),
        55..60 => retag(world, &shop, chance),
        60..63 => alarm(world, &shop, chance),
        63..66 => format!(
            "somebody stops {name}'s deployment: {}",
            world.stop_deployment(CLUSTER, name)
        ),
        66..68 => {
            let back = chance.percent(50);
            let taken = world.answer_hook(CLUSTER, name, back);
            format!("somebody answers {name}'s hook, back: {back}: {taken}")
        }
        68..72 => {
            let revision = chance.between(1, 4);
            let done = world.deregister(&format!("{name}:{revision}"));
            format!("{name}:{revision} is deregistered: {done}")
        }
        72..77 => stack(world, &shop, chance),
        77..87 => {
            let payload = person(&shop, chance);
            let said = format!("somebody asks for a rollback: {payload}");
            asks = Some(Asks::Person(payload));
            said
        }
        87..93 if plan.enabled => {
            let request = stray(world, &shop, chance);
            let said = format!("an old request comes for {}", request.deployment);
            asks = Some(Asks::Stray(Box::new(request)));
            said
        }
        93..95 => {
            let count = chance.between(0, 2) as u32;
            world.scale(CLUSTER, name, count);
            format!("{name} is scaled to {count}")
        }
        95..97 => {
            let fate = surroundings(chance);
            for revision in 1..=4 {
                world.set_fate(&format!("{name}:{revision}"), fate.clone());
            }
            format!("the surroundings of {name} fail")
        }
        97 | 98 => {
            world.delete_service(CLUSTER, name);
            format!("{name} is deleted")
        }
        _ => stop_task(world, &shop),
    };
    let refates = said.contains("surroundings of") || said.contains("deployed again");
    Act {
        said,
        asks,
        refates,
    }
}

/// Right before a call of roll-back: what must stop it.
pub fn meddle(world: &mut World, shop: &Shop, chance: &mut Chance) -> Option<String> {
    let known = world.find_service(CLUSTER, shop.name)?;
    if known.status != "ACTIVE" || known.settings.controller != "ECS" {
        return None;
    }
    Some(match chance.below(4) {
        0 | 1 => release(world, shop, chance),
        2 => retag(world, shop, chance),
        _ => format!(
            "somebody stops {}'s deployment: {}",
            shop.name,
            world.stop_deployment(CLUSTER, shop.name)
        ),
    })
}

fn release(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let name = shop.name;
    let service = world.find_service(CLUSTER, name).expect("it is there");
    let current = service.deployments.first();
    let current = current.map(|it| it.task_definition.clone());
    let ours = service.settings.controller == "ECS";
    let mut revision = chance.between(1, 4);
    // Most releases bring something that fails: that is what this is about.
    if chance.percent(50) {
        let fails = |it: &u64| shop.blames[*it as usize - 1] != Blame::Nobodys;
        revision = (1..=4).rev().find(fails).unwrap_or(revision);
    }
    let reference = format!("{name}:{revision}");
    let definition = world.definition(&reference);
    let (arn, active) = definition.map_or((String::new(), false), |it| (it.arn.clone(), it.active));
    if !ours || !active || Some(arn) == current {
        return format!("{reference} cannot be released");
    }
    if let Some(stack) = shop.stack.filter(|_| chance.percent(60)) {
        world.set_stack(stack, "UPDATE_IN_PROGRESS");
    }
    let id = world.deploy(CLUSTER, name, &reference);
    format!(
        "{reference} is released: {id}, fault: {:?}",
        shop.blames[revision as usize - 1]
    )
}

/// A service of the name of one that is gone: another one, without a past.
fn anew(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let name = shop.name;
    let reference = format!("{name}:{}", chance.between(1, 4));
    let active = world.definition(&reference).is_some_and(|it| it.active);
    if !active || chance.percent(30) {
        return format!("{name} is gone");
    }
    let service = world.service(CLUSTER, name).task_definition(&reference);
    let service = service.breaker(Breaker::on());
    let service = match tag(chance) {
        Some(value) => service.tag("opsbot:rollback", value),
        None => service,
    };
    service.create();
    format!("{name} is created again, with {reference}")
}

fn again(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let name = shop.name;
    let service = world.find_service(CLUSTER, name).expect("it is there");
    if service.settings.controller != "ECS" || service.deployments.is_empty() {
        return format!("{name} cannot be deployed again");
    }
    let current = service.deployments[0].task_definition.clone();
    for image in ["v1", "v2", "latest"] {
        let image = format!("111122223333.dkr.ecr.us-east-1.amazonaws.com/app:{image}");
        world.image_moved(&image);
    }
    if chance.percent(50) {
        world.set_fate(&current, simulator::Fate::exits("app", 1));
    }
    format!(
        "{name} is deployed again: {}",
        world.redeploy(CLUSTER, name)
    )
}

fn retag(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let value = match chance.below(2) {
        0 => Some("off"),
        _ => tag(chance),
    };
    match value {
        Some(value) => world.tag_service(CLUSTER, shop.name, "opsbot:rollback", value),
        None => world.untag_service(CLUSTER, shop.name, "opsbot:rollback"),
    }
    format!("{} is tagged {value:?}", shop.name)
}

fn alarm(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let Some(alarm) = shop.alarm else {
        return format!("{} has no alarm", shop.name);
    };
    let on = chance.percent(70);
    world.set_alarm(alarm, on);
    format!("alarm of {}: {on}", shop.name)
}

fn stack(world: &mut World, shop: &Shop, chance: &mut Chance) -> String {
    let Some(stack) = shop.stack else {
        return format!("{} is in no stack", shop.name);
    };
    let status = chance.pick(&[
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_IN_PROGRESS",
    ]);
    if chance.percent(10) {
        world.delete_stack(stack);
        return format!("stack {stack} is deleted");
    }
    world.set_stack(stack, status);
    format!("stack {stack} is {status}")
}

fn stop_task(world: &mut World, shop: &Shop) -> String {
    let runs = |it: &&simulator::Task| it.service.as_deref() == Some(shop.name) && it.is_running();
    let arn = world.tasks().iter().find(runs).map(|it| it.arn.clone());
    let stopped = arn.is_some_and(|arn| world.stop_task(&arn, "UserInitiated", "not needed"));
    format!("a task of {} is stopped by hand: {stopped}", shop.name)
}

fn person(shop: &Shop, chance: &mut Chance) -> Value {
    let mut payload = json!({ "cluster": CLUSTER, "service": shop.name });
    if chance.percent(30) {
        payload["to"] = format!("{}:{}", shop.name, chance.between(1, 5)).into();
    }
    if chance.percent(25) {
        payload["dry_run"] = true.into();
    }
    if chance.percent(50) {
        payload["reason"] = "checkout is down".into();
    }
    payload
}

fn stray(world: &World, shop: &Shop, chance: &mut Chance) -> Request {
    let service = world.find_service(CLUSTER, shop.name).expect("it is there");
    let listed: Vec<String> = service.deployments.iter().map(|it| it.id.clone()).collect();
    let unknown = "ecs-svc/1234567890123456789".to_owned();
    let deployment = match chance.below(10) {
        0 => unknown,
        _ if listed.is_empty() => unknown,
        _ => chance.pick(&listed),
    };
    let causes = chance.pick(&[vec![], vec![Cause::ImageNotFound], vec![Cause::AppError]]);
    request(world, shop, &deployment, causes).expect("a service's ARN")
}

pub fn request(
    world: &World,
    shop: &Shop,
    deployment: &str,
    causes: Vec<Cause>,
) -> Option<Request> {
    let arn = domain::arn::ServiceArn::parse(&shop.arn, None)?;
    Some(Request {
        incident: domain::incident::incident_id(&arn, deployment),
        service: arn,
        deployment: deployment.to_owned(),
        causes,
        old_causes: Vec::new(),
        silent: None,
        only_tell: false,
        at: world.now(),
        looked_at: LookedAt::default(),
    })
}

/// The stack's update comes to its end some time.
pub fn settle_stacks(world: &mut World, shops: &[Shop], chance: &mut Chance) {
    for stack in shops.iter().filter_map(|it| it.stack) {
        let updating = world.stacks().get(stack);
        if updating.is_some_and(|it| it.ends_with("_IN_PROGRESS")) && chance.percent(1) {
            world.set_stack(stack, "UPDATE_COMPLETE");
        }
    }
}
