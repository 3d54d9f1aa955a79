"""`/v1/events` behind a JWT authorizer: the deployed function with one setting changed, and a gateway of its own."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from jwt_issuer import AUDIENCE, ISSUER, Issuer

from commands.key_ring import bearer
from commands.post import Answer, request
from commands.stage import Stage
from local.aws import deployed
from local.deployment import aws_at
from local.functions import Functions, FunctionSpec
from local.gateway import Authorizer, Gateway, HttpApi, read_keys
from local.stack import LocalStack

CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "hall", "sinks": ["kinesis", "firehose", "iot_events"]}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """Whose tokens are taken."""
    return Issuer()


def by_token(name: str) -> FunctionSpec:
    """The deployed function as it is where the stage takes JWTs."""
    spec = deployed.function(name)
    claims = {"DISTRIBUTARY_JWT_SOURCE_CLAIM": "sub", "DISTRIBUTARY_JWT_SINKS_CLAIM": "sinks"}
    return replace(spec, environment={**spec.environment, **claims})


def behind_authorizer() -> HttpApi:
    """The deployed API as it is there."""
    api = deployed.http_api()
    authorizer = Authorizer(ISSUER, (AUDIENCE,))
    routes = [replace(one, authorizer=authorizer) if one.key == "POST /v1/events" else one for one in api.routes]
    return replace(api, routes=tuple(routes))


@pytest.fixture(scope="module")
def tokens(local: LocalStack, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """That gateway's URL."""
    file = tmp_path_factory.mktemp("jwks") / "jwks.json"
    file.write_text(issuer.published)
    functions = Functions(
        by_token, environment=aws_at(local.aws_endpoint), credentials=local.credentials, log=lambda line: None
    )
    gateway = Gateway(behind_authorizer, functions, port=0, keys=read_keys(file), log=lambda line: None)
    gateway.start()
    yield f"http://localhost:{gateway.port}"
    gateway.close()
    functions.close()


def post(endpoint: str, token: str, body: object, **headers: str) -> Answer:
    """An event with a token."""
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    bearing = {"authorization": f"Bearer {token}", **named}
    return request(endpoint, "POST", "/v1/events", headers=bearing, body=json.dumps(body).encode())


def good(issuer: Issuer, **claims: object) -> str:
    """A token that is let in, unless one of these claims stands in its way."""
    return issuer.token({**CLAIMS, "exp": int(time.time()) + 60, **claims})


def test_an_event_has_its_tokens_source(tokens: str, issuer: Issuer, stage: Stage) -> None:
    """It is accepted in every sink, and what Kinesis holds names the token's subject as its source."""
    answer = post(tokens, good(issuer), {"deviceId": "by-token", "temperature": 1})

    assert answer.status == 202, answer.body
    [event] = json.loads(answer.body)["events"]
    assert event["status"] == "accepted"
    assert set(event["sinks"]) == {"firehose", "kinesis", "iot_events"}
    assert source_in_kinesis(stage, event["sinks"]["kinesis"]) == "hall"


def source_in_kinesis(stage: Stage, receipt: dict[str, str]) -> str:
    """The source of the event that a receipt is of."""
    kinesis = stage.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=stage.outputs["StreamName"],
        ShardId=receipt["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=receipt["sequenceNumber"],
    )["ShardIterator"]
    return str(json.loads(kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"][0]["Data"])["source"])


def test_a_token_is_for_its_sinks(tokens: str, issuer: Issuer) -> None:
    """The rules send to all three, the token names one: 403, as with a key."""
    answer = post(tokens, good(issuer, sinks=["kinesis"]), {"deviceId": "by-token", "temperature": 1})

    assert answer.status == 403
    assert json.loads(answer.body)["events"][0]["error"]["code"] == "Forbidden"


def test_a_token_may_not_speak_for_another(tokens: str, issuer: Issuer) -> None:
    """A CloudEvent of somebody else's source is refused."""
    answer = post(tokens, good(issuer), {}, ce_specversion="1.0", ce_id="1", ce_source="attic", ce_type="t")

    assert answer.status == 403


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events?key={}", "/v1%2Fevents", "/v1%2Fevents?key={}"])
def test_a_key_opens_this_api_no_more(tokens: str, credential: tuple[str, str], path: str) -> None:
    """Not at API Gateway, and not at the function, where a path comes past its authorizer."""
    refused = request(tokens, "POST", path.format(".".join(credential)), headers=bearer(*credential), body=b"{}")

    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_an_expired_token(tokens: str, issuer: Issuer) -> None:
    """API Gateway's own 401 says why."""
    answer = post(tokens, good(issuer, exp=int(time.time()) - 1), {})

    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')
    assert "expired" in answer.headers["www-authenticate"]


def test_the_aws_doors_go_on_taking_keys(tokens: str, credential: tuple[str, str], stage: Stage) -> None:
    """boto3 with a key puts a record through the same gateway."""
    kinesis = boto3.client(
        "kinesis",
        endpoint_url=tokens,
        region_name="us-east-1",
        aws_access_key_id=credential[0],
        aws_secret_access_key=credential[1],
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )

    put = kinesis.put_record(StreamName=stage.outputs["StreamName"], Data=b"{}", PartitionKey="p")

    assert put["SequenceNumber"]


def test_a_token_opens_no_other_api(tokens: str, issuer: Issuer) -> None:
    """The AWS wire wants a signature."""
    headers = {"authorization": f"Bearer {good(issuer)}", "x-amz-target": "Kinesis_20131202.PutRecord"}

    assert b"IncompleteSignature" in request(tokens, "POST", "/", headers=headers, body=b"{}").body
