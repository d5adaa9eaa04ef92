//! What becomes of a deployment whose tasks stop, each time that its counter is claimed.

use super::{Count, NotFailing, Said, Unheard, given_up_at, next_at};

/// What people know of its failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// They were told, or will be in a moment.
    Told,
    /// Its incident is open below the severity floor, or whether one is cannot be read.
    Quiet,
    /// No incident of it is open.
    Nothing,
}

/// A claimed counter, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judging<'a> {
    /// The counter.
    pub count: &'a Count,
    /// Whether it is failing; none where the service could not be read.
    pub judged: Option<Result<Unheard, NotFailing>>,
    /// What people know of it.
    pub known: Known,
    /// How many of its failing stops this batch holds.
    pub stops: u64,
    /// At how many stops it is handed over.
    pub threshold: u64,
    /// How many tasks the service desires, where that could be read.
    pub desired: Option<i32>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is handed over, having failed so often since it began to.
    HandOver(Unheard, u64),
    /// Its stops are counted into the incident that people know of.
    Known,
    /// Nothing: it does not fail, or not often enough, or that cannot be read.
    Nothing,
}

/// What becomes of it, what is remembered of that, and the number at which it is judged again, which
/// is above that of now. Who hands it over remembers the incident too.
pub fn settle(judging: &Judging<'_>) -> (Settled, Said, u64) {
    let Judging { count, known, .. } = *judging;
    let (tasks, said) = (count.tasks, &count.said);
    let began_at = judging.began_at();
    let begun = |began_at| Said {
        began_at,
        ..Said::default()
    };
    match (judging.judged, known) {
        (Some(Ok(unheard)), _) if judging.is_due(began_at) => {
            let handed_over = Said {
                tasks,
                ..begun(Some(began_at))
            };
            let settled = Settled::HandOver(unheard, tasks - began_at);
            (settled, handed_over, judging.next(began_at))
        }
        (_, Known::Told) => {
            let said = Said {
                began_at: Some(began_at),
                ..said.clone()
            };
            (Settled::Known, said, judging.next(began_at))
        }
        // Nobody was told, and nobody will be before the number is reached.
        (Some(Ok(_)), Known::Quiet) if said.counted_into.is_some() => {
            let next = count.next_at.filter(|next| *next > tasks);
            let next = next.unwrap_or_else(|| judging.next(began_at));
            (Settled::Nothing, said.clone(), next)
        }
        (Some(Ok(_)), _) => {
            let next = began_at + judging.threshold;
            (Settled::Nothing, begun(Some(began_at)), next)
        }
        (Some(Err(_)), _) => (Settled::Nothing, begun(None), next_at(tasks)),
        // The next stop asks again.
        (None, _) => {
            let first = count.next_at.is_none().then_some(began_at);
            let said = Said {
                began_at: first.or(said.began_at),
                ..said.clone()
            };
            (Settled::Nothing, said, tasks + 1)
        }
    }
}

