import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands import keys
from commands.key_ring import KeyRingError, passing_key
from commands.stage import Stage
from distributary.access import Key
from distributary.clock import Clock
from distributary.http.guard import Guard
from distributary.http.request import Request, Response
from distributary.keys import KeyStore
from distributary.quota import Quotas

TEMPLATE = {
    "Resources": {
        "Keys": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
    },
    "Outputs": {"Endpoint": {"Value": "http://localhost:8080"}, "KeyTableName": {"Value": {"Ref": "Keys"}}},
}


@dataclass
class Deployed:
    """A stage in moto: `run` is the command, `store` what a function would read its keys with."""

    run: Callable[..., tuple[int, str]]
    store: Callable[[], KeyStore]
    secret_id: str

    def create(self, *arguments: str) -> tuple[str, str]:
        """A new key's id and secret, as the operator reads them."""
        status, printed = self.run("create", *arguments)
        assert status == 0
        found = re.search(r"^key     (\S+)\nsecret  (\S+)$", printed, re.MULTILINE)
        assert found
        return found[1], found[2]

    def post(self, key_id: str, secret: str, query: str = "") -> int:
        """The status of an event posted with the key, as the guard of a new environment decides."""
        guard = Guard(self.store(), Quotas(Clock()), Clock())
        door = guard.protect(lambda _: Response(202), "events")
        headers = {} if query else {"authorization": f"Bearer {key_id}.{secret}"}
        return door(Request("POST", "/v1/events", headers, query)).status

    def listed(self) -> str:
        """What `list` prints."""
        return self.run("list")[1]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Deployed]:
    """A stage named test whose stack has the table and the secret."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        secret = boto3.client("secretsmanager").create_secret(Name="master", SecretString='{"1": "first"}')["ARN"]
        outputs = {**TEMPLATE["Outputs"], "KeySecretArn": {"Value": secret}}
        boto3.client("cloudformation").create_stack(
            StackName="distributary-test", TemplateBody=json.dumps({**TEMPLATE, "Outputs": outputs})
        )
        table = boto3.client("dynamodb").list_tables()["TableNames"][0]

        def run(*arguments: str) -> tuple[int, str]:
            capsys.readouterr()
            status = keys.main(["--stage", "test", *arguments])
            printed = capsys.readouterr()
            return status, printed.out + printed.err

        def store() -> KeyStore:
            clients: list[Any] = [boto3.client("dynamodb"), boto3.client("secretsmanager")]
            return KeyStore(*clients, table_name=table, secret_id=secret, clock=Clock())

        yield Deployed(run, store, secret)


def test_a_created_key_opens_the_door_and_its_secret_is_stored_nowhere(deployed: Deployed) -> None:
    """The id and secret that were printed once are all it takes; the table has no trace of the secret."""
    key_id, secret = deployed.create("--name", "hall")

    assert deployed.post(key_id, secret) == 202
    assert deployed.post(key_id, secret[:-1]) == 401

    item = boto3.client("dynamodb").scan(TableName=boto3.client("dynamodb").list_tables()["TableNames"][0])["Items"]

    assert secret not in json.dumps(item)
    assert secret not in deployed.listed()


def test_create_says_how_to_use_the_key(deployed: Deployed) -> None:
    """A curl for `/v1/events` and the variables for AWS's own clients, each where the key has that door."""
    assert (
        "curl -i http://localhost:8080/v1/events -H 'Authorization: Bearer DK1"
        in deployed.run("create", "--name", "a")[1]
    )
    assert "AWS_ACCESS_KEY_ID" not in deployed.run("create", "--name", "b", "--doors", "events")[1]
    assert "curl" not in deployed.run("create", "--name", "c", "--doors", "aws", "iot_events")[1]


def test_a_key_has_what_it_was_created_with(deployed: Deployed) -> None:
    """Doors, sinks, sources, quota and end."""
    key_id, _ = deployed.create(
        *("--name", "hall", "--doors", "events", "--sinks", "kinesis", "firehose", "--sources", "cellar", "urn:x:1"),
        *("--rate", "2.5", "--burst", "10", "--days", "7"),
    )
    key = deployed.store().find(key_id)

    assert key
    assert (key.name, key.doors, key.browser) == ("hall", {"events"}, False)
    assert (key.sinks, key.sources) == ({"kinesis", "firehose"}, {"cellar", "urn:x:1"})
    assert key.quota
    assert (key.quota.rate, key.quota.burst) == (2.5, 10)
    assert key.expires
    assert key.expires - key.created == pytest.approx(7 * 86400, abs=2)


def test_a_browsers_key_is_for_events_alone_unless_said(deployed: Deployed) -> None:
    """Anyone can read it in the page, so it opens no more than asked; it may stand in the URL."""
    key_id, secret = deployed.create("--name", "page", "--browser")
    key = deployed.store().find(key_id)

    assert key
    assert key.doors == {"events"}
    assert deployed.post(key_id, secret, f"key={key_id}.{secret}") == 202


