//! An incident looked at again when no event comes: is it over, does it last?
//!
//! A watch is a message that task-stopped sends to its own queue with a delay. Each look sends the
//! next one until the incident is over, so nothing polls while nothing is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Count;
use crate::facts::{Deployment, Fact, Rollout, Service, Why};

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
    /// No more stops were told for the quiet time, and the service is steady.
    Over,
    /// It has lasted since people were told last, and is not over.
    Lasts,
    /// The service was muted when there was something to say, and is not any more.
    Unmuted,
    /// Nothing to say: look again later.
    Later,
}

/// Looks at an incident. `service` is what ECS says now, not needed for standalone tasks; `muted`
/// is whether the service is muted now.
pub fn look(
    count: &Count,
    service: &Fact<Service>,
    standalone: bool,
    muted: bool,
    now: DateTime<Utc>,
    (quiet, lasting): (TimeDelta, TimeDelta),
) -> Look {
    let steady = standalone || gone(service) || service.known().is_some_and(steady);
    let said = count.said.at.unwrap_or(count.first_at);
    if now - count.counted_at >= quiet && steady {
        Look::Over
    } else if muted {
        Look::Later
    } else if count.said.at.is_none() && count.said.muted_until.is_some() {
        Look::Unmuted
    } else if now - said >= lasting {
        Look::Lasts
    } else {
        Look::Later
    }
}

/// Whether the service was deleted. ECS lists it as INACTIVE for a while, and then neither it nor,
/// where that was deleted too, its cluster (Amazon ECS API reference, `DeleteService`).
pub fn gone(service: &Fact<Service>) -> bool {
    match service {
        Fact::Known(service) => service.status == "INACTIVE",
        Fact::Missing(missing) => matches!(missing.why, Why::NotFound { .. }),
    }
}

/// A service is steady with all its tasks running and no deployment under way. One that was scaled
/// to nothing is steady, too.
fn steady(service: &Service) -> bool {
    let under_way = |it: &Deployment| it.rollout == Some(Rollout::InProgress);
    let enough = service.running >= service.desired && service.pending == 0;
    enough && !service.deployments.iter().any(under_way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Missing, parse_time};
    use crate::stop::Said;

    fn at(minute: i64) -> DateTime<Utc> {
        parse_time("2026-11-22T10:00:00Z").unwrap() + TimeDelta::minutes(minute)
    }

    fn count(last: i64, said: Option<i64>) -> Count {
        Count {
            tasks: 12,
            first_at: at(0),
            last_at: at(last),
            counted_at: at(last),
            said: Said {
                at: said.map(at),
                ..Said::default()
            },
            ..Count::default()
        }
    }

    fn listed(running: i32) -> Service {
        Service {
            status: "ACTIVE".to_owned(),
            desired: 2,
            running,
            ..Service::default()
        }
    }

    fn service(running: i32) -> Fact<Service> {
        Fact::Known(listed(running))
    }

    fn missing(why: Why) -> Fact<Service> {
        Fact::Missing(Missing::new("the service", why))
    }

    const TIMES: (TimeDelta, TimeDelta) = (TimeDelta::minutes(15), TimeDelta::hours(4));

    #[track_caller]
    fn check(count: &Count, service: &Fact<Service>, minute: i64, want: Look) {
        assert_eq!(look(count, service, false, false, at(minute), TIMES), want);
    }

    #[test]
    fn it_is_over_when_it_was_quiet_and_the_service_is_steady() {
        check(&count(0, Some(0)), &service(2), 14, Look::Later);
        check(&count(0, Some(0)), &service(2), 15, Look::Over);
        check(&count(0, Some(0)), &service(1), 15, Look::Later);
        let action = "ecs:DescribeServices".to_owned();
        let unread = missing(Why::TimedOut { action });
        check(&count(0, Some(0)), &unread, 15, Look::Later);
    }

    #[test]
    fn a_deployment_under_way_is_not_steady() {
        let under_way = Deployment {
            rollout: Some(Rollout::InProgress),
            ..Deployment::default()
        };
        let service = Fact::Known(Service {
            deployments: vec![under_way],
            ..listed(2)
        });
        check(&count(0, Some(0)), &service, 15, Look::Later);
    }

    #[test]
    fn a_deleted_service_is_steady_and_standalone_tasks_need_only_be_quiet() {
        let inactive = Fact::Known(Service {
            status: "INACTIVE".to_owned(),
            ..listed(0)
        });
        check(&count(0, Some(0)), &inactive, 15, Look::Over);
        let detail = "ECS answers MISSING".to_owned();
        let purged = missing(Why::NotFound { detail });
        check(&count(0, Some(0)), &purged, 14, Look::Later);
        check(&count(0, Some(0)), &purged, 15, Look::Over);
        let not_needed = missing(Why::NotNeeded);
        let got = look(&count(0, Some(0)), &not_needed, true, false, at(15), TIMES);
        assert_eq!(got, Look::Over);
    }

    #[test]
    fn it_lasts_when_people_were_told_long_ago() {
        check(&count(239, Some(0)), &service(1), 239, Look::Later);
        check(&count(239, Some(0)), &service(1), 240, Look::Lasts);
        check(&count(479, Some(240)), &service(1), 479, Look::Later);
    }

    #[test]
    fn what_was_muted_is_said_when_the_mute_is_over() {
        let mut muted = count(29, None);
        muted.said.muted_until = Some(at(30));
        let at_30 = |mute| look(&muted, &service(1), false, mute, at(30), TIMES);
        assert_eq!(at_30(false), Look::Unmuted);
        assert_eq!(at_30(true), Look::Later);
    }
}
