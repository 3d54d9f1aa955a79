"""The client libraries, with faults between them and the endpoint and behind it: no event is lost, none is invented."""

import json
import uuid
from collections import Counter

import pytest
from arrived import every_record
from chaos.orders import Orders
from flaky_front import Front, flaky_front

from distributary_client import Client

EVENTS, BATCH = 400, 40
REFUSED = {"error": "ProvisionedThroughputExceededException"}
FAULTS = {
    "outage": {"operation": "kinesis.PutRecords", "effect": "refuse_calls", "seconds": 1.5, **REFUSED},
    "spill": {
        "operation": "sqs.*",
        "resource": "*Spill*",
        "effect": "refuse_calls",
        "error": "InternalError",
        "seconds": 1.5,
    },
    "some": {"operation": "kinesis.PutRecords", "effect": "refuse_records", "share": 0.3, "seed": 5, **REFUSED},
}


@pytest.fixture
def front(stage, faults):
    """What the clients take for the endpoint; Kinesis and its retry queue are down at first, then Kinesis refuses some."""
    with flaky_front(stage.endpoint) as served:
        faults(**FAULTS)
        yield served


@pytest.fixture
def mark() -> str:
    """What the events of this test carry."""
    return uuid.uuid4().hex


def landed(stage, mark: str, wait) -> Counter[tuple[str, str, int]]:
    """How often each event of this test is in the stream: source, id, number; once all are there."""

    def found() -> Counter[tuple[str, str, int]]:
        records = [json.loads(one["Data"]) for one in every_record(stage) if mark.encode() in one["Data"]]
        return Counter((one["source"], one["id"], one["data"]["n"]) for one in records)

    wait(lambda: len(found()) >= EVENTS)
    return found()


def judge(stage, front: Front, mark: str, wait) -> None:
    """Each event has one id and is there as often as a request with it reached the endpoint, at most."""
    found = landed(stage, mark, wait)

    assert sorted(number for _, _, number in found) == [*range(EVENTS)]
    assert {source for source, _, _ in found} == {"tests"}
    excess = {id_: count for (_, id_, _), count in found.items() if count > front.passed[id_.partition("/")[0]]}
    assert excess == {}
    assert all(front.turns.values())
    assert 0 not in Orders(stage).injected().values()


def test_python(stage, credential, front, mark, wait, tmp_path) -> None:
    """With a folder, and a thread."""
    with Client(front.url, ".".join(credential), batch_events=BATCH, folder=tmp_path) as client:
        for number in range(EVENTS):
            client.send({"deviceId": mark, "n": number})

    assert client.counts == (EVENTS, EVENTS, 0, 0)
    assert [*tmp_path.iterdir()] == []
    judge(stage, front, mark, wait)
