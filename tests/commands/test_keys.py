import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands import keys
from commands.key_ring import KeyRingError, passing_key
from commands.key_table import KeyTable
from commands.stage import Stage
from distributary.access.key import API_NAMES, RIGHTS, Key
from distributary.access.key_item import item_of
from distributary.access.key_store import KeyStore
from distributary.access.quota import Quotas
from distributary.clock import Clock
from distributary.http.auth.guard import Guard
from distributary.http.request import Request, Response

STORED = json.loads((Path(__file__).parents[1] / "cases/stored/keys.json").read_text())
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
        api = guard.protect(lambda _: Response(202), "events")
        headers = {} if query else {"authorization": f"Bearer {key_id}.{secret}"}
        return api(Request("POST", "/v1/events", headers, query)).status

    def listed(self) -> str:
        """What `list` prints."""
        return self.run("list")[1]

    def row(self, key_id: str) -> list[str]:
        """The cells of a key's line in the list."""
        [line] = [line for line in self.listed().splitlines() if line.startswith(key_id)]
        return re.split(" {2,}", line)

    def find(self, key_id: str) -> Key:
        """The key, as the function of a new environment finds it."""
        key = self.store().find(key_id)
        assert key
        return key

    def put(self, item: dict[str, Any]) -> str:
        """Puts an item of an earlier version into the table; its id."""
        dynamodb = boto3.client("dynamodb")
        dynamodb.put_item(TableName=dynamodb.list_tables()["TableNames"][0], Item=item)
        return str(item["id"]["S"])


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


def test_a_created_key_opens_the_api_and_its_secret_is_stored_nowhere(deployed: Deployed) -> None:
    """The id and secret that were printed once are all it takes; the table has no trace of the secret."""
    key_id, secret = deployed.create("--name", "hall")

    assert deployed.post(key_id, secret) == 202
    assert deployed.post(key_id, secret[:-1]) == 401

    item = boto3.client("dynamodb").scan(TableName=boto3.client("dynamodb").list_tables()["TableNames"][0])["Items"]

    assert secret not in json.dumps(item)
    assert secret not in deployed.listed()


def test_create_says_how_to_use_the_key(deployed: Deployed) -> None:
    """A curl for `/v1/events` and the variables for AWS's own clients, each where the key has that api."""
    assert (
        "curl -i http://localhost:8080/v1/events -H 'Authorization: Bearer DK1"
        in deployed.run("create", "--name", "a")[1]
    )
    assert "AWS_ACCESS_KEY_ID" not in deployed.run("create", "--name", "b", "--doors", "events")[1]
    assert "curl" not in deployed.run("create", "--name", "c", "--doors", "aws", "iot_events")[1]


@pytest.mark.parametrize(
    ("doors", "services"),
    [
        (("aws",), ["KINESIS", "FIREHOSE"]),
        (("iot_events",), ["IOT_EVENTS_DATA"]),
        (("aws", "iot_events"), ["KINESIS", "FIREHOSE", "IOT_EVENTS_DATA"]),
    ],
)
def test_the_variables_lead_only_what_the_key_is_for(deployed: Deployed, monkeypatch, doors, services) -> None:
    """Another service of the same shell goes where it went before."""
    _, printed = deployed.run("create", "--name", "c", "--doors", *doors)
    line = printed.splitlines()[-1]
    variables = dict(one.split("=", 1) for one in line.removeprefix("export ").split())

    assert list(variables) == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        *(f"AWS_ENDPOINT_URL_{service}" for service in services),
    ]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name="us-east-1")
    kinesis, s3 = (session.client(service).meta.endpoint_url for service in ("kinesis", "s3"))
    assert (kinesis == "http://localhost:8080") is ("aws" in doors)
    assert s3.endswith("amazonaws.com")


