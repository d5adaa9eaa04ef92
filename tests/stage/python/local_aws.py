"""The local AWS: ministack on a free loopback port over TLS, spoken to over standard input and output.

    local_aws.py FOLDER

FOLDER holds ca.pem, certificate.pem and key.pem and takes everything that ministack writes.
One JSON object a line; answers come in any order, log lines go to standard error:

    in   {"id": 1, "call": "sqs.receive_message", "with": {"QueueUrl": "..."}}   any boto3 method
    out  {"id": 1, "ok": {...}}   or   {"id": 1, "error": {"code": "...", "message": "..."}}

Calls to the service `stage` are answered by the functions of class Stage. The first line out is
{"endpoint": "https://..."}. Standard input is a pipe that the caller holds open: it closes however
the caller ends, and then the whole process group ends, so nothing is left running.
"""

import asyncio
import collections
import contextvars
import json
import os
import shutil
import signal
import socket
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

REGION = os.environ["MINISTACK_REGION"]

# Of the asynchronous invocation that is going on.
REQUEST_ID = contextvars.ContextVar("REQUEST_ID", default=None)


def main(folder):
    # Bound here, before ministack must know its own address, so that no other program can take it.
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listener.getsockname()[1]
    endpoint = f"https://127.0.0.1:{port}"
    authority = os.path.join(folder, "ca.pem")
    os.environ.update(
        AUTH="true",  # enforce IAM
        GATEWAY_PORT=str(port),
        MINISTACK_HOST="127.0.0.1",
        TMPDIR=folder,
        LAMBDA_EXECUTOR="local",  # no Docker: a function is a process
        LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.2",  # AWS: one minute, then two
        AWS_ACCESS_KEY_ID="test",  # the account's root user, for the stage itself
        AWS_SECRET_ACCESS_KEY="test",
        # Functions inherit these two: where AWS is, and whom to trust there.
        AWS_ENDPOINT_URL=endpoint,
        SSL_CERT_FILE=authority,
    )
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else prints goes to the log

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    stage = Stage()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile = os.path.join(folder, "certificate.pem")
    config.keyfile = os.path.join(folder, "key.pem")
    config.alpn_protocols = ["http/1.1"]  # as AWS's own endpoints
    config.keep_alive_timeout = 75
    say(answers, {"endpoint": endpoint})
    threading.Thread(target=listen, args=(folder, answers, Clients(endpoint, authority, stage)), daemon=True).start()
    asyncio.run(serve(app, config))


def listen(folder, answers, clients):
    with ThreadPoolExecutor(32) as pool:
        for line in sys.stdin:
            pool.submit(answer, answers, clients, json.loads(line))
        shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


def answer(answers, clients, request):
    from botocore.exceptions import ClientError

    try:
        service, method = request["call"].split(".")
        result = getattr(clients.of(service), method)(**request["with"])
        say(answers, {"id": request["id"], "ok": result})
    except ClientError as refused:
        error = refused.response["Error"]
        say(answers, {"id": request["id"], "error": {"code": error.get("Code", ""), "message": str(refused)}})
    except Exception as wrong:
        say(answers, {"id": request["id"], "error": {"code": type(wrong).__name__, "message": str(wrong)}})


def say(answers, what, lock=threading.Lock()):
    text = json.dumps(what, default=plain)
    with lock:
        print(text, file=answers, flush=True)


def plain(value):
    """What boto3 returns and JSON does not know: bodies, bytes and times."""
    if hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


class Clients:
    """boto3 clients, made when first asked for."""

    def __init__(self, endpoint, authority, stage):
        self.endpoint, self.authority = endpoint, authority
        self.lock, self.made = threading.Lock(), {"stage": stage}

    def of(self, service):
        import boto3
        from botocore.config import Config

        with self.lock:
            if service not in self.made:
                config = Config(retries={"total_max_attempts": 1}, read_timeout=90, max_pool_connections=32)
                self.made[service] = boto3.client(
                    service, endpoint_url=self.endpoint, region_name=REGION, verify=self.authority, config=config
                )
            return self.made[service]


