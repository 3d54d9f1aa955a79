"""The project's own stack under the real CLI: a first deployment that fails, a change of encryption, the end."""

import json
import re
import shutil
import subprocess
import time
from argparse import Namespace

import pytest
from embedded_client import embedded_client
from real_deployment import ROOT, Stage, done, embedded_aws

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.stage import chosen
from distributary.access.key import for_everything
from local.deployment import Cdk, StepFailed, aws_at, surroundings

RECEIPTS = ["recordId", "sequenceNumber", "shardId", "messageId"]  # what delivered, not spilled, has
HEADING = "## The first deployment failed\n"


@pytest.fixture
def running(tmp_path):
    """The URL of an embedded AWS with nothing of ours in it."""
    with embedded_aws(tmp_path) as url:
        yield url


def failed(step):
    """What the CLI printed, once it has failed."""
    with step, pytest.raises(StepFailed):
        step.finished(lambda _: None)
    return step.output()


def broken(stage, workspace):
    """The same assembly with a last resource that cannot be created; under another name, as assets have their hash."""
    workspace.mkdir()
    shutil.copytree(stage.assembly, workspace / "cdk.out")
    assembly = workspace / "cdk.out"
    path = assembly / f"{stage.stack}.template.json"
    template = json.loads(path.read_text())
    template["Resources"]["Late"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": "no spaces allowed"},
        "DependsOn": sorted(template["Resources"]),
    }
    path.write_text(json.dumps(template))
    manifests = [assembly / "manifest.json", assembly / f"{stage.stack}.assets.json"]
    [name] = set(re.findall(r"/([0-9a-f]{64})\.json", manifests[0].read_text()))
    for manifest in manifests:
        manifest.write_text(manifest.read_text().replace(name, "0" * 64))
    return Cdk(workspace)


def left(aws, stack):
    """Everything in the embedded AWS that the stack may have created, by service."""

    def named(service, operation, *path):
        found = getattr(embedded_client(aws, service), operation)()
        for step in path[:-1]:
            found = found.get(step, [])
        names = [one if isinstance(one, str) else str(one[path[-1]]) for one in found]
        return sorted(name for name in names if stack in name)

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
    section = (ROOT / "docs/how-to/runbook.md").read_text().split(HEADING)[1].split("\n## ")[0]
    [commands] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return commands