def test_file_names_are_no_sources(deployed: Deployed, monkeypatch, tmp_path) -> None:
    """What a shell makes of an unquoted * is refused, with how to quote it; no key is made."""
    for name in ("LICENSE", "README.md", ".hidden"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    status, printed = deployed.run("create", "--name", "any", "--sources", "LICENSE", "README.md")

    assert status == 1
    assert "--sources names files of this folder (LICENSE, README.md)" in printed
    assert "--sources '*'" in printed
    assert " any " not in deployed.listed()


def test_the_only_file_of_a_folder_is_no_source(deployed: Deployed, monkeypatch, tmp_path) -> None:
    """It is what a * becomes there."""
    (tmp_path / "notes").touch()
    monkeypatch.chdir(tmp_path)

    assert deployed.run("create", "--name", "any", "--sources", "notes")[0] == 1
    assert deployed.run("create", "--name", "any", "--sources", "*")[0] == 0


def test_a_source_may_be_called_like_one_of_many_files(deployed: Deployed, monkeypatch, tmp_path) -> None:
    """`tests` is a fine source, also in the folder of this project."""
    for name in ("tests", "docs"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)

    assert deployed.run("create", "--name", "any", "--sources", "tests", "urn:x:1")[0] == 0


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
        ["create", "--name", "a", "--rights", "detectors:write"],
        ["grant"],
        ["grant", "DK1AAAAAAAAAAAAAAAA", "everything"],
        ["deny", "DK1AAAAAAAAAAAAAAAA", "--sinks", "s3"],
        ["replace", "DK1AAAAAAAAAAAAAAAA", "--days", "0"],
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


# ── rights ──


def test_a_producers_key_puts_events_and_messages_and_no_more(deployed: Deployed) -> None:
    """The AWS-compatible API and both rights to detectors are for keys that name them."""
    plain, _ = deployed.create("--name", "plain")
    every, _ = deployed.create("--name", "every", "--rights", *API_NAMES, *RIGHTS)

    assert (deployed.find(plain).doors, deployed.find(plain).rights) == ({"events", "iot_events"}, frozenset())
    assert (deployed.find(every).doors, deployed.find(every).rights) == (set(API_NAMES), set(RIGHTS))
    assert deployed.row(plain)[-1] == "-"
    assert deployed.row(every)[-1] == "aws,detectors:manage,detectors:read"


def test_a_key_is_changed_without_a_new_secret(deployed: Deployed) -> None:
    """What is granted is added, what is denied is gone, and the rest stays as it was."""
    key_id, secret = deployed.create("--name", "hall", "--rate", "5", "--burst", "9")
    status, printed = deployed.run(
        *("grant", key_id, "aws", "detectors:manage", "--sources", "urn:a", "urn:b", "--sinks", "kinesis")
    )

    assert (status, "aws, detectors:manage, events, iot_events" in printed) == (0, True)
    granted = deployed.find(key_id)
    assert (granted.doors, granted.rights) == (set(API_NAMES), {"detectors:manage"})
    assert (granted.sources, len(granted.sinks)) == ({"urn:a", "urn:b"}, 3)

    assert deployed.run("deny", key_id, "aws", "iot_events", "detectors:manage", "--sources", "urn:a", "urn:b")[0] == 0
    assert deployed.run("deny", key_id, "detectors:read", "--sinks", "iot_events")[0] == 0
    denied = deployed.find(key_id)
    assert (denied.doors, denied.rights, denied.sources) == ({"events"}, frozenset(), frozenset())
    assert (denied.sinks, denied.quota) == ({"firehose", "kinesis"}, granted.quota)
    assert deployed.post(key_id, secret) == 202

    assert deployed.run("deny", key_id, "events")[0] == 0
    assert deployed.post(key_id, secret) == 403


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["command"])
def test_a_stored_key_is_listed_with_what_is_beyond_todays_default(deployed: Deployed, stored: dict) -> None:
    """Unless it is revoked; denied that, it is as a key that is made today."""
    key_id = deployed.put(stored["item"])
    if "revoked" in stored["item"]:
        assert deployed.row(key_id)[-1] == "-"
        assert deployed.run("grant", key_id, "aws") == (1, f"the key {key_id} is revoked or expired\n")
        return

    assert deployed.row(key_id)[-1] == (",".join(stored["beyond"]) or "-")
    words = [word for word in stored["beyond"] if word != "*"]
    sources = ["--sources", "*"] if "*" in stored["beyond"] else []
    if stored["beyond"]:
        assert deployed.run("deny", key_id, *words, *sources)[0] == 0
    assert deployed.row(key_id)[-1] == "-"
    assert deployed.find(key_id).name == stored["item"]["name"]["S"]


def test_a_grant_to_a_stored_key_keeps_what_it_had(deployed: Deployed) -> None:
    """A key of before there were rights goes on reading detectors when it gets another right."""
    key_id = deployed.put(STORED[0]["item"])
    deployed.run("grant", key_id, "detectors:manage")

    assert deployed.find(key_id).rights == set(RIGHTS)
    assert deployed.find(key_id).doors == set(API_NAMES)


