//! An incident looked at again when no event comes: is it over, does it last?
//!
//! A watch is a message that task-stopped sends to its own queue with a delay. Each look sends the
//! next one until the incident is over, so nothing polls while nothing is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Count, ON_THE_WAY, Said, Word, next_at};
use crate::alert::Severity;
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
    /// It has lasted since people were told last, or longer than the incident of its deployment, and
    /// is not over.
    Lasts,
    /// The service was muted when a number was news, and is not any more.
    Unmuted,
    /// It is worse than it was when people were told, or they were not told because of the floor.
    Worse,
    /// Nothing to say: look again later.
    Later,
}

/// What an incident is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What ECS says now; not needed for standalone tasks.
    pub service: &'a Fact<Service>,
    /// Whether no service runs the tasks.
    pub standalone: bool,
    /// What would become of a number that is news now.
    pub word: &'a Word,
    /// When the last incident of a deployment of this service was over.
    pub closed_at: Option<DateTime<Utc>>,
    /// How bad it is now, and how bad it must be to be told.
    pub severity: (Severity, Severity),
    /// When it is looked at.
    pub now: DateTime<Utc>,
}

/// Looks at an incident.
pub fn look(count: &Count, seen: Seen<'_>, (quiet, lasting): (TimeDelta, TimeDelta)) -> Look {
    let (service, now) = (seen.service, seen.now);
    let gone = gone(service);
    let steady = seen.standalone || gone || service.known().is_some_and(steady);
    let over = now - count.counted_at >= quiet && steady;
    let said = count.said.at.unwrap_or(count.first_at);
    match seen.word {
        // No event of a deployment closes the incident of a service that was deleted.
        Word::CountedInto(_) if !gone => Look::Later,
        _ if over => Look::Over,
        Word::CountedInto(_) | Word::Muted(_) => Look::Later,
        Word::Tell if kept_quiet(count, count.said.muted_until) => Look::Unmuted,
        Word::Tell if outlived(count, seen.closed_at) || now - said >= lasting => Look::Lasts,
        Word::Tell if worse(count, seen) => Look::Worse,
        Word::Tell => Look::Later,
    }
}

/// Whether it is worse than people know by what ECS says, not for want of an answer. What was
/// counted into another incident is not told anew by what that left behind.
fn worse(count: &Count, seen: Seen<'_>) -> bool {
    let (severity, floor) = seen.severity;
    let by_ecs = seen.service.known().is_some() && count.said.counted_into.is_none();
    by_ecs && count.said.is_worse(severity, floor)
}

/// What begins as one stop may be an outage.
const SOON: TimeDelta = TimeDelta::minutes(2);

/// How long after this was said an incident is looked at first. What was counted into the incident
/// of a deployment waits for that to be opened.
pub fn first_look(said: &Said, quiet: TimeDelta) -> TimeDelta {
    match said.counted_into {
        Some(_) => ON_THE_WAY,
        None => quiet.min(SOON),
    }
}

/// When a look is overdue: its message is lost, and the next stop is news.
pub fn overdue(quiet: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    now + quiet + TimeDelta::hours(1)
}

/// Whether it was counted into the incident of its deployment, and goes on now that this is over.
/// One that was never opened is over, too: what it was to tell has passed before it could.
fn outlived(count: &Count, closed_at: Option<DateTime<Utc>>) -> bool {
    let counted_into = count.said.counted_into.is_some();
    let goes_on = closed_at.is_none_or(|closed| closed < count.last_at);
    counted_into && goes_on && (count.said.at.is_none() || passed(count))
}

/// Whether a number was news since people were told last.
fn passed(count: &Count) -> bool {
    count.next_at > Some(next_at(count.said.tasks))
}

/// Whether a number that was news has not been told, in a time of quiet that ended at `until`.
fn kept_quiet(count: &Count, until: Option<DateTime<Utc>>) -> bool {
    match (until, count.said.at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(until), Some(told)) => told < until && passed(count),
    }
}

