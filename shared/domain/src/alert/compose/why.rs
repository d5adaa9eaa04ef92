//! Why: the causes behind the stopped tasks, or what ECS says where no task tells.

use super::Story;
use crate::causes::{self, Cause, Context, Ranked};
use crate::facts::Why;

/// How old a service event may be to explain what happens now.
const RECENT: chrono::TimeDelta = chrono::TimeDelta::hours(1);

impl Story<'_> {
    /// Why the deployment's tasks stop, best first.
    pub fn causes(&self) -> Vec<Cause> {
        let ranked = self.ranked().into_iter();
        ranked.map(|ranked| ranked.finding.cause).collect()
    }

    pub(super) fn ranked(&self) -> Vec<Ranked> {
        let facts = self.facts;
        let service_events = facts
            .service
            .known()
            .map(|service| service.events.as_slice());
        let log = facts.log.known().map(std::slice::from_ref);
        let context = Context {
            task_definition: facts.failing.known(),
            target_groups: &facts.target_groups,
            service_events: service_events.unwrap_or_default(),
            logs: log.unwrap_or_default(),
        };
        let tasks = facts
            .stopped_tasks
            .known()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let ranked = causes::summarise(tasks, &context);
        if ranked
            .iter()
            .any(|it| it.finding.cause != causes::Cause::Unknown)
        {
            return ranked;
        }
        self.said_by_ecs(&context).map_or(ranked, |said| vec![said])
    }

    /// Where no task tells why, and often no task exists (a role that cannot be assumed, no
    /// capacity), what ECS gave as the reason or says in the service's events may.
    fn said_by_ecs(&self, context: &Context<'_>) -> Option<Ranked> {
        let began = self.failing().and_then(|failing| failing.created_at);
        let events = context.service_events.iter();
        let events = events.filter(|event| began.is_none_or(|began| event.at >= began));
        let recent = events.filter(|event| event.at + RECENT >= self.at);
        let said = recent.map(|event| event.message.as_str());
        let findings = self.reason.into_iter().chain(said).filter_map(|message| {
            let finding = causes::diagnose_event(message, context)
                .into_iter()
                .next()?;
            (finding.cause.fault() != causes::Fault::Intended).then_some(finding)
        });
        let mut known = findings.filter(|finding| finding.cause != causes::Cause::Unknown);
        known.next().map(|finding| Ranked { finding, tasks: 0 })
    }

    /// Whether a missing permission keeps the cause in the dark.
    pub(super) fn denied(&self) -> bool {
        let facts = self.facts;
        let missing = [
            facts.service.missing(),
            facts.stopped_tasks.missing(),
            facts.failing.missing(),
        ];
        let mut missing = missing.into_iter().flatten();
        missing.any(|missing| matches!(missing.why, Why::Denied { .. }))
    }

    /// Whether the last good revision can be started: ECS refuses one that was deregistered.
    pub(super) fn may_go_back(&self) -> bool {
        let good = self.facts.good_definition.known();
        good.is_none_or(|definition| definition.active)
    }
}
