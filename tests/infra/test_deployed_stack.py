from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from distributary.errors import SettingsError
from distributary_cdk.configuration import Configuration
from distributary_cdk.deployed_stack import deployed_sinks, keeping_deployed

FEWER = Configuration(stage="prod", sinks=("firehose",), rules=[{"sinks": ["firehose"]}])


def never(_stack):
    """Fails: nobody is to be asked."""
    pytest.fail("nobody needs to be asked")


def test_a_deployed_sink_is_kept_until_it_is_removed():
    """What the deployed stack has, and no list names, is kept; what `remove` names is not."""
    assert keeping_deployed(FEWER, "s", lambda _: ("firehose", "kinesis")).keep == ("kinesis",)
    removed = replace(FEWER, remove=("kinesis",))
    assert keeping_deployed(removed, "s", lambda _: ("firehose", "kinesis")).keep == ()
    assert keeping_deployed(FEWER, "s", lambda _: ()).keep == ()


@pytest.mark.parametrize(
    "said",
    [{"sinks": ("firehose", "kinesis", "iot_events")}, {"remove": ("kinesis",), "keep": ("iot_events",)}],
)
def test_nobody_is_asked_where_every_sink_is_named(said):
    """A synth that says what becomes of each sink needs no network and no credentials."""
    configuration = replace(FEWER, **said)
    assert keeping_deployed(configuration, "s", never) == configuration


def test_the_local_stage_begins_without_a_stack(monkeypatch):
    """Nobody is asked for the stage `local`, unless an AWS is named."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    local = replace(FEWER, stage="local")
    assert keeping_deployed(local, "s", never) == local
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    assert keeping_deployed(local, "s", lambda _: ("kinesis",)).keep == ("kinesis",)


@pytest.fixture
def cloudformation(monkeypatch):
    """CloudFormation and STS, stubbed; the account is 123456789012."""
    options = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    clients = {name: boto3.client(name, **options) for name in ("sts", "cloudformation")}
    stubs = {name: Stubber(client) for name, client in clients.items()}
    stubs["sts"].add_response("get_caller_identity", {"Account": "123456789012"})
    for stub in stubs.values():
        stub.activate()
    monkeypatch.setattr(boto3.Session, "client", lambda _self, name, **_: clients[name])
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    return stubs["cloudformation"]


@pytest.mark.parametrize(
    ("outputs", "sinks"),
    [
        ([{"OutputKey": "Sinks", "OutputValue": "firehose,kinesis"}], ("firehose", "kinesis")),
        ([{"OutputKey": "Stage", "OutputValue": "prod"}], ("firehose", "kinesis", "iot_events")),
    ],
)
def test_the_sinks_of_a_stack(cloudformation, outputs, sinks):
    """They are in its output; an older stack has all three."""
    stack = {"StackName": "s", "CreationTime": "2026-01-01", "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "s"})
    assert deployed_sinks("s") == sinks


def test_no_stack(cloudformation):
    """A stage that was never deployed has no sinks."""
    cloudformation.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    assert deployed_sinks("s") == ()


def test_no_permission(cloudformation):
    """Where CloudFormation does not tell, one line says which two lists answer the question."""
    cloudformation.add_client_error("describe_stacks", "AccessDenied", "no")
    with pytest.raises(SettingsError, match=r"in `remove` .* or in `keep`"):
        deployed_sinks("s")


def test_another_account(cloudformation, monkeypatch):
    """Credentials of another account than the CDK's would find no stack, and a sink with records would be deleted."""
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "210987654321")
    with pytest.raises(SettingsError, match="of account 123456789012"):
        deployed_sinks("s")


def test_no_credentials(monkeypatch):
    """Without credentials the same line says why."""

    def client(*_, **__):
        raise NoCredentialsError

    monkeypatch.setattr(boto3.Session, "client", client)
    with pytest.raises(SettingsError, match="Unable to locate credentials"):
        deployed_sinks("s")
