import base64
import json
from urllib.parse import quote

import pytest
from detector_cloud import SETTINGS, Cloud, activated, message, models_of, runner_of
from fake_client import aws_error
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from distributary.http.iot_events_api.detectors import DETECTORS_BODY_BYTES, LAST_START, DetectorsEndpoint
from distributary.http.request import Request
from distributary.iot_events.runtime.detector_item import item_key
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.management import QUERIES, Detectors
from distributary.iot_events.runtime.wake_ups import WakeUps

NOW = 1_700_000_000_000
EVENT = {"eventName": "e", "condition": "$input.in.n > 0", "actions": []}
KEEP = {"setVariable": {"variableName": "n", "value": "$input.in.n"}}
DEFINITION = {
    "initialStateName": "S",
    "states": [
        {"stateName": "S", "onInput": {"events": [{**EVENT, "actions": [KEEP]}]}},
        {"stateName": "T"},
    ],
}
MODELS = models_of({"detectorModelName": "m", "key": "d", "detectorModelDefinition": DEFINITION})


def cloud_of(count: int) -> Cloud:
    """A cloud with so many detectors, k0 to k…"""
    cloud = Cloud()
    activated(cloud, MODELS)
    run = runner_of(cloud, MODELS, FakeClock().clock)
    for number in range(count):
        body = {"d": f"k{number}", "n": number}
        run({"Records": [message(number + 1, body, sent=NOW, key=f"k{number}")]})
    return cloud


def api_of(cloud: Cloud, *, later: int = 0) -> DetectorsEndpoint:
    """The API over this cloud, so many seconds later."""
    clock = FakeClock(now=10.0 + later).clock
    wake_ups = WakeUps(SETTINGS, cloud, cloud, clock)
    detectors = Detectors(MODELS, DetectorTable(cloud, "table"), wake_ups, clock, lambda: "token")
    return DetectorsEndpoint(detectors, clock, min_timer_seconds=60)


def asked(api: DetectorsEndpoint, operation: str, path: str, query: str = "", body: object = None):
    """Status, error type and body of an answer."""
    request = Request("GET", path, {}, query, json.dumps(body) if body is not None else "", id="r")
    response = getattr(api, operation)(request)
    return response.status, response.headers.get("x-amzn-errortype"), json.loads(response.body)


def test_a_detector_is_described_in_awss_members() -> None:
    """Variables as JSON texts, times in seconds with milliseconds."""
    status, _, body = asked(api_of(cloud_of(3)), "describe", "/detectors/m/keyValues/", "keyValue=k2")

    assert status == 200
    assert body == {
        "detector": {
            "detectorModelName": "m",
            "keyValue": "k2",
            "detectorModelVersion": "1",
            "state": {"stateName": "S", "variables": [{"name": "n", "value": "2"}], "timers": []},
            "creationTime": NOW / 1000,
            "lastUpdateTime": NOW / 1000,
        }
    }


def test_the_detector_of_a_model_without_a_key_has_no_key_value() -> None:
    """Asked for without one, and without the member in either answer, as AWS's were."""
    definition = {"detectorModelName": "m", "detectorModelDefinition": DEFINITION}
    models, cloud, clock = models_of(definition), Cloud(), FakeClock(now=10.0).clock
    activated(cloud, models)
    runner_of(cloud, models, clock)({"Records": [message(1, {"n": 1}, sent=NOW, key=None)]})
    detectors = Detectors(
        models, DetectorTable(cloud, "table"), WakeUps(SETTINGS, cloud, cloud, clock), clock, lambda: "t"
    )
    api = DetectorsEndpoint(detectors, clock, min_timer_seconds=60)

    _, _, described = asked(api, "describe", "/detectors/m/keyValues/")
    _, _, listed = asked(api, "list", "/detectors/m")

    assert described["detector"]["state"]["stateName"] == "S"
    assert "keyValue" not in described["detector"]
    assert [list(one) for one in listed["detectorSummaries"]] == [
        ["detectorModelName", "detectorModelVersion", "state", "creationTime", "lastUpdateTime"]
    ]


