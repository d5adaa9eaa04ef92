"""A stopped-task handler as it is written first: every message is an alert of its own.

It stands beside task-stopped in the storm. It reads nothing and remembers nothing, so it can only
be cheaper by what it does not say.
"""

import json
import os
import urllib.request

import boto3

sns = boto3.client("sns")


def handler(event):
    for record in event["Records"]:
        task = json.loads(record["body"])["detail"]
        sns.publish(
            TopicArn=os.environ["OPSBOT_ALERT_TOPIC_ARN"],
            Subject=f"{task['group']}: task stopped",
            Message=json.dumps(
                {
                    "task": task["taskArn"],
                    "stopCode": task["stopCode"],
                    "stoppedReason": task["stoppedReason"],
                    "containers": [(c["name"], c.get("exitCode"), c.get("reason")) for c in task["containers"]],
                }
            ),
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
