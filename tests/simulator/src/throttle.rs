//! The documented token buckets of the ECS API (page `request-throttling`).

use std::collections::HashMap;

/// Which clock refills the buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// No buckets.
    Off,
    /// The world's clock.
    VirtualClock,
    /// The machine's clock.
    RealClock,
}

/// Name, burst and refill per second of the bucket of an action.
fn bucket(action: &str) -> Option<(&'static str, f64, f64)> {
    Some(match action.strip_prefix("ecs:")? {
        "DescribeTasks" | "ListTasks" => ("cluster resource read", 100.0, 20.0),
        "RunTask" | "StopTask" => ("cluster resource modify", 100.0, 40.0),
        "DescribeServices" | "ListServices" => ("service read", 100.0, 20.0),
        "CreateService" | "UpdateService" => ("service modify", 50.0, 5.0),
        "ListServiceDeployments" | "DescribeServiceDeployments" => {
            ("service deployment", 50.0, 20.0)
        }
        "DescribeServiceRevisions" => ("service revision", 50.0, 20.0),
        "DescribeTaskDefinition" => ("task definition read", 50.0, 20.0),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => {
            ("task definition modify", 20.0, 1.0)
        }
        "DescribeClusters" => ("cluster read", 50.0, 20.0),
        // StopServiceDeployment and ContinueServiceDeployment are in no listed bucket.
        _ => return None,
    })
}

/// What is left in each bucket, and when that was worked out.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<&'static str, (f64, f64)>);

impl Buckets {
    /// Takes one token; `false` where none is left. `now` in seconds, of either clock.
    pub(crate) fn take(&mut self, action: &str, now: f64) -> bool {
        let Some((name, burst, refill)) = bucket(action) else {
            return true;
        };
        let (tokens, then) = self.0.get(name).copied().unwrap_or((burst, now));
        let tokens = (tokens + (now - then).max(0.0) * refill).min(burst);
        let allowed = tokens >= 1.0;
        self.0
            .insert(name, (if allowed { tokens - 1.0 } else { tokens }, now));
        allowed
    }
}
