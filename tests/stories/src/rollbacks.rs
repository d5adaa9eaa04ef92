//! The stories of a stack that enables rollbacks: one for each verdict that can be shown.

use simulator::{Fate, ServiceBuilder, TaskDefinition, World};

use crate::{
    CLUSTER, PLAIN, ROLLS_BACK, SERVICE, Scene, Story, Watch, definition, exits, secret_denied,
};

/// How the stack and the service stand to rollbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollbacks {
    /// The stack does not enable them.
    NotEnabled,
    /// It does.
    Enabled {
        /// The service's tag `opsbot:rollback`.
        tag: Option<&'static str>,
        /// The code of the verdict in the alert of the failure.
        verdict: &'static str,
    },
}

/// What follows the alert of the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What ECS does by itself, which may be nothing.
    AsEcsDoes,
    /// opsbot goes back, and the service recovers.
    GoesBack,
    /// A person asks roll-back, and the service recovers.
    PersonAsks,
    /// IAM does not let opsbot go back: the stack names no role that it may pass to tasks.
    Refused,
    /// opsbot goes back, and that fails too.
    FailsToo,
    /// opsbot goes back, the service recovers, and the same is released once more.
    ReleasedAgain,
    /// roll-back looks again, and leaves it.
    Held,
    /// More tasks fail, opsbot goes back, and the service recovers.
    MoreFail,
    /// The next release mends it.
    NextRelease,
}

/// What else is so by the time opsbot looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// What is released is the revision that runs, and its image tag names another image now.
    MovedTag,
    /// The last good revision was deregistered.
    Deregistered,
    /// The next release is under way.
    Overtaken,
    /// The service was deleted.
    Deleted,
    /// The CloudFormation stack of the service is being updated.
    StackInProgress,
    /// It is an Express service.
    Express,
    /// Nine tasks are desired, so that the first few are not half of them.
    Large,
}

const STACK: &str = "shop";

impl Story {
    /// The parameters of the stack that the story wants.
    pub fn parameters(&self) -> &'static [(&'static str, &'static str)] {
        match self.rollbacks {
            Rollbacks::NotEnabled => &[],
            Rollbacks::Enabled { .. } if self.ending == Ending::Refused => {
                &[("EnableRollback", "yes")]
            }
            Rollbacks::Enabled { .. } => &[
                ("EnableRollback", "yes"),
                (
                    "RollbackPassRoleArns",
                    "arn:aws:iam::111122223333:role/order-api-*",
                ),
            ],
        }
    }
}

impl Story {
    /// What happens between the failure and opsbot's look at it, in a sentence.
    pub fn turns(&self, world: &mut World) -> Option<&'static str> {
        match self.turn {
            Turn::None | Turn::MovedTag | Turn::Express | Turn::Large => None,
            Turn::Deregistered => {
                world.deregister("order-api:41");
                Some("order-api:41 is deregistered")
            }
            Turn::Overtaken => {
                world.register(definition(43, "order-api:1.9.1"));
                world.deploy(CLUSTER, SERVICE, "order-api:43");
                Some("order-api:43, which mends it, is released before opsbot hears of the failure")
            }
            Turn::Deleted => {
                world.delete_service(CLUSTER, SERVICE);
                Some("the service is deleted")
            }
            Turn::StackInProgress => {
                world.set_stack(STACK, "UPDATE_IN_PROGRESS");
                Some("CloudFormation is still updating the stack that the service belongs to")
            }
        }
    }

    /// The service as the turn has it.
    pub(crate) fn turned<'w>(&self, service: ServiceBuilder<'w>) -> ServiceBuilder<'w> {
        match self.turn {
            Turn::StackInProgress => service.tag("aws:cloudformation:stack-name", STACK),
            Turn::Express => service.with("resourceManagementType", "ECS"),
            Turn::Large => service.desired(9),
            _ => service,
        }
    }
}

