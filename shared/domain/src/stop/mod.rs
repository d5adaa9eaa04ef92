//! Tasks that stop: which stops are news, which belong together, and what is said of them when.
//!
//! A stop is counted once, by its task. Stops of one deployment that die of one cause in one
//! container are one incident, which is told at the 1st, 10th, 100th, … stop, when it lasts and
//! when it is over. `event` reads a stop, `wanted` says whether
//! it was to be, `story` puts stops together, `count` says when a number
//! is news, `failing` says when a deployment fails though ECS says nothing and `settled` what
//! becomes of it then, `watch` looks at an
//! incident again when no event comes.

mod count;
mod event;
mod failing;
mod mute;
mod settled;
mod story;
mod wanted;
mod watch;
mod word;

pub use count::{Count, FIRST, Said, next_at};
pub use event::{Read, parse};
pub use failing::{
    DETAIL_TYPE, JUDGED_FOR, NotFailing, Silent, Unheard, counts_against, given_up_at, handover,
    judge,
};
pub use mute::{MUTE_TAG, OWNER_TAG, muted_until, owner};
pub use settled::{Judging, Known, Settled, settle};
pub use story::{Group, Sorted, Stop, Story, stories};
pub use watch::{Look, Seen, Watch, first_look, look, overdue};
pub use word::{ON_THE_WAY, Word, word};

use serde::{Deserialize, Serialize};

use crate::arn::ServiceArn;
use crate::causes::Cause;

/// Whose tasks stop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The service. For standalone and scheduled tasks (`RunTask`) its `service` is the family of
    /// their task definition.
    pub arn: ServiceArn,
    /// Whether no service runs these tasks.
    pub standalone: bool,
}

/// The name of an incident of stopped tasks, and all that is needed to speak of it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Whose tasks.
    pub subject: Subject,
    /// The `ecs-svc/…` id of the deployment that started them.
    pub deployment: Option<String>,
    /// The ARN of their task definition.
    pub task_definition: Option<String>,
    /// Why they stop, as their events tell it; the log may tell more.
    pub cause: Cause,
    /// The container that is to blame.
    pub container: Option<String>,
}

impl About {
    /// The counter's key in the state table.
    pub fn key(&self) -> String {
        format!("stops#{}", self.name())
    }

    /// The incident's name, for threads in chat and folding in pagers.
    pub fn incident(&self) -> String {
        let ServiceArn {
            region,
            account,
            cluster,
            service,
            ..
        } = &self.subject.arn;
        let kind = if self.subject.standalone {
            "family:"
        } else {
            ""
        };
        format!(
            "ecs/{account}/{region}/{cluster}/{kind}{service}/{}",
            self.rest()
        )
    }

    fn name(&self) -> String {
        let kind = if self.subject.standalone {
            "family"
        } else {
            "service"
        };
        format!("{kind}#{}#{}", self.subject.arn, self.rest())
    }

    /// The same deployment may bring another revision when it is rolled back to: both are named.
    fn rest(&self) -> String {
        let revision = self
            .task_definition
            .as_deref()
            .map_or("-", crate::arn::revision_name);
        let container = self.container.as_deref().unwrap_or("-");
        let cause = self.cause.code();
        match &self.deployment {
            Some(deployment) => {
                let deployment = crate::arn::last_part(deployment);
                format!("{deployment}/{revision}/{cause}/{container}")
            }
            None => format!("{revision}/{cause}/{container}"),
        }
    }
}

/// The key of the counter of one deployment's failing stops.
pub fn deployment_key(service: &ServiceArn, deployment: &str) -> String {
    format!("deployment#{service}#{deployment}")
}