def token_of(text: str) -> str:
    """A token as the API writes one, of any text."""
    return quote(base64.urlsafe_b64encode(text.encode()).decode())


@pytest.mark.parametrize(
    ("operation", "path", "query", "status", "kind"),
    [
        ("describe", "/detectors/m/keyValues/", "keyValue=nobody", 404, "ResourceNotFoundException"),
        ("describe", "/detectors/m/keyValues/", "", 404, "ResourceNotFoundException"),
        ("describe", "/detectors/gone/keyValues/", "keyValue=k0", 404, "ResourceNotFoundException"),
        ("describe", "/detectors/m/keyValues/", "keyValue=a%20b", 400, "InvalidRequestException"),
        ("describe", "/detectors/m/other/", "keyValue=k0", 400, "InvalidRequestException"),
        ("list", "/detectors/gone", "", 404, "ResourceNotFoundException"),
        ("list", "/detectors/m", "maxResults=0", 400, "InvalidRequestException"),
        ("list", "/detectors/m", "maxResults=251", 400, "InvalidRequestException"),
        ("list", "/detectors/m", "maxResults=ten", 400, "InvalidRequestException"),
        ("list", "/detectors/m", "nextToken=nonsense", 400, "InvalidRequestException"),
        ("list", "/detectors/m", "nextToken=OTkv", 400, "InvalidRequestException"),
        *(
            ("list", "/detectors/m", f"nextToken={token_of(text)}", 400, "InvalidRequestException")
            for text in (
                "8/",
                "-1/k0",
                "\u0661/",
                "0_0/",
                "1",
                "0/a b",
                "0/k0/k1",
                "0/..",
                f"0/{'k' * 129}",
                "0/\u00e9",
            )
        ),
    ],
)
def test_what_is_not_there_or_cannot_be_asked_for(operation, path, query, status, kind) -> None:
    """AWS's status and error, and a message."""
    found, found_kind, body = asked(api_of(cloud_of(1)), operation, path, query)

    assert (found, found_kind) == (status, kind)
    assert body["message"]


def pages(api: DetectorsEndpoint, query: str) -> list[list[str]]:
    """The keys of each page of a list, up to the last."""
    found, token = [], ""
    while True:
        status, _, body = asked(api, "list", "/detectors/m", f"{query}{token}")
        assert status == 200
        found.append([one["keyValue"] for one in body["detectorSummaries"]])
        if "nextToken" not in body:
            return found
        token = f"&nextToken={quote(body['nextToken'])}"


@given(st.integers(0, 12), st.integers(1, 13))
def test_pages_hold_every_detector_once(count, size) -> None:
    """Whatever the size of a page, and never more than that."""
    found = pages(api_of(cloud_of(count)), f"maxResults={size}")

    assert all(len(page) <= size for page in found)
    assert sorted(key for page in found for key in page) == sorted(f"k{number}" for number in range(count))


@given(st.sets(st.integers(0, 15)), st.sets(st.integers(0, 15)), st.integers(1, 17))
def test_pages_of_one_state_hold_its_detectors_once(moved, gone, size) -> None:
    """Those of other states and those that are gone lie between them."""
    cloud = cloud_of(16)
    for (_, key), item in cloud.items.items():
        number = int(key.removeprefix("k")) if key.startswith("k") else -1
        if number in moved:
            item["stateName"] = {"S": "T"}
        if number in gone:
            item.pop("stateName")
    found = pages(api_of(cloud), f"maxResults={size}&stateName=T")

    assert all(len(page) <= size for page in found)
    assert sorted(key for page in found for key in page) == sorted(f"k{number}" for number in moved - gone)


