//! Tasks that stopped, one or many.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Alert, Kind, Response, Scope, Severity};
use super::words::{clock, count, duration, revision};
use super::{collected, headline, impact, next, phrase, stop_links};
use crate::arn::ServiceArn;
use crate::causes::{Cause, Confidence, Context, Ranked, summarise};
use crate::facts::{DeploymentFacts, Fact, Missing, Rollout, StoppedTask};
use crate::incident::ServiceRecord;
use crate::sanitize::line;
use crate::stop::{About, Count, next_at};

/// What is known of stopped tasks when they are told.
#[derive(Clone, Copy, Debug)]
pub struct Stopped<'a> {
    /// The incident.
    pub about: &'a About,
    /// How many, and what was said before.
    pub count: &'a Count,
    /// Why it is told now.
    pub occasion: Occasion,
    /// The service, the stopped tasks at hand (newest first), their definition and log.
    pub facts: &'a DeploymentFacts,
    /// What opsbot remembered of the service.
    pub record: &'a Fact<ServiceRecord>,
    /// The count in the table, where it could not be kept.
    pub uncounted: Option<&'a Missing>,
    /// When it is told.
    pub at: DateTime<Utc>,
}

/// Why stopped tasks are told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The number is news.
    Number,
    /// It has lasted since people were told.
    Lasts,
    /// The service was muted and is not any more.
    Unmuted,
    /// It is worse than it was when people were told.
    Worse,
}

