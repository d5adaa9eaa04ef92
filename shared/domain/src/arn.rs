//! The names of Amazon ECS resources, taken apart.
//!
//! Formats: IAM Service Authorization Reference, "Actions, resources, and condition keys for
//! Amazon Elastic Container Service".

use std::fmt;

use serde::{Deserialize, Serialize};

/// The five leading parts that every ARN has, and the resource after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// The service namespace, `ecs` for most of ours.
    pub namespace: &'a str,
    /// The Region, empty for global services.
    pub region: &'a str,
    /// The account id, empty for some services.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN. `None` where the text is not one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (prefix, partition, namespace) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let sound = prefix == "arn" && !partition.is_empty() && !resource.is_empty();
        sound.then_some(Self {
            partition,
            namespace,
            region,
            account,
            resource,
        })
    }
}

/// A service, with the Region and account its ARN names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceArn {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// The Region, such as `eu-west-1`.
    pub region: String,
    /// The twelve digits.
    pub account: String,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

impl ServiceArn {
    /// Parses `arn:aws:ecs:<region>:<account>:service/<cluster>/<service>`.
    ///
    /// The old short form `service/<service>` names no cluster: then `cluster_arn`, which newer
    /// events carry beside it, is asked, and failing that the cluster is `default`, as the ECS API
    /// takes it.
    pub fn parse(text: &str, cluster_arn: Option<&str>) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.namespace == "ecs")?;
        let name = arn.resource.strip_prefix("service/")?;
        let (cluster, service) = match name.split_once('/') {
            Some((cluster, service)) => (cluster, service),
            None => (
                cluster_arn.and_then(cluster_name).unwrap_or("default"),
                name,
            ),
        };
        if [cluster, service].iter().any(|name| !is_ecs_name(name)) {
            return None;
        }
        Some(Self {
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        })
    }
}

impl fmt::Display for ServiceArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            cluster,
            service,
        } = self;
        write!(
            f,
            "arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}"
        )
    }
}

/// Up to 255 letters, digits, hyphens and underscores: the API reference's rule for cluster and
/// service names. It keeps foreign text out of requests, keys and links.
pub fn is_ecs_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=255).contains(&name.len()) && name.chars().all(allowed)
}

/// The cluster's name in a cluster ARN; a bare name is its own.
pub fn cluster_name(text: &str) -> Option<&str> {
    let name = text.rsplit_once("cluster/").map_or(text, |(_, name)| name);
    is_ecs_name(name).then_some(name)
}

/// Whether two names, ARNs or short, are of one task definition.
pub(crate) fn same(one: &str, other: &str) -> bool {
    revision_name(one) == revision_name(other)
}

/// `order-api:42` of a task definition ARN; a short name is left as it is.
pub fn revision_name(task_definition: &str) -> &str {
    task_definition
        .rsplit_once("task-definition/")
        .map_or(task_definition, |(_, name)| name)
}

/// The last part of an ARN's resource: a task's id, a target group's hash, a revision's number.
pub fn last_part(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, id)| id)
}

/// A target group's name in its ARN `…:targetgroup/<name>/<hash>`; any other text is left as it is.
pub fn target_group_name(arn: &str) -> &str {
    let after = arn
        .rsplit_once(":targetgroup/")
        .map_or(arn, |(_, rest)| rest);
    after.split_once('/').map_or(after, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, cluster_arn: Option<&str>, want: Option<(&str, &str)>) {
        let got = ServiceArn::parse(text, cluster_arn);
        let got = got
            .as_ref()
            .map(|arn| (arn.cluster.as_str(), arn.service.as_str()));
        assert_eq!(got, want, "{text}");
    }

    const PREFIX: &str = "arn:aws:ecs:eu-west-1:111122223333:";

    #[test]
    fn a_long_service_arn_names_cluster_and_service() {
        check(
            &format!("{PREFIX}service/prod-apps/order-api"),
            None,
            Some(("prod-apps", "order-api")),
        );
    }

    #[test]
    fn a_short_service_arn_takes_the_cluster_from_beside_it() {
        let cluster = format!("{PREFIX}cluster/prod-apps");
        check(
            &format!("{PREFIX}service/order-api"),
            Some(&cluster),
            Some(("prod-apps", "order-api")),
        );
        check(
            &format!("{PREFIX}service/order-api"),
            None,
            Some(("default", "order-api")),
        );
    }

    #[test]
    fn what_is_not_a_service_arn_is_refused() {
        check("order-api", None, None);
        check(&format!("{PREFIX}task/prod-apps/abc"), None, None);
        check("arn:aws:s3:::bucket/service/a/b", None, None);
        check(&format!("{PREFIX}service/prod/order api"), None, None);
        check(&format!("{PREFIX}service/prod/a/b"), None, None);
        check(&format!("{PREFIX}service//a"), None, None);
    }

    #[test]
    fn a_service_arn_prints_as_it_was_read() {
        let text = format!("{PREFIX}service/prod-apps/order-api");
        assert_eq!(ServiceArn::parse(&text, None).unwrap().to_string(), text);
    }

    #[test]
    fn short_names_are_found_in_arns() {
        assert_eq!(
            revision_name(&format!("{PREFIX}task-definition/order-api:42")),
            "order-api:42"
        );
        assert_eq!(revision_name("order-api:42"), "order-api:42");
        assert_eq!(last_part(&format!("{PREFIX}task/prod-apps/0f1e")), "0f1e");
        let group =
            "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/order-api/6d0e";
        assert_eq!(target_group_name(group), "order-api");
    }
}