impl Judging<'_> {
    /// How many of its tasks had stopped before it began to fail. One that had completed, or whose
    /// incident is over, may be rolled back to under the same id: then it begins with this batch.
    fn began_at(&self) -> u64 {
        let Count { tasks, said, .. } = self.count;
        let is_over = said.counted_into.is_some() && self.known == Known::Nothing;
        match (self.count.next_at, said.began_at) {
            (None, _) => 0,
            (Some(_), Some(began_at)) if !is_over => began_at,
            // An older release handed it over.
            (Some(_), None) if said.counted_into.is_some() && !is_over => 0,
            (Some(_), _) => tasks.saturating_sub(self.stops),
        }
    }

    /// Whether it is handed over now, one that fails.
    fn is_due(&self, began_at: u64) -> bool {
        let tasks = self.count.tasks;
        let handed_over = self.count.said.counted_into.is_some();
        let by_number = self.count.next_at.is_none_or(|next| next <= tasks);
        let often = tasks >= began_at + self.threshold;
        match self.known {
            Known::Nothing => often,
            Known::Quiet => often && (by_number || !handed_over) || self.is_enough(began_at),
            Known::Told => self.is_enough(began_at),
        }
    }

    /// So many failing tasks make the circuit breaker give the deployment up, and have it judged
    /// once more whether it is rolled back: there are enough now, and were not when it was handed
    /// over.
    fn is_enough(&self, began_at: u64) -> bool {
        let Count { tasks, said, .. } = self.count;
        let is_reached = |enough| said.tasks < enough && enough <= *tasks;
        self.enough(began_at).is_some_and(is_reached)
    }

    fn enough(&self, began_at: u64) -> Option<u64> {
        Some(began_at + given_up_at(self.desired?))
    }

    fn next(&self, began_at: u64) -> u64 {
        let tasks = self.count.tasks;
        let enough = self.enough(began_at).filter(|enough| *enough > tasks);
        enough.map_or(next_at(tasks), |enough| enough.min(next_at(tasks)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILS: Option<Result<Unheard, NotFailing>> = Some(Ok(Unheard::NothingWatches));
    const COMPLETED: Option<Result<Unheard, NotFailing>> = Some(Err(NotFailing::Completed));

    /// A counter that is claimed again and again, for a service of two tasks.
    #[derive(Default)]
    struct Story(Count);

    impl Story {
        /// So many stops come in one batch; what becomes of it.
        #[track_caller]
        fn check(
            &mut self,
            stops: u64,
            judged: Option<Result<Unheard, NotFailing>>,
            known: Known,
            want: (Settled, u64),
        ) {
            self.0.tasks += stops;
            let (settled, said, next) = settle(&Judging {
                count: &self.0,
                judged,
                known,
                stops,
                threshold: 3,
                desired: judged.map(|_| 2),
            });
            assert_eq!((settled, next), want);
            let incident = matches!(settled, Settled::HandOver(..)).then(|| "it".to_owned());
            self.0.said = Said {
                counted_into: incident.or(said.counted_into.clone()),
                ..said
            };
            self.0.next_at = Some(next);
        }
    }

    fn handed_over(stops: u64) -> Settled {
        Settled::HandOver(Unheard::NothingWatches, stops)
    }

    #[test]
    fn it_is_handed_over_at_the_threshold_and_known_from_then_on() {
        let mut story = Story::default();
        story.check(3, FAILS, Known::Nothing, (handed_over(3), 10));
        story.check(7, FAILS, Known::Told, (Settled::Known, 100));
    }

    #[test]
    fn one_that_had_completed_is_handed_over_after_as_many_stops_of_its_own() {
        let mut story = Story::default();
        story.check(9, COMPLETED, Known::Nothing, (Settled::Nothing, 10));
        // The number is reached by the first stop of what fails now.
        story.check(1, FAILS, Known::Nothing, (Settled::Nothing, 12));
        story.check(1, FAILS, Known::Nothing, (Settled::Nothing, 12));
        story.check(1, FAILS, Known::Nothing, (handed_over(3), 100));

        let mut batch = Story::default();
        batch.check(30, COMPLETED, Known::Nothing, (Settled::Nothing, 100));
        batch.check(4, FAILS, Known::Nothing, (handed_over(4), 100));
    }

    #[test]
    fn one_whose_incident_is_over_begins_anew() {
        let mut story = Story::default();
        story.check(3, FAILS, Known::Nothing, (handed_over(3), 10));
        story.check(1, FAILS, Known::Nothing, (Settled::Nothing, 6));
        story.check(2, FAILS, Known::Nothing, (handed_over(3), 10));
    }

    #[test]
    fn a_service_that_could_not_be_read_is_asked_about_at_the_next_stop() {
        let mut story = Story::default();
        story.check(3, None, Known::Nothing, (Settled::Nothing, 4));
        story.check(1, FAILS, Known::Nothing, (handed_over(4), 10));

        let mut completed = Story::default();
        completed.check(3, COMPLETED, Known::Nothing, (Settled::Nothing, 10));
        completed.check(1, None, Known::Nothing, (Settled::Nothing, 5));
        completed.check(1, FAILS, Known::Nothing, (Settled::Nothing, 7));
    }

    #[test]
    fn below_the_floor_it_is_handed_over_again_at_the_next_number_only() {
        let mut story = Story::default();
        story.check(3, FAILS, Known::Nothing, (handed_over(3), 10));
        story.check(4, FAILS, Known::Quiet, (Settled::Nothing, 10));
        story.check(3, FAILS, Known::Quiet, (handed_over(10), 100));
    }

    /// One stop more, of a service of forty tasks whose failure people know.
    fn told(tasks: u64, said: Said, next_at: Option<u64>) -> (Settled, Said, u64) {
        let count = Count {
            tasks,
            next_at,
            said,
            ..Count::default()
        };
        settle(&Judging {
            count: &count,
            judged: FAILS,
            known: Known::Told,
            stops: 1,
            threshold: 3,
            desired: Some(40),
        })
    }

    #[test]
    fn an_incident_that_opened_without_it_does_not_move_where_it_began() {
        let (settled, said, next) = told(3, Said::default(), None);
        assert_eq!((settled, next), (Settled::Known, 10));
        let (settled, said, next) = told(10, said, Some(next));
        assert_eq!((settled, next), (Settled::Known, 20));
        let (settled, _, next) = told(20, said, Some(next));
        assert_eq!((settled, next), (handed_over(20), 100));
        // As an older release left it.
        let old = Said {
            tasks: 3,
            counted_into: Some("it".to_owned()),
            ..Said::default()
        };
        assert_eq!(told(20, old, Some(20)).0, handed_over(20));
    }

    #[test]
    fn the_next_number_is_always_above() {
        let judged = [FAILS, COMPLETED, None];
        let known = [Known::Told, Known::Quiet, Known::Nothing];
        let numbers = [0_u64, 1, 3, 9, 10, 95, 100];
        let begun = [None, Some(0), Some(3), Some(95)];
        for tasks in [1_u64, 3, 9, 10, 98, 100, 1_000] {
            for (judged, known) in judged
                .into_iter()
                .flat_map(|it| known.map(|known| (it, known)))
            {
                for (next_at, told_at) in numbers
                    .into_iter()
                    .flat_map(|it| numbers.map(|at| (it, at)))
                {
                    for (began_at, threshold) in
                        begun.into_iter().flat_map(|it| [(it, 1), (it, 20)])
                    {
                        let began_at = began_at.filter(|began_at| *began_at <= tasks);
                        let said = Said {
                            tasks: told_at.min(tasks),
                            counted_into: (told_at > 0).then(|| "it".to_owned()),
                            began_at,
                            ..Said::default()
                        };
                        let count = Count {
                            tasks,
                            next_at: (next_at > 0).then_some(next_at),
                            said,
                            ..Count::default()
                        };
                        let judging = Judging {
                            count: &count,
                            judged,
                            known,
                            stops: 1,
                            threshold,
                            desired: Some(40),
                        };
                        let (_, _, next) = settle(&judging);
                        assert!(next > tasks, "{next} of {judging:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_large_one_is_handed_over_again_where_the_breaker_would_give_it_up() {
        let settle = |tasks, told_at, began_at| {
            let said = Said {
                tasks: told_at,
                counted_into: Some("it".to_owned()),
                began_at: Some(began_at),
                ..Said::default()
            };
            let (settled, _, next) = told(tasks, said, Some(tasks));
            (settled, next)
        };
        assert_eq!(settle(10, 3, 0), (Settled::Known, 20));
        assert_eq!(settle(20, 3, 0), (handed_over(20), 100));
        assert_eq!(settle(21, 20, 0), (Settled::Known, 100));
        // Stops in production count for nothing.
        assert_eq!(settle(33, 33, 30), (Settled::Known, 50));
        assert_eq!(settle(50, 33, 30), (handed_over(20), 100));
    }
}