def test_a_page_makes_a_bounded_number_of_queries() -> None:
    """However many detectors the model once had: the token goes on where it stopped."""
    cloud = cloud_of(1)
    [living] = [item for (_, key), item in cloud.items.items() if key == "k0"]
    gone = {name: value for name, value in living.items() if name not in {"state", "stateName"}}
    for number in range(1, 3000):
        place = item_key("m", f"k{number}")
        cloud.items[place["pk"]["S"], place["sk"]["S"]] = {**gone, **place}
    cloud.calls.clear()
    found = pages(api_of(cloud), "maxResults=10")

    assert [key for page in found for key in page] == ["k0"]
    assert cloud.calls.count("query") <= QUERIES * len(found)
    asked(api_of(cloud), "list", "/detectors/m", "maxResults=10&stateName=nowhere")
    assert cloud.calls[cloud.calls.index("query") :].count("query") <= QUERIES * (len(found) + 1)


def test_a_list_starts_no_query_when_its_time_is_over() -> None:
    """It gives what it has, and the token."""
    cloud = cloud_of(9)
    request = Request("GET", "/detectors/m", {}, "maxResults=250", id="r", remaining=LAST_START - 1)
    body = json.loads(api_of(cloud).list(request).body)

    assert cloud.calls.count("query") == 1
    assert body["nextToken"]


def change(**members) -> dict:
    """A request with one change."""
    state = {"stateName": "T", "variables": [], "timers": []}
    return {"detectors": [{"messageId": "1", "detectorModelName": "m", "keyValue": "k0", "state": state, **members}]}


def test_a_detector_is_put_into_a_state_and_its_timer_armed_first() -> None:
    """What is not given is cleared; the wake-up is there before the timer is stored."""
    cloud = cloud_of(1)
    cloud.calls.clear()
    state = {"stateName": "T", "variables": [{"name": "v", "value": "1.50"}], "timers": [{"name": "t", "seconds": 60}]}

    answer = asked(api_of(cloud), "update", "/detectors", body=change(state=state))

    assert answer == (200, None, {"batchUpdateDetectorErrorEntries": []})
    assert cloud.calls == ["batch_get_item", "send_message", "put_item"]
    _, _, body = asked(api_of(cloud), "describe", "/detectors/m/keyValues/", "keyValue=k0")
    assert body["detector"]["state"] == {
        "stateName": "T",
        "variables": [{"name": "v", "value": "1.50"}],
        "timers": [{"name": "t", "timestamp": 1_700_000_070}],
    }


def test_changes_leave_no_wake_ups_behind() -> None:
    """One that is under way already and comes no later is the change's too; an earlier timer gets one of its own."""
    cloud = cloud_of(1)

    assert [put(cloud, seconds) for seconds in (600, 600, 3600, 86_400, 60, 90)] == [1, 1, 1, 1, 2, 2]


def test_a_change_waits_for_no_wake_up_that_is_late() -> None:
    """It may be a dead letter, or an hour away where the detector was too large to be stored."""
    cloud = cloud_of(1)

    assert [put(cloud, 600), put(cloud, 3600, later=599), put(cloud, 600, later=4300)] == [1, 1, 2]


def put(cloud: Cloud, seconds: int, *, later: int = 0) -> int:
    """How many wake-ups there are once the timer is so long."""
    state = {"stateName": "T", "variables": [], "timers": [{"name": "t", "seconds": seconds}]}
    assert asked(api_of(cloud, later=later), "update", "/detectors", body=change(state=state))[0] == 200
    return len(cloud.queues["wakes"]) + len(cloud.schedules)


def test_a_deleted_detector_remembers_what_it_has_handled() -> None:
    """A record that comes again after the deletion does not bring it back; a new message does."""
    cloud = cloud_of(1)
    gone = {"detectors": [{"messageId": "1", "detectorModelName": "m", "keyValue": "k0"}]}
    assert asked(api_of(cloud), "delete", "/detectors/delete", body=gone)[2] == {"batchDeleteDetectorErrorEntries": []}
    run = runner_of(cloud, MODELS, FakeClock().clock)

    run({"Records": [message(1, {"d": "k0", "n": 1}, sent=NOW, key="k0")]})
    assert asked(api_of(cloud), "describe", "/detectors/m/keyValues/", "keyValue=k0")[0] == 404

    run({"Records": [message(2, {"d": "k0", "n": 1}, sent=NOW, key="k0")]})
    assert asked(api_of(cloud), "describe", "/detectors/m/keyValues/", "keyValue=k0")[0] == 200


