//! Addresses in the AWS Management Console. In a partition without a host here (the isolated ones)
//! they point to the commercial console.

use crate::arn::{ServiceArn, last_part, revision_name};

/// The service's page.
pub fn service(arn: &ServiceArn) -> String {
    let cluster = format!("/ecs/v2/clusters/{}", encoded(&arn.cluster));
    console(
        arn,
        &format!("{cluster}/services/{}", encoded(&arn.service)),
    )
}

/// The list of the service's deployments.
pub fn deployments(arn: &ServiceArn) -> String {
    below(arn, "deployments")
}

/// One service deployment, by its ARN or its id.
pub fn deployment(arn: &ServiceArn, service_deployment: &str) -> String {
    below(
        arn,
        &format!(
            "service-deployments/{}",
            encoded(last_part(service_deployment))
        ),
    )
}

/// One task of the service, by its ARN or its id.
pub fn task(arn: &ServiceArn, task: &str) -> String {
    below(arn, &format!("tasks/{}", encoded(last_part(task))))
}

/// The tasks of a cluster.
pub fn cluster_tasks(arn: &ServiceArn) -> String {
    console(
        arn,
        &format!("/ecs/v2/clusters/{}/tasks", encoded(&arn.cluster)),
    )
}

/// One task that no service runs, by its ARN or its id.
pub fn standalone_task(arn: &ServiceArn, task: &str) -> String {
    let (cluster, task) = (encoded(&arn.cluster), encoded(last_part(task)));
    console(
        arn,
        &format!("/ecs/v2/clusters/{cluster}/tasks/{task}/configuration"),
    )
}

/// A revision of a task definition, by its ARN or as `family:revision`.
pub fn task_definition(arn: &ServiceArn, task_definition: &str) -> String {
    let name = revision_name(task_definition);
    let (family, revision) = name.rsplit_once(':').unwrap_or((name, ""));
    let path = format!(
        "/ecs/v2/task-definitions/{}/{}",
        encoded(family),
        encoded(revision)
    );
    console(arn, &format!("{}/containers", path.trim_end_matches('/')))
}

/// A log stream. What stands behind the `#` is encoded twice, with `$` for `%`.
pub fn log_stream(arn: &ServiceArn, group: &str, stream: &str) -> String {
    let twice = |name: &str| encoded(&encoded(name)).replace('%', "$");
    let (group, stream) = (twice(group), twice(stream));
    let home = console(arn, "/cloudwatch/home");
    format!("{home}#logsV2:log-groups/log-group/{group}/log-events/{stream}")
}

/// A page below the service's.
fn below(arn: &ServiceArn, path: &str) -> String {
    service(arn).replacen('?', &format!("/{path}?"), 1)
}

fn console(arn: &ServiceArn, path: &str) -> String {
    let host = match arn.partition.as_str() {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    let region = encoded(&arn.region);
    format!("https://{region}.{host}{path}?region={region}")
}

/// Percent-encoding of all but letters, digits and `-_.~` (RFC 3986, unreserved).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
