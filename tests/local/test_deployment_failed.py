"""A stage that retains, whose first deployment fails: what the rollback leaves, and what the runbook makes of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from embedded_client import embedded_client
from small_app import APP

from local.deployment import Cdk, Step, StepFailed, aws_at, surroundings

ROOT = Path(__file__).parents[2]
STACK = "distributary-prod"
HEADING = "## The first deployment failed\n"


SERVED = """
import sys
from pathlib import Path
from local.stack import LocalStack
with LocalStack(project=Path(sys.argv[1]), say=lambda line: print(line, file=sys.stderr)) as stack:
    print(stack.aws_endpoint, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def running(tmp_path):
    """The URL of an embedded AWS in a process of its own, bootstrapped, with nothing of ours in it."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    (folder / "template.json").write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    command = [sys.executable, "-c", SERVED, str(folder)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambdas'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        (tmp_path / "errors.txt").open("w") as errors,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors, **pipes) as process,
    ):
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(timeout=60)


class Prod(Cdk):
    """The real CLI, and stage prod."""

    def synth(self):
        """Synthesises it once."""
        arguments = ["synth", "--quiet", "--context", "stage=prod", "--output", str(self.assembly)]
        environment = {**surroundings(self.workspace), "CDK_VALIDATION": "false"}
        return Step("cdk synth", arguments, cwd=ROOT, env=environment, log=self.workspace / "synth.log")


def done(step):
    """What the CLI printed, once it has ended."""
    with step:
        step.finished(lambda _: None)
    return step.output()


def failed(step):
    """What the CLI printed, once it has failed."""
    with step, pytest.raises(StepFailed):
        step.finished(lambda _: None)
    return step.output()


def broken(prod, workspace):
    """The same assembly with a last resource that cannot be created; under another name, as assets have their hash."""
    workspace.mkdir()
    subprocess.run(["cp", "-r", prod.assembly, workspace], check=True)
    assembly = workspace / "cdk.out"
    path = assembly / f"{STACK}.template.json"
    template = json.loads(path.read_text())
    template["Resources"]["Late"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": "no spaces allowed"},
        "DependsOn": sorted(template["Resources"]),
    }
    path.write_text(json.dumps(template))
    manifests = [assembly / "manifest.json", assembly / f"{STACK}.assets.json"]
    [name] = set(re.findall(r"/([0-9a-f]{64})\.json", manifests[0].read_text()))
    for manifest in manifests:
        manifest.write_text(manifest.read_text().replace(name, "0" * 64))
    return Cdk(workspace)


def left(aws):
    """Everything in the embedded AWS that the stack may have created, by service."""

    def named(service, operation, *path):
        found = getattr(embedded_client(aws, service), operation)()
        for step in path[:-1]:
            found = found.get(step, [])
        names = [one if isinstance(one, str) else str(one[path[-1]]) for one in found]
        return sorted(name for name in names if STACK in name)

    return {
        "alarms": named("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "buckets": named("s3", "list_buckets", "Buckets", "Name"),
        "delivery streams": named("firehose", "list_delivery_streams", "DeliveryStreamNames", ""),
        "functions": named("lambda", "list_functions", "Functions", "FunctionName"),
        "log groups": named("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "queues": named("sqs", "list_queues", "QueueUrls", ""),
        "roles": named("iam", "list_roles", "Roles", "RoleName"),
        "secrets": named("secretsmanager", "list_secrets", "SecretList", "Name"),
        "streams": named("kinesis", "list_streams", "StreamNames", ""),
        "tables": named("dynamodb", "list_tables", "TableNames", ""),
        "apis": [one["ApiId"] for one in embedded_client(aws, "apigatewayv2").get_apis()["Items"]],
        "mappings": embedded_client(aws, "lambda").list_event_source_mappings()["EventSourceMappings"],
    }


def documented():
    """The runbook's commands."""
    section = (ROOT / "docs/runbook.md").read_text().split(HEADING)[1].split("\n## ")[0]
    [commands] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return commands


def state(aws):
    """The stack's status, and whether it is protected."""
    stack = embedded_client(aws, "cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return stack["StackStatus"], stack["EnableTerminationProtection"]


def test_a_failed_first_deployment_is_taken_back_and_repeated(running, tmp_path):
    """Exactly two tables remain; the stack blocks the next deployment until the documented commands unlock it."""
    prod = Prod(tmp_path / "whole")
    prod.workspace.mkdir()
    done(prod.synth())
    said = failed(broken(prod, tmp_path / "broken").deploy(running))
    after = state(running)
    remaining = left(running)
    blocked = failed(prod.deploy(running))
    environment = {**surroundings(tmp_path), **aws_at(running)}
    subprocess.run(["bash", "-euo", "pipefail", "-c", documented()], check=True, env=environment, timeout=120)
    unlocked = left(running)
    again = done(prod.deploy(running))

    assert "✅" not in said
    assert f"{STACK}-Late" not in said
    assert re.search(r"CREATE_FAILED +\| AWS::SQS::Queue +\| Late", said)
    assert after == ("ROLLBACK_COMPLETE", True)
    assert {kind for kind, names in remaining.items() if names} == {"tables"}
    assert [name.split("-")[2] for name in remaining["tables"]] == ["DetectorsTableCCE1CD1F", "KeysTableF42AC009"]
    assert "cannot be deleted while TerminationProtection is enabled" in blocked
    assert not any(unlocked.values())
    assert f"✅  {STACK}" in again
    assert state(running) == ("CREATE_COMPLETE", True)
    assert all(names for kind, names in left(running).items())