VARIABLE = {"name": "v", "value": "1"}
TIMER = {"name": "t", "seconds": 60}


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"variables": [{"name": "v", "value": '"' + "x" * 1023 + '"'}]}, "variables.1.member.value"),
        ({"variables": [{"name": "v", "value": ""}]}, "variables.1.member.value"),
        ({"variables": [{"name": "v"}]}, "variables.1.member.value"),
        ({"variables": [{"name": "v" * 129, "value": "1"}]}, "variables.1.member.name"),
        ({"variables": [{"name": "1v", "value": "1"}]}, "variables.1.member.name"),
        ({"variables": [{"value": "1"}]}, "variables.1.member.name"),
        ({"variables": [{"name": f"v{number}", "value": "1"} for number in range(51)]}, "state.variables"),
        ({"variables": [VARIABLE, {"name": "w", "value": "2"}, VARIABLE]}, "variable v stands 2 times"),
        ({"timers": [{"name": f"t{number}", "seconds": 60} for number in range(6)]}, "state.timers"),
        ({"timers": [TIMER, TIMER]}, "timer t stands 2 times"),
        ({"timers": [{"name": "t" * 129, "seconds": 60}]}, "timers.1.member.name"),
        ({"timers": [{"seconds": 60}]}, "timers.1.member.name"),
        ({"timers": [{"name": "t"}]}, "at least 60"),
        ({"timers": [{"name": "t", "seconds": 31_622_401}]}, "timers.1.member.seconds"),
        ({"stateName": "T" * 129}, "state.stateName"),
        ({"stateName": None}, "state.stateName"),
    ],
)
def test_what_no_detector_can_hold_is_that_entrys_error_alone(state: dict, named: str) -> None:
    """The place is named, the entry before and the one after are done, and the detector is as it was."""
    cloud = cloud_of(3)
    wrong = {**change()["detectors"][0]["state"], **state}
    entries = [{**change()["detectors"][0], "messageId": f"m{number}", "keyValue": f"k{number}"} for number in range(3)]
    entries[1]["state"] = wrong

    status, _, body = asked(api_of(cloud), "update", "/detectors", body={"detectors": entries})

    [error] = body["batchUpdateDetectorErrorEntries"]
    assert (status, error["messageId"], error["errorCode"]) == (200, "m1", "InvalidRequestException")
    assert named in error["errorMessage"]
    assert sorted(key for page in pages(api_of(cloud), "stateName=T") for key in page) == ["k0", "k2"]


def test_the_largest_state_leaves_room_for_messages() -> None:
    """Every variable, name and timer as long as may be: the next message is handled, and is no dead letter."""
    cloud = cloud_of(1)
    variables = [
        {"name": f"v{number:03}".ljust(128, "v"), "value": '"' + "\U0001f600" * 1022 + '"'} for number in range(49)
    ] + [{"name": "n", "value": "1"}]
    timers = [{"name": f"t{number}".ljust(128, "t"), "seconds": 60} for number in range(5)]
    state = {"stateName": "S", "variables": variables, "timers": timers}
    assert asked(api_of(cloud), "update", "/detectors", body=change(state=state))[2] == {
        "batchUpdateDetectorErrorEntries": []
    }
    run = runner_of(cloud, MODELS, FakeClock().clock)
    run({"Records": [message(2, {"d": "k0", "n": 7}, sent=NOW, key="k0")]})

    [item] = [item for (_, key), item in cloud.items.items() if key == "k0"]
    assert cloud.queues["dead"] == []
    assert item["sequence"]["N"] == "2"
    assert asked(api_of(cloud), "describe", "/detectors/m/keyValues/", "keyValue=k0")[0] == 200


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_a_body_that_ten_changes_cannot_need_is_refused_unread(operation: str) -> None:
    """By its size."""
    request = Request("POST", "/detectors", {}, body=b"[" * (DETECTORS_BODY_BYTES + 1), id="r")
    response = getattr(api_of(Cloud()), operation)(request)

    assert response.status == 400
    assert str(DETECTORS_BODY_BYTES) in response.body


