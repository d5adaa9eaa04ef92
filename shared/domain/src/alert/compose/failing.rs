//! A deployment that keeps failing while ECS says nothing.

use super::super::{Alert, Kind};
use super::words::{clock, count, duration, quoted};
use super::{Story, headline, phrase};
use crate::stop::Unheard;

impl Story<'_> {
    /// So many of its tasks stopped, and ECS does not say that the deployment fails. No `stops`
    /// where ECS itself warned.
    pub fn keeps_failing(&self, stops: u64, unheard: Unheard) -> Alert {
        let ranked = self.ranked();
        let name = self.failing_name();
        let (kind, what) = match self.attempt() {
            Some(_) => (
                Kind::RollbackFailed,
                format!("the rollback to {name} fails too"),
            ),
            None => (
                Kind::DeploymentFailing,
                format!("deployment of {name} keeps failing"),
            ),
        };
        let mut alert = self.alert(kind, &ranked, &self.response());
        alert.incident = self.incident().id;
        alert.headline = headline(self.service, &what, phrase(&ranked));
        alert.what_happened = self.how_it_keeps_failing(stops, unheard);
        alert.scope.tasks_stopped = Some(stops).filter(|stops| *stops > 0);
        alert
    }

    fn how_it_keeps_failing(&self, stops: u64, unheard: Unheard) -> Vec<String> {
        let arn = self.service;
        let (service, cluster) = (&arn.service, &arn.cluster);
        let name = self.failing_name();
        let began = self.failing().and_then(|failing| failing.created_at);
        let since = began.filter(|began| *began < self.at).map(|began| {
            format!(
                " in the {} since it began, at {}",
                duration(self.at - began),
                clock(began)
            )
        });
        let since = since.unwrap_or_default();
        let happened = if stops > 0 {
            let tasks = count(usize::try_from(stops).unwrap_or(usize::MAX), "task");
            format!(
                "{tasks} of the deployment of {name} to service {service} in cluster {cluster} \
                 stopped{since}."
            )
        } else {
            format!(
                "The tasks of the deployment of {name} to service {service} in cluster {cluster} \
                 cannot start{since}."
            )
        };
        let mut sentences = vec![happened, why_unheard(unheard).to_owned()];
        sentences.extend(self.reason.map(|reason| quoted("ECS says", reason)));
        sentences
    }
}

/// Why ECS has not called the deployment failed (Amazon ECS Developer Guide,
/// `deployment-circuit-breaker` and `deployment-alarm-failure`).
fn why_unheard(unheard: Unheard) -> &'static str {
    match unheard {
        Unheard::NothingWatches => {
            "ECS will not call it failed: neither the deployment circuit breaker nor deployment \
             alarms are on, so it starts tasks for ever."
        }
        Unheard::AlarmsOnly => {
            "ECS will call it failed only if a deployment alarm fires: the deployment circuit \
             breaker is off."
        }
        Unheard::NotCounted => {
            "ECS may never call it failed: the deployment circuit breaker does not count tasks that \
             reach RUNNING and then exit."
        }
        Unheard::Slow => {
            "ECS has not called it failed yet: the deployment circuit breaker counts these tasks and \
             often takes 10 to 25 minutes to trip."
        }
        Unheard::OtherStrategy => {
            "ECS will not call it failed for that: the deployment circuit breaker does not watch this \
             deployment strategy."
        }
    }
}
