//! A task's explanation for a person, in 80 columns.

use domain::alert::Page;
use domain::arn::{cluster_name, revision_name};
use domain::causes::{Cause, Confidence};
use domain::facts::StoppedTask;

use super::explain::{Explanation, Other, name};
use super::shape::Subject;

/// As an alert writes times.
const TIME: &str = "%Y-%m-%d %H:%M:%S UTC";

/// The report on one task. The title is in bold where `styled`.
pub(super) fn report(subject: &Subject, explanation: &Explanation, styled: bool) -> String {
    let mut page = Page::default();
    page.paragraph("", &title(subject, explanation));
    let title = page.finish();
    let title = if styled {
        format!("\u{1b}[1m{}\u{1b}[0m\n", title.trim_end())
    } else {
        title
    };

    let mut page = Page::default();
    page.labelled("  Task:  ", &about(&subject.task));
    let cause = explanation.cause;
    let why = certainty(
        cause,
        explanation.confidence,
        explanation.container.as_deref(),
    );
    page.paragraph("  Why:   ", &format!("{} ({why})", cause.sentence()));
    for evidence in &explanation.evidence {
        page.paragraph("         ", &format!("{}:", evidence.source));
        page.paragraph("           | ", &evidence.quote);
    }
    let others: Vec<_> = explanation.others.iter().map(Other::words).collect();
    page.labelled("  Or:    ", &others.join("; "));
    page.instruction("  Fix:   ", &explanation.fix);
    page.paragraph("  See:   ", cause.page());
    format!("{title}{}\n", page.finish())
}

/// `order-api:42, task 0f1e…: out of memory`; a row is called by its id.
fn title(subject: &Subject, explanation: &Explanation) -> String {
    let task = &subject.task;
    let phrase = explanation.cause.phrase();
    let revision = task.task_definition_arn.as_deref().map(revision_name);
    let called = match (&explanation.id, task.id()) {
        (Some(id), "") => name(id),
        (None, "") => "a task without a name".to_owned(),
        (_, id) => format!("task {}", name(id)),
    };
    match revision {
        Some(revision) => format!("{}, {called}: {phrase}", name(revision)),
        None => format!("{called}: {phrase}"),
    }
}

/// What is known of the task, as far as it helps to recognise it.
fn about(task: &StoppedTask) -> String {
    let cluster = task.cluster_arn.as_deref().and_then(cluster_name);
    let started = task.started_at.map(|at| at.format(TIME));
    let begun = match (started, task.created_at) {
        (Some(at), _) => Some(format!("started {at}")),
        (None, Some(_)) => Some("never ran".to_owned()),
        (None, None) => None,
    };
    let stopped = task.stopped_at.map(|at| at.format(TIME));
    let known = [
        task.group.as_deref().map(name),
        cluster.map(|cluster| format!("cluster {}", name(cluster))),
        task.launch_type.as_deref().map(name),
        task.stop_code
            .as_ref()
            .map(|code| format!("stop code {}", name(code.as_str()))),
        begun,
        stopped.map(|at| format!("stopped {at}")),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Other {
    fn words(&self) -> String {
        let certainty = certainty(self.cause, self.confidence, self.container.as_deref());
        format!("{} ({certainty})", self.cause.phrase())
    }
}

/// `oom; certain; container app`.
fn certainty(cause: Cause, confidence: Confidence, container: Option<&str>) -> String {
    let sure = match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let container = container.map(|name| format!("; container {name}"));
    format!("{}; {sure}{}", cause.code(), container.unwrap_or_default())
}

/// How many tasks stopped of which cause, the most frequent first.
#[derive(Debug, Default)]
pub(super) struct Tally {
    causes: Vec<(Cause, u64)>,
}

impl Tally {
    /// One more.
    pub(super) fn count(&mut self, cause: Cause) {
        match self.causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, count)) => *count += 1,
            None => self.causes.push((cause, 1)),
        }
    }

    /// How many in all.
    pub(super) fn total(&self) -> u64 {
        self.causes.iter().map(|(_, count)| count).sum()
    }

    /// The table; empty for a single task, whose report says it all.
    pub(super) fn report(mut self) -> String {
        let total = self.total();
        if total < 2 {
            return String::new();
        }
        self.causes
            .sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
        let mut page = Page::default();
        page.verbatim(&format!("{total} tasks:"));
        let width = total.to_string().len();
        for (cause, count) in self.causes {
            let (code, phrase) = (cause.code(), cause.phrase());
            page.verbatim(&format!("  {count:width$}  {code:27}  {phrase}"));
        }
        page.finish()
    }
}