impl Stopped<'_> {
    /// The alert.
    pub fn alert(&self) -> Alert {
        let ranked = self.ranked();
        let arn = &self.about.subject.arn;
        let causes: Vec<_> = ranked.iter().take(3).map(collected::cause).collect();
        let service = self.facts.service.known();
        let phrase = phrase(&ranked)
            .or_else(|| (self.about.cause != Cause::Unknown).then(|| self.about.cause.phrase()));
        let mut next_steps: Vec<String> = causes.iter().take(1).map(|it| it.fix.clone()).collect();
        if self.rolled_out() == Some(&Rollout::InProgress) {
            next_steps.push(next::infrastructure_code(&self.revision()));
        }
        Alert {
            kind: Kind::TaskStopped,
            severity: self.severity(),
            incident: self.about.incident(),
            at: self.at,
            service: arn.clone(),
            revision: self.about.task_definition.as_deref().map(revision),
            headline: headline(arn, &self.happened(), phrase),
            cause_phrase: phrase.map(str::to_owned),
            what_happened: self.what_happened(),
            impact: impact::sentences(service, None, &[]),
            changes: Vec::new(),
            response: self.response(),
            rollback: None,
            evidence: collected::evidence(self.facts),
            not_collected: collected::gaps(self.facts, self.record, self.uncounted),
            next_steps,
            links: stop_links::all(&self.about.subject, self.facts),
            scope: Scope {
                standalone: self.about.subject.standalone,
                tasks_stopped: Some(self.count.tasks.max(1)),
                ..super::scope(service)
            },
            causes,
        }
    }

    fn tasks(&self) -> &[StoppedTask] {
        self.facts
            .stopped_tasks
            .known()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The causes as the definition and the log tell them. A watch has no task at hand: there it is
    /// what the events told.
    fn ranked(&self) -> Vec<Ranked> {
        let service = self.facts.service.known();
        let log = self.facts.log.known().cloned();
        let context = Context {
            task_definition: self.facts.failing.known(),
            service_events: service.map(|it| it.events.as_slice()).unwrap_or_default(),
            logs: log.as_slice(),
            ..Context::default()
        };
        let mut ranked = summarise(self.tasks(), &context);
        if let Some(first) = ranked.first_mut() {
            first.tasks = usize::try_from(self.count.tasks.max(1)).unwrap_or(usize::MAX);
        } else {
            ranked.push(Ranked {
                finding: crate::causes::Finding {
                    cause: self.about.cause,
                    container: self.about.container.clone(),
                    confidence: Confidence::Likely,
                    evidence: Vec::new(),
                    fix: "Look at the newest stopped task and its log.".to_owned(),
                },
                tasks: usize::try_from(self.count.tasks).unwrap_or(usize::MAX),
            });
        }
        ranked
    }

    fn revision(&self) -> String {
        let definition = self.about.task_definition.as_deref();
        definition.map_or_else(|| "an unknown revision".to_owned(), revision)
    }

    fn rolled_out(&self) -> Option<&Rollout> {
        let deployment = self.about.deployment.as_deref()?;
        self.facts
            .service
            .known()?
            .deployment(deployment)?
            .rollout
            .as_ref()
    }

    /// A Spot notice: the task still runs.
    fn notice(&self) -> bool {
        self.count.tasks <= 1
            && self
                .tasks()
                .first()
                .is_some_and(|task| task.last_status.as_deref() == Some("RUNNING"))
    }

    fn taken_away(&self) -> bool {
        let cause = self.about.cause;
        matches!(cause, Cause::SpotInterruption | Cause::FargateMaintenance)
    }

    /// How bad it is. Spot capacity comes and goes, and that is what one pays for. Else one stop wants a look
    /// today, and many want somebody now if fewer tasks run than should.
    pub fn severity(&self) -> Severity {
        let service = self.facts.service.known();
        let short = service.is_none_or(|service| service.running < service.desired);
        let many = self.count.tasks >= 10;
        match self.about.cause {
            _ if self.taken_away() && !many => Severity::Info,
            _ if self.about.subject.standalone => Severity::Warning,
            _ if many && short => Severity::Critical,
            _ if service.is_some_and(|it| it.running == 0 && it.desired > 0) => Severity::Critical,
            _ => Severity::Warning,
        }
    }

    fn happened(&self) -> String {
        let revision = self.revision();
        let n = usize::try_from(self.count.tasks.max(1)).unwrap_or(usize::MAX);
        let tasks = if n == 1 {
            format!("a task of {revision}")
        } else {
            format!("{n} tasks of {revision}")
        };
        match self.occasion {
            _ if self.notice() => format!("{tasks} will stop in 2 minutes"),
            Occasion::Number => format!("{tasks} stopped"),
            Occasion::Worse => match self.facts.service.known() {
                Some(it) => format!(
                    "{tasks} stopped and {} of {} run now",
                    it.running, it.desired
                ),
                None => format!("{tasks} stopped and it is worse now"),
            },
            Occasion::Lasts | Occasion::Unmuted => {
                format!(
                    "{tasks} stopped in {} and it is not over",
                    duration(self.at - self.count.first_at)
                )
            }
        }
    }

    fn what_happened(&self) -> Vec<String> {
        let ServiceArn {
            service, cluster, ..
        } = &self.about.subject.arn;
        let whose = if self.about.subject.standalone {
            format!("family {service}, which no service runs, in cluster {cluster}")
        } else {
            format!("service {service} in cluster {cluster}")
        };
        let mut sentences = vec![match (self.tasks().first(), self.count.tasks) {
            (Some(task), 0 | 1) => self.one(task, &whose),
            (_, n) => self.many(n, &whose),
        }];
        if self.count.tasks > 0 && self.occasion == Occasion::Number {
            let next = next_at(self.count.tasks);
            sentences.push(format!(
                "opsbot tells again at the {next}th such stop, when it lasts, and when it is over."
            ));
        }
        if self.occasion == Occasion::Unmuted
            && let Some(until) = self.count.said.muted_until
        {
            sentences.push(format!(
                "The service was muted until {}.",
                until.format("%Y-%m-%d %H:%M UTC")
            ));
        }
        sentences
    }

    fn many(&self, n: u64, whose: &str) -> String {
        let tasks = count(usize::try_from(n).unwrap_or(usize::MAX), "task");
        let (first, last) = (self.count.first_at, self.count.last_at);
        let when = match self.occasion {
            Occasion::Number => {
                let span = (last - first).max(TimeDelta::seconds(1));
                format!("within {}", duration(span))
            }
            Occasion::Lasts | Occasion::Unmuted | Occasion::Worse => {
                format!("since {}", clock(first))
            }
        };
        let last = clock(last);
        format!("{tasks} of {whose} stopped {when}, the last one at {last}.")
    }

    fn one(&self, task: &StoppedTask, whose: &str) -> String {
        let id = line(task.id(), 40);
        if self.notice() {
            let at = task.stopping_at.unwrap_or(self.at);
            return format!(
                "AWS takes the capacity under task {id} of {whose} back: it was told at {}, and gets \
                 SIGTERM about two minutes later.",
                clock(at)
            );
        }
        let at = task.stopped_at.or(task.stopping_at).unwrap_or(self.at);
        let ended = task.execution_stopped_at.or(task.stopping_at).unwrap_or(at);
        let ran = match task.started_at {
            Some(started) => format!(", {} after it started", duration(ended - started)),
            None => " and never reached RUNNING".to_owned(),
        };
        format!("Task {id} of {whose} stopped at {}{ran}.", clock(at))
    }

    fn response(&self) -> Response {
        let (code, sentence) = if self.about.subject.standalone {
            (
                "none",
                "No service runs it, so ECS does not start it again.".to_owned(),
            )
        } else {
            match self.rolled_out() {
                Some(Rollout::InProgress) => (
                    "deployment_under_way",
                    format!(
                        "The deployment of {} is under way: ECS starts another task. opsbot tells when \
                         the deployment keeps failing.",
                        self.revision()
                    ),
                ),
                Some(Rollout::Failed) => (
                    "deployment_failed",
                    format!("ECS has called the deployment of {} failed.", self.revision()),
                ),
                Some(Rollout::Completed | Rollout::Other(_)) | None if self.taken_away() => (
                    "ecs_replaces",
                    "ECS starts another task in its place as soon as there is capacity for it."
                        .to_owned(),
                ),
                Some(Rollout::Completed | Rollout::Other(_)) | None => (
                    "ecs_replaces",
                    "ECS starts another task in its place, more and more slowly if it keeps failing."
                        .to_owned(),
                ),
            }
        };
        Response {
            code: code.to_owned(),
            sentence,
        }
    }
}
