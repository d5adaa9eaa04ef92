//! The services of a history, drawn from its seed, and what becomes of their tasks.

use simulator::{Breaker, Fate, Registered, TaskDefinition, World};

use crate::chance::Chance;
use crate::plan::CLUSTER;

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/app";

/// Of forty services these stop at a pause hook.
const HOOKED: std::ops::Range<u64> = 7..11;

/// Whose fault it is that a revision's tasks fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    Nobodys,
    ItsOwn,
    Surroundings,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Shop {
    pub name: &'static str,
    pub arn: String,
    /// The revisions, from 1, and whose fault it is that they fail.
    pub blames: Vec<Blame>,
    pub stack: Option<&'static str>,
    pub alarm: Option<&'static str>,
}

/// Makes the services, each on its first revision.
pub fn found(world: &mut World, seed: u64) -> Vec<Shop> {
    let mut chance = Chance::of(seed, 2);
    let names: &[&'static str] = match chance.below(10) {
        0..7 => &["order-api"],
        7..9 => &["order-api", "cart"],
        _ => &["order-api", "cart", "mailer"],
    };
    let shops = names.iter();
    shops.map(|name| shop(world, name, &mut chance)).collect()
}

fn shop(world: &mut World, name: &'static str, chance: &mut Chance) -> Shop {
    let group = chance.percent(40).then(|| world.target_group(name));
    let kind = chance.below(40);
    let mut blames = Vec::new();
    for revision in 1..=4 {
        let blame = match revision {
            1 => chance.weighed(&[(8, Blame::Nobodys), (1, Blame::ItsOwn)]),
            // Only a deployment that runs comes to its hook.
            _ if HOOKED.contains(&kind) => Blame::Nobodys,
            _ => chance.weighed(&[
                (3, Blame::Nobodys),
                (6, Blame::ItsOwn),
                (2, Blame::Surroundings),
            ]),
        };
        let definition = TaskDefinition::of(name).revision(revision);
        // Some share an image by a mutable tag.
        let tag = chance.pick(&["v1", "v2", "latest"]);
        let definition = definition.container("app", &format!("{IMAGE}:{tag}"));
        let fate = fate(blame, group.is_some(), chance);
        world.register(definition.port(8080).fate(fate));
        blames.push(blame);
    }
    let stack = chance.percent(25).then_some("shop-stack");
    let alarm = chance.percent(20).then_some("too-many-errors");
    let mut service = world
        .service(CLUSTER, name)
        .task_definition(&format!("{name}:1"))
        .desired(chance.pick(&[1, 1, 1, 2, 2, 9]) as u32);
    if let Some(group) = &group {
        service = service.target_group(group, "app", 8080);
    }
    service = match chance.below(10) {
        0..3 => service,
        3..8 => service.breaker(Breaker::on()),
        _ => service.breaker(Breaker::with_rollback()),
    };
    if let Some(alarm) = alarm {
        service = service.alarms(&[alarm], chance.percent(30));
    }
    service = match kind {
        0 => service.controller("CODE_DEPLOY"),
        1 => service.with("resourceManagementType", "ECS"),
        2 => service.daemon_on(1),
        3 | 4 => service.strategy("BLUE_GREEN"),
        5 | 6 => service.strategy("CANARY"),
        _ if HOOKED.contains(&kind) => service.strategy("BLUE_GREEN").pause_at("POST_SCALE_UP"),
        _ => service,
    };
    if let Some(stack) = stack {
        service = service.tag("aws:cloudformation:stack-name", stack);
    }
    if let Some(tag) = tag(chance) {
        service = service.tag("opsbot:rollback", tag);
    }
    let arn = service.create();
    if let Some(stack) = stack {
        world.set_stack(stack, "CREATE_COMPLETE");
    }
    Shop {
        name,
        arn,
        blames,
        stack,
        alarm,
    }
}

/// A value of the opt-in tag.
pub fn tag(chance: &mut Chance) -> Option<&'static str> {
    chance.weighed(&[
        (12, Some("auto")),
        (2, None),
        (1, Some(" AUTO ")),
        (2, Some("ask")),
        (1, Some("dry-run")),
        (2, Some("off")),
        (1, Some("yes")),
    ])
}

fn fate(blame: Blame, balanced: bool, chance: &mut Chance) -> Fate {
    match blame {
        Blame::Nobodys => Fate::runs_healthy(),
        Blame::ItsOwn => match chance.below(if balanced { 6 } else { 5 }) {
            0 => Fate::fails_to_start(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed \
                 to resolve ref 111122223333.dkr.ecr.us-east-1.amazonaws.com/app:v9: not found",
            )
            .while_pulling(),
            1 => Fate::fails_to_start(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution \
                 resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException",
            ),
            2 => Fate::exits("app", 1),
            3 => Fate::out_of_memory("app"),
            4 => Fate::fails_container_health("app"),
            _ => Fate::fails_target_health(
                "Target.ResponseCodeMismatch",
                "Health checks failed with these codes: [502]",
            ),
        },
        Blame::Surroundings => surroundings(chance),
    }
}

/// Whether tasks of this definition fail by what surrounds them.
pub fn is_surrounded(definition: &Registered) -> bool {
    const WORDS: [&str; 3] = [
        "i/o timeout",
        "network interface provisioning",
        "Capacity is unavailable",
    ];
    let fate = format!("{:?}", definition.fate());
    WORDS.iter().any(|words| fate.contains(words))
}

/// What fails whatever is deployed.
pub fn surroundings(chance: &mut Chance) -> Fate {
    match chance.below(3) {
        0 => Fate::fails_to_start(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to \
             do request: dial tcp 10.0.0.1:443: i/o timeout",
        )
        .while_pulling(),
        1 => {
            Fate::fails_to_start("Timeout waiting for network interface provisioning to complete.")
        }
        _ => Fate::cannot_be_placed(
            "RESOURCE:FARGATE",
            "Capacity is unavailable at this time. Please try again later or in a different \
             availability zone",
        ),
    }
}
