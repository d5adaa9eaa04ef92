//! Stops put together: one task is one stop however often it is told, the tasks of one deployment
//! are one story, and those of them that die of one cause are one group.

use chrono::{DateTime, Utc};

use super::{About, Subject, counts_against, wanted};
use crate::causes::Cause;
use crate::facts::{StoppedTask, TaskDefinition};
use crate::short;

/// One task that stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// Whose task.
    pub subject: Subject,
    /// The task, as the event holds it.
    pub task: StoppedTask,
    /// When it stopped, or began to.
    pub at: DateTime<Utc>,
    /// The messages that told it.
    pub deliveries: Vec<String>,
}

/// The stops of one deployment, or of one revision of standalone tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Whose tasks.
    pub subject: Subject,
    /// The `ecs-svc/…` id of the deployment that started them.
    pub deployment: Option<String>,
    /// By cause and container.
    pub groups: Vec<Group>,
}

/// The stops of one story that die of the same cause in the same container.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The incident they belong to.
    pub about: About,
    /// The stops, newest first.
    pub stops: Vec<Stop>,
}

impl Story {
    /// The messages that told it.
    pub fn deliveries(&self) -> impl Iterator<Item = &String> {
        let stops = self.groups.iter().flat_map(|group| &group.stops);
        stops.flat_map(|stop| &stop.deliveries)
    }

    /// How many of its stops count against the deployment.
    pub fn failing(&self) -> impl Iterator<Item = &Group> {
        let failing = |group: &&Group| counts_against(group.about.cause);
        self.groups.iter().filter(failing)
    }
}

impl Group {
    /// When the first and the last of them stopped.
    pub fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let times = || self.stops.iter().map(|stop| stop.at);
        let (first, last) = (times().min(), times().max());
        (first.unwrap_or_default(), last.unwrap_or_default())
    }

    /// The tasks, newest first.
    pub fn tasks(&self) -> Vec<StoppedTask> {
        self.stops.iter().map(|stop| stop.task.clone()).collect()
    }
}

/// Stops put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sorted {
    /// What is counted and may be told.
    pub stories: Vec<Story>,
    /// A line for the log for each stop that somebody or something wanted: its deliveries are done
    /// with.
    pub dropped: Vec<String>,
}

/// Puts stops together. Those of the causes in `left_out` are left out. `definitions` are those of
/// the stops that are [`Stop::undecided`], as far as they could be read.
pub fn stories(stops: Vec<Stop>, left_out: &[Cause], definitions: &[TaskDefinition]) -> Sorted {
    let mut sorted = Sorted::default();
    for stop in newest(stops) {
        let Some((finding, wanted)) = wanted::read(&stop, definitions) else {
            continue;
        };
        if wanted {
            sorted.dropped.push(stop.dropped(finding.cause));
            continue;
        }
        if left_out.contains(&finding.cause) {
            continue;
        }
        let deployment = stop
            .task
            .started_by
            .clone()
            .filter(|_| !stop.subject.standalone);
        let about = About {
            subject: stop.subject.clone(),
            deployment,
            task_definition: stop.task.task_definition_arn.clone(),
            cause: finding.cause,
            container: finding.container,
        };
        add(&mut sorted.stories, about, stop);
    }
    sorted
}

fn add(stories: &mut Vec<Story>, about: About, stop: Stop) {
    let same = |story: &Story| {
        let revision =
            |story: &Story| story.groups[0].about.task_definition == about.task_definition;
        story.subject == about.subject
            && story.deployment == about.deployment
            && (about.deployment.is_some() || revision(story))
    };
    let at = stories.iter().position(same).unwrap_or_else(|| {
        stories.push(Story {
            subject: about.subject.clone(),
            deployment: about.deployment.clone(),
            groups: Vec::new(),
        });
        stories.len() - 1
    });
    let groups = &mut stories[at].groups;
    match groups.iter_mut().find(|group| group.about == about) {
        Some(group) => group.stops.push(stop),
        None => groups.push(Group {
            about,
            stops: vec![stop],
        }),
    }
}

/// One stop a task: the one with the highest version, which knows of all messages of its task.
/// Newest first.
fn newest(stops: Vec<Stop>) -> Vec<Stop> {
    let mut known: Vec<Stop> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for stop in stops {
        match places.get(&stop.task.task_arn) {
            None => {
                places.insert(stop.task.task_arn.clone(), known.len());
                known.push(stop);
            }
            Some(place) => {
                let other: &mut Stop = &mut known[*place];
                let (older, mut newer) = if stop.task.version > other.task.version {
                    (other.clone(), stop)
                } else {
                    (stop, other.clone())
                };
                newer.deliveries.extend(older.deliveries);
                *other = newer;
            }
        }
    }
    short::sort_by_key(&mut known, |stop| std::cmp::Reverse(stop.at));
    known
}
