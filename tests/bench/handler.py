"""The same job as most teams write it: one boto3 call after the other.

It stands beside opsbot in the benchmark. It speaks the Lambda Runtime API itself, so that the only
thing it imports is what every such handler imports.
"""

import json
import os
import urllib.request

import boto3

ecs = boto3.client("ecs")
elbv2 = boto3.client("elbv2")
logs = boto3.client("logs")
cloudwatch = boto3.client("cloudwatch")
sns = boto3.client("sns")


def handler(event):
    _, cluster, service = event["resources"][0].rsplit("/", 2)
    found = ecs.describe_services(cluster=cluster, services=[service], include=["TAGS"])["services"][0]
    deployment_id = event["detail"]["deploymentId"]
    failing = next(d for d in found["deployments"] if d["id"] == deployment_id)
    history = ecs.list_service_deployments(cluster=cluster, service=service)["serviceDeployments"]
    revisions = ecs.describe_service_revisions(
        serviceRevisionArns=[d["targetServiceRevisionArn"] for d in history]
    )["serviceRevisions"]
    good = next(r for r in revisions if r["taskDefinition"] != failing["taskDefinition"])
    definition = ecs.describe_task_definition(taskDefinition=failing["taskDefinition"])["taskDefinition"]
    before = ecs.describe_task_definition(taskDefinition=good["taskDefinition"])["taskDefinition"]
    arns = ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    tasks = [task for task in tasks if task["startedBy"] == deployment_id]
    container = max(tasks[0]["containers"], key=lambda c: c.get("exitCode", 0) == 1)
    options = definition["containerDefinitions"][0]["logConfiguration"]["options"]
    stream = "/".join(
        [options["awslogs-stream-prefix"], container["name"], tasks[0]["taskArn"].rsplit("/", 1)[1]]
    )
    lines = logs.get_log_events(
        logGroupName=options["awslogs-group"], logStreamName=stream, limit=20
    )["events"]
    targets = [
        elbv2.describe_target_health(TargetGroupArn=lb["targetGroupArn"])["TargetHealthDescriptions"]
        for lb in found["loadBalancers"]
    ]
    metric = lambda name: {
        "Id": name[:3].lower(),
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/ECS",
                "MetricName": name,
                "Dimensions": [
                    {"Name": "ClusterName", "Value": cluster},
                    {"Name": "ServiceName", "Value": service},
                ],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
    usage = cloudwatch.get_metric_data(
        MetricDataQueries=[metric("CPUUtilization"), metric("MemoryUtilization")],
        StartTime="2026-11-22T00:00:00Z",
        EndTime="2026-11-24T00:00:00Z",
    )["MetricDataResults"]
    message = {
        "service": service,
        "reason": event["detail"]["reason"],
        "tasks": [(t["taskArn"], t.get("stopCode"), t.get("stoppedReason")) for t in tasks],
        "containers": [(c["name"], c.get("exitCode"), c.get("reason")) for c in tasks[0]["containers"]],
        "images": [before["containerDefinitions"][0]["image"], definition["containerDefinitions"][0]["image"]],
        "log": [line["message"] for line in lines],
        "targets": [[t["TargetHealth"] for t in group] for group in targets],
        "usage": [(m["Id"], m["Values"]) for m in usage],
        "events": [e["message"] for e in found["events"][:5]],
    }
    sns.publish(
        TopicArn=os.environ["OPSBOT_ALERT_TOPIC_ARN"],
        Subject=f"{service}: deployment failed",
        Message=json.dumps(message, indent=1, default=str),
    )


def main():
    runtime = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    while True:
        with urllib.request.urlopen(f"{runtime}/next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(answer)
        try:
            handler(event)
            outcome, body = "response", b"null"
        except Exception as error:
            outcome, body = "error", json.dumps({"errorMessage": repr(error)}).encode()
        request = urllib.request.Request(f"{runtime}/{request_id}/{outcome}", data=body, method="POST")
        urllib.request.urlopen(request).read()


main()