class Stage:
    """What boto3 has no method for, and where ministack differs from AWS in a way that matters here."""

    def __init__(self):
        from ministack.services import eventbridge, lambda_svc, sns

        self.published = collections.deque()
        self.remember_what_is_published(sns)
        self.keep_the_request_id(lambda_svc)
        self.retry_what_a_rule_invokes(eventbridge, lambda_svc)
        self.read_concurrency_as_a_number(lambda_svc)

    def remember_what_is_published(self, sns):
        """ministack drops the e-mail, SMS and https forms of a message: keep each publish that it accepts."""
        deliver = sns._fanout

        def remember(topic, message_id, message, subject, structure="", attributes=None, *rest, **named):
            attributes = attributes or {}
            self.published.append(
                {"topic": topic, "message_id": message_id, "subject": subject, "message": message,
                 "structure": structure, "attributes": attributes}
            )
            return deliver(topic, message_id, message, subject, structure, attributes, *rest, **named)

        sns._fanout = remember

    def keep_the_request_id(self, lambda_svc):
        """ministack gives each try of an asynchronous invocation a new request id; in AWS Lambda a
        retry has the id of the first try, and functions tell retries from duplicates by it."""
        start, run = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function_provided_warm

        def start_with_one_id(function, event):
            token = REQUEST_ID.set(str(uuid.uuid4()))
            try:
                start(function, event)  # copies the context, and the id with it
            finally:
                REQUEST_ID.reset(token)

        def run_with_that_id(function, event, request_id):
            return run(function, event, REQUEST_ID.get() or request_id)

        lambda_svc.invoke_async_with_retry = start_with_one_id
        lambda_svc._execute_function_provided_warm = run_with_that_id

    def retry_what_a_rule_invokes(self, eventbridge, lambda_svc):
        """ministack invokes a rule's function once and forgets it. AWS Lambda retries an asynchronous
        invocation and then uses its on-failure destination (Lambda Developer Guide,
        `invocation-async`): take the way that ministack has for that."""
        once = eventbridge._dispatch_to_lambda

        def dispatch(arn, payload):
            function, config, _ = lambda_svc._get_func_record_for_ref(arn)
            if not function or not config:
                return once(arn, payload)
            record = lambda_svc._execution_record_for_config(function, config)
            return lambda_svc.invoke_async_with_retry(record, json.loads(payload))

        eventbridge._dispatch_to_lambda = dispatch

    def read_concurrency_as_a_number(self, lambda_svc):
        """ministack takes the MaximumConcurrency of an event source from a template's parameter as text,
        and then polls no queue at all for comparing it with a number."""
        allowed = lambda_svc._sqs_esm_concurrency

        def allowed_as_number(source, *rest, **named):
            scaling = source.get("ScalingConfig") or {}
            if "MaximumConcurrency" in scaling:
                scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
            return allowed(source, *rest, **named)

        lambda_svc._sqs_esm_concurrency = allowed_as_number

    def take_published(self):
        """Every publish since the last time, oldest first."""
        return [self.published.popleft() for _ in range(len(self.published))]

    def set_function_environment(self, variables):
        """Puts variables into the environment of every function; ends the running ones, so that it holds at once."""
        from ministack.core import lambda_runtime

        os.environ.update(variables)
        lambda_runtime.reset()

    def allows(self, access_key_id, action, resource, context):
        """Whether IAM lets the owner of an access key do something: key -> principal -> its policies, as
        ministack itself decides. (Its SimulatePrincipalPolicy disregards the context.)"""
        from ministack.core.iam_evaluator import enforce

        if not access_key_id:
            return {"allowed": False, "principal": "anonymous"}
        refused = enforce(access_key_id, action, action.split(":")[0], REGION, resource, context)
        return {"allowed": refused is None, "principal": getattr(refused, "principal_arn", "")}

    def role_allows(self, role, action, resource, context):
        """Whether a role's own policies let it do something, in a context of condition keys."""
        from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate

        account = role.split(":")[4]
        asked = EvalContext(
            principal_arn=role, principal_type="AssumedRole", principal_account=account, action=action,
            resource_arn=resource, region=REGION, secure_transport=True, source_ip="127.0.0.1",
            service_context={key.lower(): value for key, value in context.items()},
        )
        policies = _gather_role_policies(role.rsplit("/", 1)[-1], account)
        return {"allowed": evaluate(asked, policies).decision == "Allow"}


if __name__ == "__main__":
    main(sys.argv[1])