def test_a_change_that_there_is_no_time_for_is_not_begun() -> None:
    """The first is; of the others the answer says that they are to be sent again."""
    cloud = cloud_of(3)
    entries = [{**change()["detectors"][0], "messageId": f"m{number}", "keyValue": f"k{number}"} for number in range(3)]
    body = json.dumps({"detectors": entries})
    request = Request("POST", "/detectors", {}, body=body, id="r", remaining=LAST_START - 1)
    errors = json.loads(api_of(cloud).update(request).body)["batchUpdateDetectorErrorEntries"]

    assert [(one["messageId"], one["errorCode"]) for one in errors] == [
        ("m1", "ServiceUnavailableException"),
        ("m2", "ServiceUnavailableException"),
    ]
    assert [key for page in pages(api_of(cloud), "stateName=T") for key in page] == ["k0"]


REFUSALS = [
    ("ProvisionedThroughputExceededException", 429, "ThrottlingException"),
    ("InternalServerError", 503, "ServiceUnavailableException"),
    ("ValidationException", 500, "InternalFailureException"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize(
    ("operation", "path", "query"),
    [("describe", "/detectors/m/keyValues/", "keyValue=k0"), ("list", "/detectors/m", "")],
)
def test_what_cannot_be_read_now_says_when_to_come_again(operation, path, query, refusal) -> None:
    """Throttled or not there: AWS's status and error."""
    refused, *answer = refusal

    *found, body = asked(api_of(Refusing(refused)), operation, path, query)

    assert found == answer
    assert body["message"]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize(
    ("operation", "path", "answered"),
    [
        ("update", "/detectors", "batchUpdateDetectorErrorEntries"),
        ("delete", "/detectors/delete", "batchDeleteDetectorErrorEntries"),
    ],
)
def test_what_cannot_be_changed_now_is_that_entrys_error(operation, path, answered, refusal) -> None:
    """200, as AWS answers a batch, and the code that says whether to send it again."""
    refused, _, kind = refusal
    entry = change()["detectors"][0]
    if operation == "delete":
        entry.pop("state")

    status, _, body = asked(api_of(Refusing(refused)), operation, path, body={"detectors": [entry]})

    [error] = body[answered]
    assert (status, error["messageId"], error["errorCode"]) == (200, "1", kind)
    assert error["errorMessage"]


class Refusing(Cloud):
    """A cloud whose table refuses everything with a code."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def _batch_get_item(self, **_):
        raise aws_error(self._code, 500 if self._code == "InternalServerError" else 400)

    _query = _put_item = _update_item = _batch_get_item


@pytest.mark.parametrize(
    "body",
    [{}, {"detectors": []}, {"detectors": [{}]}, {"detectors": "x"}, {"detectors": change()["detectors"] * 11}, []],
    ids=["no list", "empty", "no names", "text", "eleven", "array"],
)
def test_a_request_that_is_none_is_refused_as_a_whole(body) -> None:
    """400, InvalidRequestException; nothing is changed."""
    cloud = cloud_of(1)

    status, kind, _ = asked(api_of(cloud), "delete", "/detectors/delete", body=body)

    assert (status, kind) == (400, "InvalidRequestException")


def test_a_change_between_reading_and_writing_is_seen() -> None:
    """The change is laid on what is stored then."""
    cloud = cloud_of(1)
    store = DetectorTable(cloud, "table")
    old = store.load([("m", "k0")])
    store.put(old[0]["m", "k0"])
    answers = iter([old])

    class Late(DetectorTable):
        """First sees the detector as it was."""

        def load(self, places):
            return next(answers, None) or super().load(places)

    clock = FakeClock().clock
    late = Late(cloud, "table")
    Detectors(MODELS, late, WakeUps(SETTINGS, cloud, cloud, clock), clock, lambda: "t").delete("m", "k0")

    assert asked(api_of(cloud), "describe", "/detectors/m/keyValues/", "keyValue=k0")[0] == 404