/// Every story with a verdict, the main one of all first.
pub(crate) const STORIES: [Story; 19] = [
    Story {
        name: "rolled-back",
        about: "a release fails, the service has opted in: opsbot puts the last good revision back",
        release: secret_denied,
        ending: Ending::GoesBack,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "rolled-back-unwatched",
        about: "ECS would let it fail for ever: opsbot notices and has the deployment stopped with rollback",
        release: exits,
        scene: Some(Scene::Unwatched),
        watch: Watch::Nothing,
        ending: Ending::GoesBack,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "asks-first",
        about: "the tag is `ask`: the alert has the command, a person says so, opsbot goes back",
        release: secret_denied,
        ending: Ending::PersonAsks,
        ..enabled(Some("ask"), "ask")
    },
    Story {
        name: "dry-run",
        about: "the tag is `dry-run`: the alert says what would have been done",
        release: secret_denied,
        ..enabled(Some("dry-run"), "dry_run")
    },
    Story {
        name: "not-opted-in",
        about: "the service has no tag: nothing is written, and the alert says how to allow it",
        release: secret_denied,
        ..enabled(None, "hold_not_opted_in")
    },
    Story {
        name: "ecs-goes-first",
        about: "the service has opted in, but ECS rolls back by itself: opsbot stays out of its way",
        release: secret_denied,
        watch: ROLLS_BACK,
        ..enabled(Some("auto"), "watch_ecs_rollback")
    },
    Story {
        name: "role-not-passed",
        about: "the service has opted in, but the stack lets opsbot pass no role: the alert has the statement to add",
        release: secret_denied,
        ending: Ending::Refused,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "rollback-fails",
        about: "the old revision cannot start any more either: the rollback fails too, and a person is paged",
        release: secret_denied,
        ending: Ending::FailsToo,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "cooling-down",
        about: "what was rolled back is released again within the hour: it is left alone",
        release: secret_denied,
        ending: Ending::ReleasedAgain,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "moved-tag",
        about: "the image tag of the running revision was moved: going back would bring the same, so both digests are told",
        turn: Turn::MovedTag,
        ..enabled(Some("auto"), "hold_same_revision")
    },
    Story {
        name: "no-capacity",
        about: "AWS has no capacity: not the release's fault, and the old revision would not start either",
        release: no_capacity,
        ..enabled(Some("auto"), "hold_not_its_fault")
    },
    Story {
        name: "nothing-good",
        about: "the first deployment ever fails on a service that has opted in: there is nothing to go back to",
        release: secret_denied,
        first: true,
        ..enabled(Some("auto"), "hold_nothing_good")
    },
    Story {
        name: "too-few",
        about: "4 of 9 tasks of a release failed and ECS says nothing: told, and rolled back when it is half of them",
        release: exits,
        scene: Some(Scene::Unwatched),
        watch: Watch::Nothing,
        turn: Turn::Large,
        ending: Ending::MoreFail,
        ..enabled(Some("auto"), "hold_too_few")
    },
    Story {
        name: "superseded",
        about: "the fix is being released when opsbot hears of the failure: the newer deployment is left alone",
        release: secret_denied,
        turn: Turn::Overtaken,
        ending: Ending::NextRelease,
        ..enabled(Some("auto"), "hold_superseded")
    },
    Story {
        name: "stack-in-progress",
        about: "CloudFormation is updating the service's stack, and rolls back by itself: opsbot stays out of its way",
        release: secret_denied,
        turn: Turn::StackInProgress,
        ending: Ending::Held,
        ..enabled(Some("auto"), "roll_back")
    },
    Story {
        name: "good-inactive",
        about: "the last good revision was deregistered: nothing to go back to can be started",
        release: secret_denied,
        turn: Turn::Deregistered,
        ..enabled(Some("auto"), "hold_target_unusable")
    },
    Story {
        name: "facts-missing",
        about: "opsbot may not read the deployment history: what is not known is not acted upon",
        release: secret_denied,
        denied: &["ecs:ListServiceDeployments"],
        ..enabled(Some("auto"), "hold_facts_missing")
    },
    Story {
        name: "not-ours",
        about: "an Express service, which ECS manages itself: told, and left alone",
        release: secret_denied,
        turn: Turn::Express,
        ..enabled(Some("auto"), "hold_not_ours")
    },
    Story {
        name: "service-gone",
        about: "the service was deleted after its release had failed: told once, nothing is put back",
        release: secret_denied,
        turn: Turn::Deleted,
        ..enabled(Some("auto"), "hold_service_gone")
    },
];

const fn enabled(tag: Option<&'static str>, verdict: &'static str) -> Story {
    Story {
        rollbacks: Rollbacks::Enabled { tag, verdict },
        ..PLAIN
    }
}

fn no_capacity(definition: TaskDefinition) -> TaskDefinition {
    let reason = "Capacity is unavailable at this time. Please try again later or in a different \
                  availability zone";
    definition.fate(Fate::fails_to_start(reason))
}
