"""A stage whose front is a function URL takes events, AWS SDKs and BatchPutMessage, and says what it does not have."""

import json
import shutil
import uuid

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from real_deployment import ROOT, Client, Stage, deployed, done

from commands.key_ring import bearer
from commands.post import request
from commands.read_back import kinesis_envelopes, wait_for

SETTINGS = """
[[rules]]
sinks = ["firehose", "kinesis", "iot_events"]
input = "telemetry"
[inputs.telemetry]
attributes = ["deviceId", "temperature"]
key = "deviceId"

[stages.local]
retain = false
[stages.local.alarms]
on = false
[stages.local.dashboard]
on = false
[stages.local.bucket]
empty_on_destroy = true
[stages.local.firehose]
buffer_seconds = 1
[stages.local.kinesis]
mode = "provisioned"
[stages.local.http]
front = "function-url"
cors_origins = ["https://app.example.com"]
[stages.local.functions.reserved_concurrency]
ingest = 20
"""
SIX_MB = 6 * 1024 * 1024


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project with these settings and the sample detectors."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("build", "infra", "lambdas", "cdk.json"):
        (folder / part).symlink_to(ROOT / part)
    shutil.copy(ROOT / "app.py", folder)
    (folder / "detectors").symlink_to(ROOT / "examples/detectors")
    (folder / "distributary.toml").write_text(SETTINGS)
    return folder


@pytest.fixture(scope="module")
def client(project, tmp_path_factory):
    """Who sends to the deployed stage."""
    with deployed(project, tmp_path_factory.mktemp("aws")) as aws:
        yield Client(aws)


def put_messages(client, *messages):
    """The entries of those that BatchPutMessage refused."""
    session = botocore.session.Session()
    session.get_component("data_loader").search_paths.append(str(ROOT / "lambdas/distributary/aws/service_models"))
    iotevents = boto3.Session(botocore_session=session).client(
        "iotevents-data",
        endpoint_url=client.stage.endpoint,
        region_name="us-east-1",
        aws_access_key_id=client.key_id,
        aws_secret_access_key=client.secret,
    )
    return iotevents.batch_put_message(messages=list(messages))["BatchPutMessageErrorEntries"]


def ask(client, method, path, body=None, **headers):
    """The answer to a request with the client's key."""
    given = {**bearer(client.key_id, client.secret), **{name.replace("_", "-"): one for name, one in headers.items()}}
    return request(client.stage.endpoint, method, path, headers=given, body=body)


def test_events_arrive(client):
    """A posted event is in every sink, and a detector runs on it."""
    device = uuid.uuid4().hex
    event = client.post(device)

    assert client.stage.front == "function-url"
    assert [*event["sinks"]] == ["firehose", "kinesis", "iot_events"]
    found = wait_for({event["id"]}, lambda: kinesis_envelopes(client.stage, client.since), seconds=60)
    assert found[event["id"]]["data"]["deviceId"] == device


def test_an_aws_sdk_writes_through_it(client):
    """boto3 that is pointed at the URL: PutRecord of Firehose, PutRecords of Kinesis."""
    record = client.sdk("firehose").put_record(DeliveryStreamName="events", Record={"Data": b"\xff raw"})
    records = [{"Data": b"a", "PartitionKey": "p"}, {"Data": "ä".encode(), "PartitionKey": "ä"}]
    put = client.sdk("kinesis").put_records(StreamName="events", Records=records)

    assert record["RecordId"]
    assert (put["FailedRecordCount"], len(put["Records"])) == (0, 2)


def test_messages_are_put_through_it(client):
    """BatchPutMessage takes what is right, and has an entry for what is not."""
    payload = json.dumps({"deviceId": "m", "temperature": 1}).encode()
    good = {"messageId": uuid.uuid4().hex, "inputName": "telemetry", "payload": payload}
    unknown = {**good, "messageId": uuid.uuid4().hex, "inputName": "nobody"}
    entries = put_messages(client, good, unknown)

    assert [(one["messageId"], one["errorCode"]) for one in entries] == [
        (unknown["messageId"], "ResourceNotFoundException")
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/health"), ("GET", "/detectors/temperature_alarm"), ("POST", "/detectors"), ("POST", "/v1/health")],
)
def test_what_is_absent_names_the_setting(client, method, path):
    """404, whatever the method."""
    answer = ask(client, method, path)

    assert answer.status == 404
    assert '[http] front = "api-gateway"' in json.loads(answer.body)["detail"]


def test_its_own_answers_and_names(client):
    """A challenge under Lambda's name, 413 in Lambda's words, a preflight without the function."""
    refused = request(client.stage.endpoint, "POST", "/v1/events")
    large = ask(client, "POST", "/v1/events", bytes(SIX_MB - 1000), content_type="application/octet-stream")
    asked = {"origin": "https://app.example.com", "access_control_request_method": "POST"}
    preflight = ask(client, "OPTIONS", "/v1/events", **asked)

    assert (refused.status, "www-authenticate" in refused.headers) == (401, False)
    assert refused.headers["x-amzn-remapped-www-authenticate"].startswith("Bearer")
    assert (large.status, [*json.loads(large.body)]) == (413, ["Message"])
    assert preflight.headers["access-control-allow-origin"] == "https://app.example.com"


def test_commands_know_it(client):
    """`make smoke` checks it as it is, `make status` says that health is not served, `make keys` lists."""
    smoke, status, keys = client.command("smoke"), client.command("status"), client.command("keys", "list")

    assert "FAILED" not in smoke
    assert "a 401 has its challenge" in smoke
    assert "not served" in status
    assert "sender" in keys


def test_there_is_no_api_gateway_and_nobody_that_only_it_calls(client):
    """Nor an access log, nor the functions of health and detectors; a log line has its route all the same."""
    client.post("logged")
    found = client.stage.client("cloudformation").describe_stack_resources(StackName="distributary-local")
    kinds = [one["ResourceType"] for one in found["StackResources"]]
    names = " ".join(one["LogicalResourceId"] for one in found["StackResources"])
    logs, group = client.stage.client("logs"), client.stage.outputs["IngestLogGroupName"]
    lines = [json.loads(one["message"]) for one in logs.filter_log_events(logGroupName=group)["events"]]

    assert not [kind for kind in kinds if "ApiGateway" in kind]
    assert kinds.count("AWS::Lambda::Url") == 1
    assert not [name for name in ("CheckHealth", "ServeDetectors", "AccessLogs") if name in names]
    assert "POST /v1/events" in {line.get("route") for line in lines}


def test_a_stage_goes_back_to_api_gateway(client, project, tmp_path):
    """One deployment: the URL is gone, health is served again, and keys are as they were. It is the last test."""
    settings = project / "distributary.toml"
    settings.write_text(SETTINGS.replace('front = "function-url"', 'front = "api-gateway"'))
    stage = Stage(tmp_path / "stage", "local", project)
    done(stage.synth(client.aws))
    done(stage.deploy(client.aws))

    assert client.stage.front == "api-gateway"
    assert client.post("back")["sinks"].keys() == {"firehose", "kinesis", "iot_events"}
    assert client.health() == (200, "pass")
    challenge = request(client.stage.endpoint, "POST", "/v1/events").headers
    assert "www-authenticate" in challenge
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.stage.client("lambda").get_function_url_config(
            FunctionName=f"{client.stage.outputs['IngestFunctionName']}:live"
        )
