//! What a history is made of, drawn from its seed: the settings and the weather.

use std::time::Duration;

use simulator::Fault;

use crate::chance::Chance;

/// The cluster of all services.
pub const CLUSTER: &str = "prod-apps";

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    Denied,
    Throttled,
    Internal,
    Hangs,
    Malformed,
    AnswerLost,
    AnswerHangs,
}

impl Down {
    pub const ALL: [Self; 7] = [
        Self::Denied,
        Self::Throttled,
        Self::Internal,
        Self::Hangs,
        Self::Malformed,
        Self::AnswerLost,
        Self::AnswerHangs,
    ];
}

impl From<Down> for Fault {
    fn from(down: Down) -> Self {
        match down {
            Down::Denied => Self::denied(),
            Down::Throttled => Self::throttled(),
            Down::Internal => Self::internal(),
            Down::Hangs => Self::hangs(),
            Down::Malformed => Self::malformed(),
            Down::AnswerLost => Self::answer_lost(),
            Down::AnswerHangs => Self::answer_hangs(),
        }
    }
}

/// One API that is down for a while.
#[derive(Clone, Debug)]
pub struct Outage {
    /// `dynamodb:*`, or one action.
    pub what: &'static str,
    pub down: Down,
    pub from: Duration,
    pub until: Duration,
}

impl Outage {
    pub fn holds(&self, action: &str, at: Duration) -> bool {
        let covers = match self.what.strip_suffix('*') {
            Some(service) => action.starts_with(service),
            None => action == self.what,
        };
        covers && self.from <= at && at < self.until
    }
}

/// What goes wrong, in percent of calls, events or invocations.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    pub outages: Vec<Outage>,
    /// Calls that go wrong by themselves.
    pub flaky: u64,
    /// Requests and answers that travel for seconds.
    pub slow: u64,
    /// Invocations that die between two calls.
    pub deaths: u64,
    /// Events that are never delivered.
    pub dropped: u64,
    /// Events and messages that are delivered twice.
    pub doubled: u64,
    /// Events that come minutes late.
    pub late: u64,
    /// Calls of roll-back right before which somebody changes the service.
    pub meddled: u64,
}

impl Weather {
    /// Whether at most one API is down, and none that an alert takes: then the first delivery, with
    /// the retries of whoever delivers, is to tell everything.
    pub fn spares_the_alert(&self) -> bool {
        let one = self
            .outages
            .iter()
            .all(|it| !["sns:*", "sqs:*"].contains(&it.what));
        one && self.outages.len() <= 1 && self.flaky == 0 && self.deaths == 0
    }
}

/// One history's settings and weather.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// Somebody reads its story.
    pub told: bool,
    /// The stack's parameter: whether there is a queue of requests.
    pub enabled: bool,
    pub default: &'static str,
    pub cooldown: i64,
    pub per_hour: u32,
    /// So many seconds the clock of Lambda is ahead of that of ECS.
    pub ahead: i64,
    /// Below it nothing is told.
    pub floor: &'static str,
    pub weather: Weather,
    /// How many things happen.
    pub acts: u64,
}

impl Plan {
    pub fn of(seed: u64, told: bool) -> Self {
        let mut chance = Chance::of(seed, 1);
        Self {
            seed,
            told,
            enabled: chance.percent(92),
            default: chance.weighed(&[(5, "off"), (1, "dry-run"), (1, "ask"), (2, "auto")]),
            cooldown: chance.pick(&[0, 5, 60]),
            per_hour: chance.pick(&[1, 2, 10]),
            ahead: Chance::of(seed, 4).pick(&[0, 0, 0, -2, -1, 1, 2]),
            floor: Chance::of(seed, 3).weighed(&[(8, "info"), (1, "warning"), (1, "critical")]),
            weather: weather(&mut chance),
            acts: chance.between(2, 6),
        }
    }
}

fn weather(chance: &mut Chance) -> Weather {
    let mut weather = Weather {
        meddled: chance.pick(&[0, 0, 4]),
        doubled: chance.pick(&[0, 10, 40]),
        late: chance.pick(&[0, 5, 30]),
        ..Weather::default()
    };
    let kind = chance.below(10);
    if kind < 3 {
        return weather;
    }
    if kind < 7 {
        weather.outages.push(outage(chance));
    }
    if kind >= 6 {
        weather.flaky = chance.pick(&[1, 3, 8]);
        weather.slow = chance.pick(&[0, 2]);
        weather.dropped = chance.pick(&[0, 5]);
    }
    weather.deaths = chance.pick(&[0, 0, 20]);
    weather
}

fn outage(chance: &mut Chance) -> Outage {
    const WHAT: [&str; 22] = [
        "ecs:*",
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTasks",
        "ecs:DescribeTasks",
        "ecs:UpdateService",
        "ecs:UpdateService",
        "ecs:StopServiceDeployment",
        "dynamodb:*",
        "dynamodb:*",
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
        "dynamodb:TransactWriteItems",
        "cloudformation:*",
        "elasticloadbalancing:*",
        "cloudwatch:*",
        "logs:*",
        "sns:*",
        "sqs:*",
    ];
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let from = chance.pick(&[0, 0, 10, 20]);
    let lasts = chance.pick(&[1, 5, 30, 10_000]);
    Outage {
        what: chance.pick(&WHAT),
        down: chance.pick(&Down::ALL),
        from: minutes(from),
        until: minutes(from + lasts),
    }
}
