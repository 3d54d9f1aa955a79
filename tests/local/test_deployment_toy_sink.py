"""A fourth sink is two new files and two registrations: it passes through all that a sink passes through."""

import json
import shutil
import time
from pathlib import Path

import pytest
from real_deployment import ROOT, Client, deployed, set_faults

from commands.read_back import wait_for

TOY = ROOT / "tests" / "toy_sink"
LIBRARY, CONSTRUCTS = Path("lambdas/distributary/sinks"), Path("infra/distributary_cdk/sinks")
SETTINGS = """
sinks = ["kinesis", "toy"]
[[rules]]
sinks = ["kinesis", "toy"]
[stages.local]
retain = false
[stages.local.bucket]
empty_on_destroy = true
[stages.local.kinesis]
mode = "provisioned"
[stages.local.redrive]
pause_seconds = 1
"""
TABLE = "*ToyTable*"
REFUSED = {"operation": "dynamodb.PutItem", "effect": "refuse_calls", "resource": TABLE}
DOWN = {"toy": {**REFUSED, "error": "ProvisionedThroughputExceededException"}}
FOR_GOOD = {"toy": {**REFUSED, "error": "ValidationException"}}


def register(file: Path, *lines: tuple[str, str]) -> None:
    """Changes the one place of each line."""
    text = file.read_text()
    for old, new in lines:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The project with the toy sink."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("infra", "lambdas", "local", "commands"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("build", ".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("app.py", "cdk.json", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "distributary.toml").write_text(SETTINGS)
    shutil.copy(TOY / "library.py", folder / LIBRARY / "toy.py")
    shutil.copy(TOY / "construct.py", folder / CONSTRUCTS / "toy.py")
    register(
        folder / LIBRARY / "registry.py",
        ("import firehose, iot_events, kinesis\n", "import firehose, iot_events, kinesis, toy\n"),
        ("iot_events.KIND)", "iot_events.KIND, toy.KIND)"),
    )
    register(
        folder / CONSTRUCTS / "registry.py",
        ("import Sink\n", "import Sink\nfrom distributary_cdk.sinks.toy import Toy\n"),
        ("IotEvents)", "IotEvents, Toy)"),
    )
    return folder


def items(client):
    """The events in the toy sink's table, by id."""
    table = client.stage.outputs["ToyTableName"]
    found = client.stage.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    envelopes = [json.loads(one["data"]["S"]) for one in found]
    return {one["id"]: one for one in envelopes}


def arrived(client, event):
    """Whether the event is in the table soon."""
    return event["id"] in wait_for({event["id"]}, lambda: items(client), seconds=60)


def dead_letters(client):
    """The toy sink's dead letters, as soon as there is one."""
    s3, bucket = client.stage.client("s3"), client.stage.outputs["BucketName"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="dead-letters/toy/").get("Contents", [])
        bodies = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed]
        if bodies:
            return [json.loads(line) for body in bodies for line in body.splitlines()]
        time.sleep(0.2)
    return []


def able(resources, action):
    """The functions that may do this with the toy sink's table."""
    found = set()
    for name, one in resources.items():
        if one["Type"] == "AWS::IAM::Policy":
            statements = one["Properties"]["PolicyDocument"]["Statement"]
            if any(action in one["Action"] and "ToyTable" in json.dumps(one["Resource"]) for one in statements):
                found.add(name.partition("Role")[0].partition("Policy")[0].removesuffix("Service"))
    return found


def test_a_new_sink_is_two_files_and_two_registrations(tmp_path, project):
    """Fan-out, retry queue, redrive, dead letters, health, status, dashboard and alarms know it."""
    with deployed(project, tmp_path, root=project) as aws:
        client = Client(aws, root=project)
        at_once = client.post("a")
        delivered = arrived(client, at_once)
        set_faults(aws, DOWN)
        pending = client.post("b")
        waiting = client.command("status")
        set_faults(aws, {})
        redriven = arrived(client, pending)
        set_faults(aws, FOR_GOOD)
        refused = client.post("c")
        letters = dead_letters(client)
        set_faults(
            aws,
            {
                "toy": {
                    "operation": "dynamodb.DescribeTable",
                    "effect": "refuse_calls",
                    "resource": TABLE,
                    "error": "InternalServerError",
                }
            },
        )
        health = client.health()
        template = client.stage.client("cloudformation").get_template(StackName="distributary-local")["TemplateBody"]

    resources = template["Resources"]
    dashboard = json.dumps([one for one in resources.values() if one["Type"] == "AWS::CloudWatch::Dashboard"])
    alarms = json.dumps([one for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"])
    assert at_once["sinks"]["toy"].keys() == {"key"}
    assert delivered
    assert pending["sinks"]["toy"] == {"spilled": True}
    assert redriven
    assert refused["sinks"]["toy"] == {"deadLettered": True}
    assert [(one["sink"], one["reason"]) for one in letters] == [("toy", "ValidationException")]
    assert health[0] == 503
    assert "toy" in waiting
    for metric in ("delivered_toy", "spilled_toy", "redriven_toy", "dead_letters_toy", "oldest_spilled_seconds_toy"):
        assert metric in dashboard, metric
    for metric in ("spilled_toy", "dead_letters_toy", "oldest_spilled_seconds_toy"):
        assert metric in alarms, metric
    assert able(resources, "dynamodb:PutItem") == {"Ingest", "Redrive"}
    assert able(resources, "dynamodb:DescribeTable") == {"CheckHealth"}