/// Whether the service was deleted. ECS lists it as INACTIVE for a while, and then neither it nor,
/// where that was deleted too, its cluster (Amazon ECS API reference, `DeleteService`).
fn gone(service: &Fact<Service>) -> bool {
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

    fn seen<'a>(service: &'a Fact<Service>, word: &'a Word, minute: i64) -> Seen<'a> {
        Seen {
            service,
            standalone: false,
            word,
            closed_at: None,
            severity: (Severity::Warning, Severity::Info),
            now: at(minute),
        }
    }

    #[track_caller]
    fn check(count: &Count, service: &Fact<Service>, minute: i64, want: Look) {
        assert_eq!(look(count, seen(service, &Word::Tell, minute), TIMES), want);
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
        let standalone = Seen {
            standalone: true,
            ..seen(&not_needed, &Word::Tell, 15)
        };
        let got = look(&count(0, Some(0)), standalone, TIMES);
        assert_eq!(got, Look::Over);
    }

    #[test]
    fn it_lasts_when_people_were_told_long_ago() {
        check(&count(239, Some(0)), &service(1), 239, Look::Later);
        check(&count(239, Some(0)), &service(1), 240, Look::Lasts);
        check(&count(479, Some(240)), &service(1), 479, Look::Later);
    }

    /// Told of three tasks at minute 0, or of none; muted until minute 30; news again at `next`.
    fn muted(said: Option<i64>, next: u64) -> Count {
        let mut muted = count(29, said);
        muted.said.tasks = if said.is_some() { 3 } else { 0 };
        muted.said.muted_until = Some(at(30));
        muted.next_at = Some(next);
        muted
    }

    #[test]
    fn what_was_muted_is_said_when_the_mute_is_over() {
        check(&muted(None, 10), &service(1), 30, Look::Unmuted);
        let (service, word) = (service(1), Word::Muted(at(31)));
        let still = look(&muted(None, 10), seen(&service, &word, 30), TIMES);
        assert_eq!(still, Look::Later);
    }

    #[test]
    fn a_decade_that_was_muted_is_said_after_the_mute_though_people_knew_before() {
        check(&muted(Some(0), 100), &service(1), 30, Look::Unmuted);
        check(&muted(Some(0), 10), &service(1), 30, Look::Later);
        check(&muted(Some(30), 100), &service(1), 30, Look::Later);
    }

    #[test]
    fn what_was_counted_into_an_incident_is_said_when_it_goes_on_after_it() {
        let check = |said: Option<i64>, next: u64, closed: Option<i64>, want: Look| {
            let mut counted = muted(said, next);
            counted.said.muted_until = None;
            counted.said.counted_into = Some("an incident".to_owned());
            let service = service(1);
            let seen = Seen {
                closed_at: closed.map(at),
                ..seen(&service, &Word::Tell, 30)
            };
            let got = look(&counted, seen, TIMES);
            assert_eq!(
                got, want,
                "told at {said:?}, next {next}, closed at {closed:?}"
            );
        };
        check(None, 100, Some(20), Look::Lasts);
        check(Some(0), 100, Some(20), Look::Lasts);
        check(Some(0), 10, Some(20), Look::Later);
        check(None, 100, Some(29), Look::Later);
        // Told, and counted into an incident since: that one never opened.
        check(Some(21), 100, Some(20), Look::Lasts);
        check(None, 10, None, Look::Lasts);
        check(Some(0), 100, None, Look::Lasts);
        check(Some(0), 10, None, Look::Later);
    }

    /// What a look says of what was told as `told`, is `now`, and must be `floor` to be told.
    #[track_caller]
    fn compare(told: Option<Severity>, now: Severity, floor: Severity, want: Look) {
        let mut count = count(0, told.map(|_| 0));
        count.said.severity = told;
        let service = service(0);
        let seen = Seen {
            severity: (now, floor),
            ..seen(&service, &Word::Tell, 2)
        };
        assert_eq!(look(&count, seen, TIMES), want, "{told:?}, {now:?}");
    }

    #[test]
    fn what_is_worse_than_people_know_is_told_once() {
        use Severity::{Critical, Info, Warning};
        compare(Some(Warning), Critical, Info, Look::Worse);
        compare(Some(Critical), Critical, Info, Look::Later);
        compare(Some(Critical), Warning, Info, Look::Later);
        compare(Some(Info), Warning, Info, Look::Worse);
        compare(Some(Info), Warning, Critical, Look::Later);
        compare(None, Critical, Critical, Look::Worse);
        compare(None, Warning, Critical, Look::Later);
    }

    #[test]
    fn it_is_not_worse_for_want_of_an_answer_or_by_what_another_incident_left() {
        let mut one = count(0, None);
        let worse = |count: &Count, service: &Fact<Service>| {
            let seen = Seen {
                severity: (Severity::Critical, Severity::Info),
                closed_at: Some(at(1)),
                ..seen(service, &Word::Tell, 2)
            };
            look(count, seen, TIMES)
        };
        let action = "ecs:DescribeServices".to_owned();
        assert_eq!(worse(&one, &missing(Why::TimedOut { action })), Look::Later);
        assert_eq!(worse(&one, &service(0)), Look::Worse);
        one.said.counted_into = Some("an incident".to_owned());
        assert_eq!(worse(&one, &service(0)), Look::Later);
    }

    #[test]
    fn an_open_incident_of_its_deployment_speaks_for_it_while_the_service_is_there() {
        let word = Word::CountedInto("an incident".to_owned());
        let into =
            |service: &Fact<Service>| look(&count(0, Some(0)), seen(service, &word, 300), TIMES);
        assert_eq!(into(&service(1)), Look::Later);
        assert_eq!(into(&service(2)), Look::Later);
        let detail = "ECS answers MISSING".to_owned();
        assert_eq!(into(&missing(Why::NotFound { detail })), Look::Over);
    }
}
