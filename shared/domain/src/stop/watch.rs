//! An incident looked at again when no event comes: is it over, does it last?
//!
//! A watch is a message that task-stopped sends to its own queue with a delay. Each look sends the
//! next one until the incident is over, so nothing polls while nothing is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Count, next_at};
use crate::facts::{Rollout, Service};

/// The message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "opsbot", rename = "watch")]
pub struct Watch {
    /// The counter's key in the state table.
    pub key: String,
    /// Which watch it is: the counter names the one that counts, all others are dropped.
    pub token: String,
}

/// What a look at an incident says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No more stops for the quiet time, and the service is steady.
    Over,
    /// It has lasted since people were told last, and is not over.
    Lasts,
    /// There was something to say and nobody was told: the service was muted, for one.
    Untold,
    /// Nothing to say: look again later.
    Later,
}

/// Looks at an incident. `service` is what ECS says now, none for standalone tasks or where it
/// cannot be read; `muted` is whether the service is muted now.
pub fn look(
    count: &Count,
    service: Option<&Service>,
    standalone: bool,
    muted: bool,
    now: DateTime<Utc>,
    (quiet, lasting): (TimeDelta, TimeDelta),
) -> Look {
    let steady = standalone || service.is_some_and(steady);
    let said = count.said.at.unwrap_or(count.first_at);
    // Stops are told late at times, so it is quiet only when none was counted for so long.
    let last = count.counted_at.unwrap_or(count.last_at).max(count.last_at);
    if now - last >= quiet && steady {
        Look::Over
    } else if muted {
        Look::Later
    } else if is_untold(count) {
        Look::Untold
    } else if now - said >= lasting {
        Look::Lasts
    } else {
        Look::Later
    }
}

/// Whether there was something to say and nobody was told: the service was muted, or people were
/// told in the same moment that it was over. What was counted into another incident is told there.
fn is_untold(count: &Count) -> bool {
    let Some(at) = count.said.at else {
        return count.said.counted_into.is_none();
    };
    let muted = count.said.muted_until.is_some_and(|until| until > at);
    muted
        && count
            .next_at
            .is_some_and(|next| next > next_at(count.said.tasks))
}

/// A service is steady with all its tasks running and no deployment under way. One that was deleted
/// or scaled to nothing is steady, too.
fn steady(service: &Service) -> bool {
    let under_way = |it: &&crate::facts::Deployment| it.rollout == Some(Rollout::InProgress);
    let enough = service.running >= service.desired && service.pending == 0;
    service.status == "INACTIVE" || (enough && !service.deployments.iter().any(|it| under_way(&it)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Deployment, parse_time};
    use crate::stop::Said;

    fn at(minute: i64) -> DateTime<Utc> {
        parse_time("2026-11-22T10:00:00Z").unwrap() + TimeDelta::minutes(minute)
    }

    fn count(last: i64, said: Option<i64>) -> Count {
        Count {
            tasks: 12,
            first_at: at(0),
            last_at: at(last),
            said: Said {
                at: said.map(at),
                ..Said::default()
            },
            ..Count::default()
        }
    }

    fn service(running: i32) -> Service {
        Service {
            status: "ACTIVE".to_owned(),
            desired: 2,
            running,
            ..Service::default()
        }
    }

    const TIMES: (TimeDelta, TimeDelta) = (TimeDelta::minutes(15), TimeDelta::hours(4));

    #[track_caller]
    fn check(count: &Count, service: Option<&Service>, minute: i64, want: Look) {
        assert_eq!(look(count, service, false, false, at(minute), TIMES), want);
    }

    #[test]
    fn it_is_over_when_it_was_quiet_and_the_service_is_steady() {
        check(&count(0, Some(0)), Some(&service(2)), 14, Look::Later);
        check(&count(0, Some(0)), Some(&service(2)), 15, Look::Over);
        check(&count(0, Some(0)), Some(&service(1)), 15, Look::Later);
        check(&count(0, Some(0)), None, 15, Look::Later);
    }

    #[test]
    fn a_deployment_under_way_is_not_steady() {
        let under_way = Deployment {
            rollout: Some(Rollout::InProgress),
            ..Deployment::default()
        };
        let service = Service {
            deployments: vec![under_way],
            ..service(2)
        };
        check(&count(0, Some(0)), Some(&service), 15, Look::Later);
    }

    #[test]
    fn a_deleted_service_is_steady_and_standalone_tasks_need_only_be_quiet() {
        let gone = Service {
            status: "INACTIVE".to_owned(),
            ..service(0)
        };
        check(&count(0, Some(0)), Some(&gone), 15, Look::Over);
        let got = look(&count(0, Some(0)), None, true, false, at(15), TIMES);
        assert_eq!(got, Look::Over);
    }

    #[test]
    fn it_lasts_when_people_were_told_long_ago() {
        check(&count(239, Some(0)), Some(&service(1)), 239, Look::Later);
        check(&count(239, Some(0)), Some(&service(1)), 240, Look::Lasts);
        check(&count(479, Some(240)), Some(&service(1)), 479, Look::Later);
    }

    #[test]
    fn what_was_muted_is_said_when_the_mute_is_over() {
        let mut muted = count(29, None);
        muted.said.muted_until = Some(at(30));
        let at_30 = |mute| look(&muted, Some(&service(1)), false, mute, at(30), TIMES);
        assert_eq!(at_30(false), Look::Untold);
        assert_eq!(at_30(true), Look::Later);
    }
}
