//! What becomes of a task definition's tasks, in words.

use std::time::Duration;

/// What every task of a task definition will go through.
#[derive(Debug, Clone)]
pub struct Fate {
    pub(crate) kind: Kind,
    pub(crate) logs: Vec<LogLine>,
    /// Percent of CPU and of memory that a running task uses.
    pub(crate) usage: (f64, f64),
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    RunsHealthy,
    FailsToStart {
        stage: Stage,
        reason: String,
        container_reasons: Vec<(String, String)>,
    },
    Exits {
        after: Duration,
        deaths: Vec<Death>,
    },
    FailsTargetHealth {
        state_reason: String,
        description: String,
        exit_code: i64,
    },
    FailsContainerHealth {
        container: String,
    },
    CannotBePlaced {
        reason: String,
        message: String,
    },
}

/// How far a task comes that never reaches RUNNING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    BeforePull,
    WhilePulling,
    WhileStarting,
}

#[derive(Debug, Clone)]
pub(crate) struct Death {
    pub container: String,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct LogLine {
    pub container: String,
    pub text: String,
}

impl Fate {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            logs: Vec::new(),
            usage: (12.0, 38.0),
        }
    }

    /// Starts, gets healthy and stays so.
    #[must_use]
    pub fn runs_healthy() -> Self {
        Self::new(Kind::RunsHealthy)
    }

    /// Never reaches RUNNING: `TaskFailedToStart` with this `stoppedReason`; stops before the
    /// pull (secrets, network interface) unless `while_pulling` or `while_starting` is added.
    #[must_use]
    pub fn fails_to_start(stopped_reason: impl Into<String>) -> Self {
        let reason = stopped_reason.into();
        let stage = Stage::BeforePull;
        Self::new(Kind::FailsToStart {
            stage,
            reason,
            container_reasons: Vec::new(),
        })
    }

    /// The start fails at the image pull (`pullStartedAt` is set).
    #[must_use]
    pub fn while_pulling(self) -> Self {
        self.at(Stage::WhilePulling)
    }

    /// The start fails after the pull: log driver, entry point, runtime.
    #[must_use]
    pub fn while_starting(self) -> Self {
        self.at(Stage::WhileStarting)
    }

    fn at(mut self, wanted: Stage) -> Self {
        match &mut self.kind {
            Kind::FailsToStart { stage, .. } => *stage = wanted,
            _ => panic!("only fails_to_start has a stage"),
        }
        self
    }

    /// Gives one container a `reason` (a start failure or a death).
    #[must_use]
    pub fn container_reason(mut self, container: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        match &mut self.kind {
            Kind::FailsToStart {
                container_reasons, ..
            } => {
                container_reasons.push((container.into(), reason));
            }
            Kind::Exits { deaths, .. } => {
                let death = deaths.iter_mut().find(|death| death.container == container);
                death
                    .expect("the container is among those that exit")
                    .reason = Some(reason);
            }
            _ => panic!("only a failing start or an exit has container reasons"),
        }
        self
    }

    /// Reaches RUNNING; 20 s later this container exits by itself with this code.
    #[must_use]
    pub fn exits(container: &str, exit_code: i64) -> Self {
        let deaths = vec![death(container, Some(exit_code), None)];
        Self::new(Kind::Exits {
            after: Duration::from_secs(20),
            deaths,
        })
    }

    /// How long after RUNNING the exit comes.
    #[must_use]
    pub fn after(mut self, running_for: Duration) -> Self {
        match &mut self.kind {
            Kind::Exits { after, .. } => *after = running_for,
            _ => panic!("only an exit comes after a time"),
        }
        self
    }

    /// Another container ends with this code after the first one did.
    #[must_use]
    pub fn then(mut self, container: &str, exit_code: i64) -> Self {
        match &mut self.kind {
            Kind::Exits { deaths, .. } => deaths.push(death(container, Some(exit_code), None)),
            _ => panic!("only an exit has followers"),
        }
        self
    }

    /// Killed for memory: 137 with the reason text of Fargate 1.4 (stopped-task-error-codes).
    #[must_use]
    pub fn out_of_memory(container: &str) -> Self {
        Self::exits(container, 137)
            .container_reason(
                container,
                "OutOfMemoryError: container killed due to memory usage",
            )
            .using(31.0, 98.0)
    }

    /// Runs, but its target group never finds it healthy: the scheduler stops it, and the
    /// containers end with 0.
    #[must_use]
    pub fn fails_target_health(state_reason: &str, description: &str) -> Self {
        Self::new(Kind::FailsTargetHealth {
            state_reason: state_reason.into(),
            description: description.into(),
            exit_code: 0,
        })
    }

    /// The exit code on the scheduler's SIGTERM (0 unless said; 143 is as common).
    #[must_use]
    pub fn stopping_with(mut self, code: i64) -> Self {
        match &mut self.kind {
            Kind::FailsTargetHealth { exit_code, .. } => *exit_code = code,
            _ => panic!("only fails_target_health says how its containers stop"),
        }
        self
    }

    /// The container's own HEALTHCHECK fails: `Task failed container health checks`.
    #[must_use]
    pub fn fails_container_health(container: &str) -> Self {
        Self::new(Kind::FailsContainerHealth {
            container: container.into(),
        })
    }

    /// No task comes to be: `SERVICE_TASK_PLACEMENT_FAILURE` with this `reason` (for example
    /// `RESOURCE:FARGATE`) and this sentence in the service event.
    #[must_use]
    pub fn cannot_be_placed(reason: &str, message: &str) -> Self {
        Self::new(Kind::CannotBePlaced {
            reason: reason.into(),
            message: message.into(),
        })
    }

    /// Lines that a container logs once it runs.
    #[must_use]
    pub fn logs<'a>(mut self, container: &str, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let line = |text: &str| LogLine {
            container: container.into(),
            text: text.into(),
        };
        self.logs.extend(lines.into_iter().map(line));
        self
    }

    /// The containers it speaks of, so that a misspelt one is found out.
    pub(crate) fn containers(&self) -> Vec<&str> {
        let of_kind: Vec<&str> = match &self.kind {
            Kind::FailsToStart {
                container_reasons, ..
            } => container_reasons
                .iter()
                .map(|(name, _)| name.as_str())
                .collect(),
            Kind::Exits { deaths, .. } => deaths.iter().map(|d| d.container.as_str()).collect(),
            Kind::FailsContainerHealth { container } => vec![container],
            Kind::RunsHealthy | Kind::FailsTargetHealth { .. } | Kind::CannotBePlaced { .. } => {
                Vec::new()
            }
        };
        let logging = self.logs.iter().map(|line| line.container.as_str());
        of_kind.into_iter().chain(logging).collect()
    }

    /// CPU and memory that a running task uses, in percent of what it was given.
    #[must_use]
    pub fn using(mut self, cpu: f64, memory: f64) -> Self {
        self.usage = (cpu, memory);
        self
    }
}

fn death(container: &str, exit_code: Option<i64>, reason: Option<String>) -> Death {
    Death {
        container: container.into(),
        exit_code,
        reason,
    }
}