def state(aws, name):
    """The stack's status, and whether it is protected."""
    stack = embedded_client(aws, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return stack["StackStatus"], stack["EnableTerminationProtection"]


@pytest.fixture
def with_a_key_of_its_own(tmp_path):
    """The project with another setting: its data is encrypted with a key of the stack."""
    folder = tmp_path / "own-key"
    folder.mkdir()
    (ROOT / "build").mkdir(exist_ok=True)
    for name in ("build", "infra", "lambdas", "cdk.json", "examples"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "app.py", folder)
    setting = (ROOT / "distributary.toml").read_text()
    changed = re.sub(r"^encryption +=.*$", 'encryption = "own-key"', setting, count=1, flags=re.MULTILINE)
    assert changed != setting
    (folder / "distributary.toml").write_text(changed)
    return folder


def tables(aws):
    """Of each table: its name, whether it has a key of one's own, how many items."""
    client = embedded_client(aws, "dynamodb")
    described = [client.describe_table(TableName=name)["Table"] for name in client.list_tables()["TableNames"]]
    return {
        one["TableName"]: ("SSEDescription" in one, client.scan(TableName=one["TableName"])["Count"])
        for one in described
    }


def fill(aws, stack):
    """Puts an item into each table, and an object into the bucket."""
    client, s3 = embedded_client(aws, "dynamodb"), embedded_client(aws, "s3")
    for name in client.list_tables()["TableNames"]:
        keys = client.describe_table(TableName=name)["Table"]["KeySchema"]
        client.put_item(TableName=name, Item={key["AttributeName"]: {"S": "kept"} for key in keys})
    [bucket] = left(aws, stack)["buckets"]
    s3.put_object(Bucket=bucket, Key="events/kept", Body=b"kept")


def posted(aws, *data):
    """The results of events with these data, by sink, as the deployed stage `local` answers them."""
    stage = chosen(Namespace(stage="local", stack=None, construct=None, aws_endpoint=aws))
    key, secret = KeyRing(stage).create(for_everything("tests"))
    headers = {**bearer(key.id, secret), "content-type": "application/json"}
    answer = request(stage.endpoint, "POST", "/v1/events", headers=headers, body=json.dumps(data).encode())
    assert answer.status == 202, answer.body
    return [event["sinks"] for event in json.loads(answer.body)["events"]]


def has_a_detector(aws, key, seconds=60):
    """Whether a detector of this key is stored before the time is over."""
    client, end = embedded_client(aws, "dynamodb"), time.monotonic() + seconds
    while time.monotonic() < end:
        items = [client.scan(TableName=name)["Items"] for name in client.list_tables()["TableNames"]]
        if key in json.dumps(items, default=str):
            return True
        time.sleep(0.5)
    return False


def test_a_change_of_encryption_keeps_what_is_stored_and_the_stack_is_destroyed_whole(
    running, tmp_path, with_a_key_of_its_own
):
    """As AWS does both: nothing is replaced for it, and a bucket that stage empties goes with all that is in it.

    Meanwhile the functions use the new key: for an event, one that is too large for its sinks, and a detector.
    """
    stage = Stage(tmp_path / "whole", "local")
    own = Stage(tmp_path / "changed", "local", with_a_key_of_its_own)
    for one in (stage, own):
        done(one.synth())
    done(stage.deploy(running))
    fill(running, stage.stack)
    before, created = tables(running), left(running, stage.stack)
    done(own.deploy(running))
    after, changed = tables(running), left(running, stage.stack)
    small, large = posted(running, {"deviceId": "pump-7", "temperature": 21.5}, {"text": "x" * 1_100_000})
    stepped = has_a_detector(running, "pump-7")
    said = done(own.destroy(running))

    assert len(before) == 2
    assert after == {name: (True, items) for name, (_, items) in before.items()}
    assert changed == created
    assert [*small["firehose"], *small["kinesis"], *small["iot_events"]] == RECEIPTS
    assert [*large["firehose"], *large["kinesis"]] == RECEIPTS[:3]
    assert stepped
    assert f"✅  {stage.stack}: destroyed" in said
    assert not any(left(running, stage.stack).values())


def test_a_failed_first_deployment_is_taken_back_and_repeated(running, tmp_path):
    """Exactly two tables remain; the stack blocks the next deployment until the documented commands unlock it."""
    prod = Stage(tmp_path / "whole", "prod")
    done(prod.synth())
    said = failed(broken(prod, tmp_path / "broken").deploy(running))
    after = state(running, prod.stack)
    remaining = left(running, prod.stack)
    blocked = failed(prod.deploy(running))
    environment = {**surroundings(tmp_path), **aws_at(running)}
    subprocess.run(["bash", "-euo", "pipefail", "-c", documented()], check=True, env=environment, timeout=120)
    unlocked = left(running, prod.stack)
    again = done(prod.deploy(running))

    assert "✅" not in said
    assert re.search(r"CREATE_FAILED +\| AWS::SQS::Queue +\| Late", said)
    assert after == ("ROLLBACK_COMPLETE", True)
    assert {kind for kind, names in remaining.items() if names} == {"tables"}
    assert [name.split("-")[2] for name in remaining["tables"]] == ["DetectorsTableCCE1CD1F", "KeysTableF42AC009"]
    assert "cannot be deleted while TerminationProtection is enabled" in blocked
    assert not any(unlocked.values())
    assert f"✅  {prod.stack}" in again
    assert state(running, prod.stack) == ("CREATE_COMPLETE", True)
    assert all(names for names in left(running, prod.stack).values())
