import re
import sys
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from commands.stage import Stage
from commands.up import main, ready
from distributary.access.key import API_NAMES, RIGHTS
from distributary.access.key_item import key_of

ROOT = Path(__file__).parents[2]
ADDRESSES = {"Endpoint": "http://localhost:8080"}


@pytest.fixture
def outputs(monkeypatch):
    """The outputs of a stage with keys, in moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        session.client("dynamodb").create_table(
            TableName="keys",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        secret = session.client("secretsmanager").create_secret(Name="master", SecretString='{"1": "first"}')
        yield {**ADDRESSES, "KeyTableName": "keys", "KeySecretArn": secret["ARN"]}


def test_the_printed_curl_carries_a_key_that_exists(outputs, monkeypatch) -> None:
    """A key named local, for any source, made while the stage starts."""
    monkeypatch.setattr(Stage, "client", lambda _, service: boto3.client(service, region_name="us-east-1"))

    text = ready(Stage("local", outputs), 12.34)

    found = re.search(
        r"curl -i http://localhost:8080/v1/events -H 'Authorization: Bearer (DK1[A-Z2-7]{16})\.\S{43}'", text
    )
    assert found
    item = boto3.client("dynamodb", region_name="us-east-1").get_item(TableName="keys", Key={"id": {"S": found[1]}})
    key = key_of(item["Item"])
    assert (key.name, key.doors, key.rights, key.sources) == ("local", set(API_NAMES), set(RIGHTS), {"*"})
    assert "the key 'local' has every right and may send any source" in text
    assert "12.3 s" in text


def test_an_open_stage_asks_for_no_key() -> None:
    """Its curl has no credential."""
    text = ready(Stage("local", ADDRESSES), 1.0)

    assert "curl -i http://localhost:8080/v1/events" in text
    assert "Authorization" not in text
    assert "every right" not in text


def test_the_printed_curl_passes_by_the_proxy_of_the_shell(monkeypatch) -> None:
    """Curl would ask a company's proxy for this machine's endpoint; where there is no proxy it needs no option."""
    for name in ("http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    stage = Stage("local", ADDRESSES, "http://localhost:4566")
    assert "curl -i http://localhost:8080" in ready(stage, 1.0)

    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")

    assert "curl -i --noproxy localhost http://localhost:8080" in ready(stage, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\noperation = '*'\neffect = 'reset_before'\nshare = 30", "a.share: must be a number above 0, at most 1"),
        ("[a", "Expected ']'"),
        (None, "No such file"),
    ],
)
def test_bad_faults_end_it_before_anything_starts(tmp_path, monkeypatch, capsys, text, said):
    """The message names the file and the place."""
    file = tmp_path / "faults.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(sys, "argv", ["up", "--port", "0", "--aws-port", "0", "--faults", str(file)])

    assert main() == 1
    printed = capsys.readouterr().err
    assert str(file) in printed
    assert said in printed


def test_a_bad_key_set_ends_it_before_anything_starts(tmp_path, monkeypatch, capsys) -> None:
    """The message names the file."""
    file = tmp_path / "jwks.json"
    monkeypatch.setattr(sys, "argv", ["up", "--port", "0", "--aws-port", "0", "--jwks", str(file)])

    assert main() == 1
    assert f"{file}: no JSON Web Key Set" in capsys.readouterr().err


@pytest.mark.parametrize(("flag", "most"), [("concurrency", 1000), ("stream-mib", 1048576)])
@pytest.mark.parametrize("text", ["0", "beyond", "-1", "many", "1.5"])
def test_a_number_out_of_bounds_ends_it_before_anything_starts(monkeypatch, capsys, flag, most, text) -> None:
    """The message names the setting and what it may be."""
    text = str(most + 1) if text == "beyond" else text
    monkeypatch.setattr(sys, "argv", ["up", f"--{flag}={text}"])

    with pytest.raises(SystemExit):
        main()
    variable = flag.upper().replace("-", "_")
    assert f"{variable}={text}: must be a whole number from 1 to {most}, " in capsys.readouterr().err