def test_list_shows_each_key_its_state_and_its_last_use(deployed: Deployed) -> None:
    """A used key shows the day, a revoked one since when."""
    used, secret = deployed.create("--name", "used", "--rate", "5", "--burst", "50")
    idle, _ = deployed.create("--name", "idle", "--days", "30")
    deployed.post(used, secret)
    deployed.run("revoke", idle)
    rows = {line.split()[0]: line for line in deployed.listed().splitlines()}

    assert re.search(r"used +live +\d{4}-\d\d-\d\d .* 5/s, burst 50", rows[used])
    assert re.search(r"idle +revoked \d{4}-\d\d-\d\d +never", rows[idle])


def test_a_revoked_key_opens_nothing(deployed: Deployed) -> None:
    """Revoking twice changes nothing."""
    key_id, secret = deployed.create("--name", "hall")

    assert deployed.run("revoke", key_id)[0] == 0
    assert deployed.run("revoke", key_id)[0] == 0
    assert deployed.post(key_id, secret) == 401


def test_revoking_what_is_no_key_fails(deployed: Deployed) -> None:
    """A slip must not look like a success, and must not make a key."""
    status, printed = deployed.run("revoke", "DK1AAAAAAAAAAAAAAAA")

    assert status == 1
    assert "there is no key" in printed
    assert "DK1AAAAAAAAAAAAAAAA" not in deployed.listed()


def test_after_a_rotation_old_keys_go_on_and_new_ones_have_the_new_version(deployed: Deployed) -> None:
    """The secret holds both versions; ten is newer than nine."""
    old = deployed.create("--name", "old")
    for _ in range(9):
        deployed.run("rotate")
    new = deployed.create("--name", "new")

    assert (old[0][:3], new[0][:4]) == ("DK1", "DK10")
    assert deployed.post(*old) == 202
    assert deployed.post(*new) == 202

    versions = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=deployed.secret_id)["SecretString"])

    assert list(versions) == [str(number) for number in range(1, 11)]
    assert len(set(versions.values())) == 10


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"x": "y"}', '{"1": 5}'])
def test_a_master_secret_that_is_none_is_said_to_be(deployed: Deployed, text: str) -> None:
    """Nothing is created from it, nothing overwrites it, and it is not printed."""
    boto3.client("secretsmanager").put_secret_value(SecretId=deployed.secret_id, SecretString=text or "s3cret")
    for command in (("create", "--name", "hall"), ("rotate",)):
        status, printed = deployed.run(*command)

        assert status == 1
        assert deployed.secret_id in printed
        assert "s3cret" not in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ["create"],
        ["create", "--name", ""],
        ["create", "--name", "a b"],
        ["create", "--name", "*"],
        ["create", "--name", "a", "--sinks", "s3"],
        ["create", "--name", "a", "--doors", "back"],
        ["create", "--name", "a", "--sources", "**"],
        ["create", "--name", "a", "--rate", "0", "--burst", "5"],
        ["create", "--name", "a", "--rate", "nan", "--burst", "5"],
        ["create", "--name", "a", "--rate", "1", "--burst", "0.5"],
        ["create", "--name", "a", "--days", "-1"],
        ["revoke"],
        [],
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(arguments: list[str]) -> None:
    """By the command line itself: no account is asked."""
    with pytest.raises(SystemExit) as ended:
        keys.main(arguments)

    assert ended.value.code == 2


def test_half_a_quota_is_refused(deployed: Deployed) -> None:
    """A rate without a burst means nothing."""
    assert deployed.run("create", "--name", "a", "--rate", "1")[0] == 1
    assert deployed.listed().count("\n") == 1


def test_an_open_stage_has_no_keys(deployed: Deployed) -> None:
    """It says so instead of failing somewhere."""
    boto3.client("cloudformation").create_stack(
        StackName="distributary-open", TemplateBody=json.dumps({"Resources": {}, "Outputs": {}})
    )

    assert deployed.run("--stage", "open", "list") == (1, 'stage open has no keys: it is deployed with auth = "open"\n')


def test_a_stage_that_is_not_there_is_said_to_be(deployed: Deployed) -> None:
    """With what to do next."""
    status, printed = deployed.run("--stage", "nowhere", "list")

    assert status == 1
    assert "make deploy STAGE=nowhere" in printed


def test_where_tokens_are_taken_no_key_is_printed() -> None:
    """The curl wants a token of the issuer."""
    text = keys.curl(
        Stage("local", {"Endpoint": "http://localhost:8080", "JwtIssuer": "https://issuer.example"}),
        Key(id="DK1", name="a"),
        "secret",
    )

    assert "# of https://issuer.example: /v1/events takes no key" in text
    assert 'curl -i http://localhost:8080/v1/events -H "Authorization: Bearer $TOKEN"' in text
    assert "secret" not in text


def test_where_tokens_are_taken_no_passing_key_is_made() -> None:
    """`make smoke` and `make demo` say so, instead of posts that are refused."""
    stage = Stage("dev", {"Endpoint": "http://localhost:8080", "JwtIssuer": "https://issuer.example"})

    with pytest.raises(KeyRingError, match=r"takes the tokens of https://issuer\.example"), passing_key(stage, "a"):
        pass
