//! What stands around a stopped task and says more: log lines, targets, service events.

use super::case::Case;
use super::draft::{Draft, evidence};
use super::rule::Rule;
use super::{Cause, Confidence, Context, Evidence, logs};

impl<'a> Case<'a> {
    /// The tail of the culprit's log says more than "exited with 1".
    pub(super) fn add_from_logs(&self, drafts: &mut [Draft<'a>]) {
        let Some(draft) = drafts.first_mut() else {
            return;
        };
        if !logs::refines(draft.cause) {
            return;
        }
        let tails = self.context.logs.iter().filter(|tail| {
            (self.task.task_arn.is_empty()
                || tail.task_id.is_empty()
                || tail.task_id == self.task.id())
                && draft.container.is_none_or(|name| name == tail.container)
        });
        let Some((tail, sign)) = tails
            .filter_map(|tail| logs::read(tail, draft.cause).map(|sign| (tail, sign)))
            .max_by_key(|(_, sign)| sign.weight)
        else {
            return;
        };
        let source = format!("log of {} ({})", tail.container, sign.what);
        draft.evidence.push(evidence(&source, &sign.line));
        draft.container = draft.container.or_else(|| {
            let mut names = self
                .task
                .containers
                .iter()
                .filter_map(|one| one.name.as_deref());
            names.find(|name| *name == tail.container)
        });
        match draft.cause {
            // A warning is no end.
            Cause::Unknown if sign.is_warning() => {}
            Cause::AppError | Cause::Unknown => {
                draft.cause = sign.cause;
                draft.confidence = draft.confidence.max(Confidence::Likely);
                draft.fix = Some(sign.fix);
            }
            Cause::KilledSigkill | Cause::AppCleanExit if sign.explains() => {
                draft.fix = Some(sign.fix);
            }
            // The command ran, and what it runs is missing.
            Cause::BadEntrypoint if sign.is_missing() => draft.fix = Some(sign.fix),
            _ => {}
        }
    }

    /// Targets and service events around it.
    pub(super) fn add_from_service(&self, drafts: &mut Vec<Draft<'a>>) {
        let Some(first) = drafts.first_mut() else {
            return;
        };
        if first.cause == Cause::ElbHealthCheck {
            first.evidence.extend(unhealthy_targets(self.context));
        }
        let about = |rule: &Rule| rule.cause == first.cause;
        let id = self.task.id();
        if let Some((event, _)) = self.service_events.iter().find(|(_, rule)| about(rule)) {
            first
                .evidence
                .push(evidence("service event", &event.message));
        }
        if first.cause != Cause::Unknown {
            return;
        }
        let Some((event, rule)) = self.service_events.first() else {
            return;
        };
        let named = !id.is_empty() && event.message.contains(id);
        let confidence = if named {
            Confidence::Likely
        } else {
            Confidence::Possible
        };
        let evidence = vec![evidence("service event", &event.message)];
        let draft = Draft {
            cause: rule.cause,
            confidence,
            order: 6,
            container: None,
            evidence,
            fix: None,
        };
        drafts.insert(if named { 0 } else { 1 }, draft);
    }
}

fn unhealthy_targets(context: &Context<'_>) -> Option<Evidence> {
    let known = context
        .target_groups
        .iter()
        .filter_map(|group| group.targets.known());
    let target = known.flatten().find(|target| target.state == "unhealthy")?;
    let words = [target.reason.as_deref(), target.description.as_deref()];
    let words: Vec<_> = words.into_iter().flatten().collect();
    Some(evidence(
        &format!("target {}", target.id),
        &words.join(": "),
    ))
}
