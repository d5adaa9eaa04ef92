//! The settings that only task-stopped has: the queues it sends to.

use super::reader::Reader;
use super::{Mistakes, Setting, required};

const OWN: Setting = required(
    "OPSBOT_TASK_QUEUE_URL",
    "task-stopped only: the queue it reads, where it also leaves word to look again later",
);
pub(super) const FAILING: Setting = required(
    "OPSBOT_FAILING_QUEUE_URL",
    "the queue through which deployment-changed hears of a failing deployment from task-stopped, and \
     of a rollback to look at again from roll-back or from itself",
);

/// The settings of task-stopped beside [`super::ALL`], in the order they are documented.
pub const OF_TASK_STOPPED: [Setting; 2] = [OWN, FAILING];

/// The queues that task-stopped sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queues {
    /// The URL of its own queue.
    pub own: String,
    /// The URL of the queue of failing deployments.
    pub failing: String,
}

impl Queues {
    /// Parses the settings.
    ///
    /// # Errors
    ///
    /// Every mistake there is, all at once.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut read = Reader::new(lookup);
        let queues = Self {
            own: read.value(OWN, url),
            failing: read.value(FAILING, url),
        };
        read.end(queues)
    }
}

pub(super) fn url(text: &str) -> Result<String, String> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("is not the URL of a queue".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/opsbot-tasks";

    #[test]
    fn both_queues_must_be_urls() {
        let queues = Queues::parse(|_| Some(QUEUE.to_owned())).unwrap();
        assert_eq!(
            (queues.own.as_str(), queues.failing.as_str()),
            (QUEUE, QUEUE)
        );

        let wrong = |key: &str| (key == "OPSBOT_TASK_QUEUE_URL").then(|| "opsbot-tasks".to_owned());
        let Mistakes(mistakes) = Queues::parse(wrong).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r"
        OPSBOT_TASK_QUEUE_URL `opsbot-tasks` is not the URL of a queue
        OPSBOT_FAILING_QUEUE_URL is not set
        ");
    }
}