def test_a_change_that_says_nothing_or_is_of_no_key_is_refused(deployed: Deployed) -> None:
    """Neither makes a key, nor anything of a name's item."""
    key_id, _ = deployed.create("--name", "hall")

    assert deployed.run("grant", key_id)[0] == 1
    for nobody in ("DK1AAAAAAAAAAAAAAAA", "name:hall"):
        for command in (("grant", nobody, "aws"), ("deny", nobody, "aws"), ("replace", nobody), ("revoke", nobody)):
            assert deployed.run(*command) == (1, f"there is no key {nobody}\n")
    assert deployed.listed().count("\n") == 2


def test_of_two_changes_at_the_same_time_one_is_refused(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and undoes nothing of the other."""
    key_id, _ = deployed.create("--name", "hall")
    read = KeyTable.item

    def read_then_changed(table: KeyTable, item_id: str) -> dict[str, Any] | None:
        found = read(table, item_id)
        monkeypatch.setattr(KeyTable, "item", read)
        assert deployed.run("grant", key_id, "aws")[0] == 0
        return found

    monkeypatch.setattr(KeyTable, "item", read_then_changed)
    status, printed = deployed.run("grant", key_id, "detectors:read")

    assert (status, "was changed just now" in printed) == (1, True)
    assert (deployed.find(key_id).doors, deployed.find(key_id).rights) == (set(API_NAMES), frozenset())


# ── names ──


def test_a_living_keys_name_is_nobody_elses(deployed: Deployed) -> None:
    """Its holder would be the same caller; the refusal says what to do, and a revoked or expired key frees its name."""
    first, _ = deployed.create("--name", "hall")
    status, printed = deployed.run("create", "--name", "hall")

    assert (status, f"replace {first}" in printed) == (1, True)
    assert len(deployed.listed().splitlines()) == 2

    deployed.run("revoke", first)
    second, _ = deployed.create("--name", "hall", "--days", "0.001")
    assert second != first
    deployed.put({**item_of(replace(deployed.find(second), expires=1.0))})
    deployed.create("--name", "hall")


def test_a_stored_keys_name_is_taken_too(deployed: Deployed) -> None:
    """One that was made before names had items."""
    deployed.put(STORED[0]["item"])

    assert deployed.run("create", "--name", STORED[0]["item"]["name"]["S"])[0] == 1


@pytest.mark.parametrize("before", [None, "revoked"])
def test_of_two_keys_of_a_name_made_at_the_same_time_one_is_refused(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    """Whether or not there was a key of that name before; both have looked for one before either was made."""
    if before:
        deployed.run("revoke", deployed.create("--name", "hall")[0])
    add = KeyTable.add

    def another_first(table: KeyTable, key: Key, newest: str | None) -> None:
        monkeypatch.setattr(KeyTable, "add", add)
        deployed.create("--name", "hall")
        add(table, key, newest)

    monkeypatch.setattr(KeyTable, "add", another_first)
    status, printed = deployed.run("create", "--name", "hall")

    assert (status, "was made just now" in printed) == (1, True)
    assert len([line for line in deployed.listed().splitlines() if " live " in line]) == 1


def test_a_replaced_key_is_the_same_caller_with_the_same_rights(deployed: Deployed) -> None:
    """Both keys work until the old one is revoked; the new one has a secret and an age of its own."""
    old, _ = deployed.create("--name", "hall", "--rights", "aws", "--sources", "urn:a", "--days", "7")
    printed = deployed.run("replace", old)[1]
    new = re.findall(r"^key     (\S+)$", printed, re.MULTILINE)[0]
    one, other = deployed.find(old), deployed.find(new)

    assert f"{old} goes on meanwhile" in printed
    assert one.caller == other.caller
    assert "hall is the name of 2 living keys" in deployed.listed()
    assert (other.doors, other.sources, other.rights) == ({"aws"}, {"urn:a"}, frozenset())
    assert other.expires
    assert other.expires - other.created == pytest.approx(7 * 86400, abs=2)
    assert deployed.run("create", "--name", "hall")[0] == 1
    deployed.run("revoke", new)
    assert deployed.run("create", "--name", "hall")[0] == 1
    deployed.run("revoke", old)
    assert deployed.run("replace", old)[0] == 1
    deployed.create("--name", "hall")


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
