//! What surrounds the tasks: target health, log streams, CPU and memory.

use super::fate::Kind;
use super::{Time, World};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// A target group and the health of its targets, by `ip:port`.
#[derive(Debug, Clone, Default)]
pub struct TargetGroup {
    /// Newest state of each registered target.
    pub targets: BTreeMap<(String, u16), Target>,
}

/// One target's health (`TargetHealth` of `DescribeTargetHealth`).
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// initial, healthy, unhealthy, draining …
    pub state: String,
    /// For example `Target.ResponseCodeMismatch`; empty when healthy.
    pub reason: String,
    /// For example `Health checks failed with these codes: [502]`.
    pub description: String,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was written.
    pub at: Time,
    /// The line.
    pub message: String,
}

impl World {
    /// Makes a target group and gives its ARN.
    pub fn target_group(&mut self, name: &str) -> String {
        let digits = &self.ids.hex32()[..16];
        let arn = self.names.arn(
            "elasticloadbalancing",
            &format!("targetgroup/{name}/{digits}"),
        );
        self.target_groups
            .insert(arn.clone(), TargetGroup::default());
        arn
    }

    /// The targets of a group.
    #[must_use]
    pub fn targets(&self, arn: &str) -> Option<&TargetGroup> {
        self.target_groups.get(arn)
    }

    /// The task's registrations: target group and port.
    fn registrations(&self, index: usize) -> Vec<(String, u16)> {
        let Some(service) = self.service_of(index) else {
            return Vec::new();
        };
        let groups = self.services[service].settings.target_groups.iter();
        groups.map(|(arn, _, port)| (arn.clone(), *port)).collect()
    }

    pub(crate) fn target_group_of(&self, index: usize) -> Option<String> {
        self.registrations(index)
            .into_iter()
            .next()
            .map(|(arn, _)| arn)
    }

    pub(crate) fn set_target(
        &mut self,
        index: usize,
        state: &str,
        reason: &str,
        description: &str,
    ) {
        let ip = self.tasks[index].ip.clone();
        let target = Target {
            state: state.into(),
            reason: reason.into(),
            description: description.into(),
        };
        for (arn, port) in self.registrations(index) {
            let group = self.target_groups.entry(arn).or_default();
            group.targets.insert((ip.clone(), port), target.clone());
        }
    }

    pub(crate) fn remove_target(&mut self, index: usize) {
        let ip = self.tasks[index].ip.clone();
        for (arn, port) in self.registrations(index) {
            if let Some(group) = self.target_groups.get_mut(&arn) {
                group.targets.remove(&(ip.clone(), port));
            }
        }
    }

    pub(crate) fn say_registered(&mut self, index: usize) {
        if let (Some(service), Some(arn)) = (self.service_of(index), self.target_group_of(index)) {
            self.say(
                service,
                &format!("registered 1 targets in (target-group {arn})"),
            );
        }
    }

    /// The event of the page `service-event-messages-list`, with the target's description.
    pub(crate) fn say_unhealthy(&mut self, index: usize, group: &str) {
        let Some(service) = self.service_of(index) else {
            return;
        };
        let Kind::FailsTargetHealth { description, .. } = &self.tasks[index].fate.kind else {
            return;
        };
        let (_, port) = self
            .registrations(index)
            .into_iter()
            .next()
            .unwrap_or_default();
        let text = format!(
            "(port {port}) is unhealthy in (target-group {group}) due to (reason {description})."
        );
        self.say_once(service, &text);
    }

    /// The awslogs driver makes the stream when the container starts, lines or not.
    pub(crate) fn open_log_streams(&mut self, index: usize) {
        let task = self.tasks[index].clone();
        let Some(definition) = self.definition(&task.task_definition).cloned() else {
            return;
        };
        for container in &task.containers {
            let Some(key) = definition.log_stream(&container.name, &task.id) else {
                continue;
            };
            let lines = task
                .fate
                .logs
                .iter()
                .filter(|line| line.container == container.name);
            let mut at = self.now;
            let stream = self.streams.entry(key).or_default();
            for line in lines {
                at += TimeDelta::milliseconds(120);
                stream.push(LogEvent {
                    at,
                    message: line.text.clone(),
                });
            }
        }
    }

    /// Writes a line to a log stream, which is made where it is missing.
    pub fn log(&mut self, group: &str, stream: &str, message: &str) {
        let at = self.now;
        let events = self
            .streams
            .entry((group.into(), stream.into()))
            .or_default();
        events.push(LogEvent {
            at,
            message: message.into(),
        });
    }

    /// The lines of a stream; none where there is no such stream.
    #[must_use]
    pub fn log_stream(&self, group: &str, stream: &str) -> Option<&[LogEvent]> {
        self.streams
            .get(&(group.to_owned(), stream.to_owned()))
            .map(Vec::as_slice)
    }

    pub(crate) fn has_log_group(&self, group: &str) -> bool {
        let in_use = |d: &super::Registered| {
            d.containers()
                .any(|c| c["logConfiguration"]["options"]["awslogs-group"] == group)
        };
        self.streams.keys().any(|(g, _)| g == group) || self.definitions.iter().any(in_use)
    }

    /// Notes the mean use of the running tasks, where it changed.
    pub(crate) fn note_usage(&mut self, service: usize) {
        let name = (
            &self.services[service].cluster,
            &self.services[service].name,
        );
        let running = self.tasks.iter().filter(|task| {
            task.is_running() && (&task.cluster, task.service.as_ref().unwrap_or(&task.id)) == name
        });
        let (mut count, mut cpu, mut memory) = (0.0, 0.0, 0.0);
        for task in running {
            count += 1.0;
            cpu += task.fate.usage.0;
            memory += task.fate.usage.1;
        }
        let level = if count > 0.0 {
            (cpu / count, memory / count)
        } else {
            (f64::NAN, f64::NAN)
        };
        let usage = &mut self.services[service].usage;
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        if !usage
            .last()
            .is_some_and(|u| same(u.1, level.0) && same(u.2, level.1))
        {
            usage.push((self.now, level.0, level.1));
        }
    }

    /// `AWS/ECS` `CPUUtilization` or `MemoryUtilization` of a service: one point a period, oldest
    /// first. A period counts what held at its start and every change within; a time without
    /// running tasks has no point.
    #[must_use]
    pub fn metric(
        &self,
        cluster: &str,
        service: &str,
        metric: &str,
        (from, to): (Time, Time),
        period: TimeDelta,
    ) -> Vec<(Time, f64, f64)> {
        let Some(found) = self.find_service(cluster, service) else {
            return Vec::new();
        };
        let value = |u: &(Time, f64, f64)| match metric {
            "CPUUtilization" => u.1,
            "MemoryUtilization" => u.2,
            _ => f64::NAN,
        };
        let mut points = Vec::new();
        let mut start = from;
        while start < to.min(self.now) {
            let end = start + period;
            let held = found.usage.iter().rfind(|u| u.0 <= start);
            let within = found.usage.iter().filter(|u| u.0 > start && u.0 < end);
            let values: Vec<f64> = held
                .into_iter()
                .chain(within)
                .map(value)
                .filter(|v| !v.is_nan())
                .collect();
            if !values.is_empty() {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                points.push((start, mean, values.iter().copied().fold(0.0, f64::max)));
            }
            start = end;
        }
        points
    }
}
