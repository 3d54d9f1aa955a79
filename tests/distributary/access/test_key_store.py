import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from fake_clock import FakeClock

from distributary.access.key import Key, derive_secret
from distributary.access.key_item import item_of
from distributary.access.key_store import MAX_KEYS, KeySettings, KeyStore, key_store, read_versions
from distributary.aws import timeouts
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.errors import KeysUnavailable, SinkUnavailable

ID = "DK1AAAAAAAAAAAAAAAA"
NEWER = "DK2AAAAAAAAAAAAAAAA"
KEY = Key(id=ID, name="hall", sinks=frozenset({"kinesis"}))


def refused(code: str) -> ClientError:
    """What botocore raises for an answer of AWS's."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


@dataclass
class FakeTable:
    """DynamoDB's two calls on one table: `failure` is raised by each, `reads` and `updates` list them."""

    keys: dict[str, Key] = field(default_factory=dict)
    failure: Exception | None = None
    reads: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)

    def get_item(self, **call: Any) -> dict[str, Any]:
        assert call["TableName"] == "keys"
        assert call["ConsistentRead"] is True
        self.reads.append(call["Key"]["id"]["S"])
        if self.failure:
            raise self.failure
        key = self.keys.get(self.reads[-1])
        return {"Item": item_of(key)} if key else {}

    def update_item(self, **call: Any) -> None:
        assert call["TableName"] == "keys"
        assert call["UpdateExpression"] == "SET last_used = :today"
        assert call["ConditionExpression"] == "attribute_exists(id)"  # a deleted key stays deleted
        self.updates.append(call["ExpressionAttributeValues"][":today"]["S"])
        if self.failure:
            raise self.failure
        key = self.keys[call["Key"]["id"]["S"]]
        self.keys[key.id] = replace(key, last_used=self.updates[-1])


@dataclass
class FakeSecrets:
    """Secrets Manager's one call: `text` is the secret, or the exception that is raised."""

    text: str | Exception
    reads: int = 0

    def get_secret_value(self, **call: Any) -> dict[str, Any]:
        assert call == {"SecretId": "master"}
        self.reads += 1
        if isinstance(self.text, Exception):
            raise self.text
        return {"SecretString": self.text}


class World:
    """A store with its fakes."""

    def __init__(self) -> None:
        self.time = FakeClock()
        self.table = FakeTable({ID: KEY})
        self.secrets = FakeSecrets(json.dumps({"1": "first"}))
        self.store = self.another_environment()

    def another_environment(self) -> KeyStore:
        return KeyStore(self.table, self.secrets, table_name="keys", secret_id="master", clock=self.time.clock)


@pytest.fixture
def world() -> World:
    """A store whose table has one key."""
    return World()


# ── the table ──


def test_a_key_is_looked_up_once_a_minute(world: World) -> None:
    """A hundred requests in a minute are one GetItem, the one after it the second."""
    for _ in range(100):
        world.store.find(ID)
        world.time.now += 0.59

    assert len(world.table.reads) == 1

    world.time.now = 60.0

    assert world.store.find(ID) == KEY
    assert len(world.table.reads) == 2


def test_an_unknown_id_is_looked_up_once_a_minute_too(world: World) -> None:
    """That there is no such key is remembered like a key."""
    assert [world.store.find(NEWER) for _ in range(9)] == [None] * 9
    assert world.table.reads == [NEWER]

    world.table.keys[NEWER] = replace(KEY, id=NEWER)
    world.time.now += 60

    assert world.store.find(NEWER) is not None


def test_a_revoked_key_stops_within_a_minute(world: World) -> None:
    """It goes on in the second before, since nobody asked the table, and not after."""
    world.store.find(ID)
    world.table.keys[ID] = replace(KEY, revoked=1.0)
    world.time.now += 59.9

    assert world.store.find(ID)

    world.time.now += 0.1

    assert world.store.find(ID) is None


def test_a_deleted_key_stops_within_a_minute(world: World) -> None:
    """No item is no key."""
    world.store.find(ID)
    del world.table.keys[ID]
    world.time.now += 60

    assert world.store.find(ID) is None


def test_an_expired_key_stops_at_once(world: World) -> None:
    """No look-up is needed for that, and no outage prolongs it."""
    world.table.keys[ID] = replace(KEY, expires=world.time.since_1970 + 10)
    world.time.now = 9.9

    assert world.store.find(ID)

    world.table.failure = refused("InternalServerError")
    world.time.now = 10

    assert world.store.find(ID) is None
    assert len(world.table.reads) == 1


@pytest.mark.parametrize("failure", [refused("ThrottlingException"), EndpointConnectionError(endpoint_url="x")])
def test_a_key_seen_in_ten_minutes_goes_on_while_the_table_cannot_be_read(world: World, failure: Exception) -> None:
    """Ten minutes after it was last read it is 503, not 401: nobody said that it is wrong."""
    world.store.find(ID)
    world.table.failure = failure
    world.time.now = 599.9

    assert world.store.find(ID) == KEY

    world.time.now = 600

    with pytest.raises(KeysUnavailable) as unavailable:
        world.store.find(ID)
    assert unavailable.value.retry_after >= 1


def test_a_key_not_seen_is_unavailable_while_the_table_cannot_be_read(world: World) -> None:
    """The cause is AWS's code, for the log."""
    world.table.failure = refused("AccessDeniedException")

    with pytest.raises(KeysUnavailable) as unavailable:
        world.store.find(ID)
    assert unavailable.value.cause == "AccessDeniedException"


def test_an_id_known_as_unknown_is_not_let_in_by_an_outage(world: World) -> None:
    """After its minute it is unavailable like any other: it may have been created since."""
    world.store.find(NEWER)
    world.table.failure = refused("ThrottlingException")
    world.time.now = 61

    with pytest.raises(KeysUnavailable):
        world.store.find(NEWER)


def test_a_table_that_failed_is_not_asked_by_every_request(world: World) -> None:
    """For five seconds nobody waits for its time-outs; then it is asked again, and answers."""
    world.table.failure = refused("ThrottlingException")
    causes = []
    for _ in range(50):
        with pytest.raises(KeysUnavailable) as unavailable:
            world.store.find(ID)
        causes.append((unavailable.value.cause, unavailable.value.retry_after))

    assert causes == [("ThrottlingException", 5)] + [("Paused", 5)] * 49
    assert len(world.table.reads) == 1

    world.table.failure = None
    world.time.now += 5

    assert world.store.find(ID) == KEY


def test_a_clock_that_goes_back_makes_nothing_fresh(world: World) -> None:
    """An age below zero is no age: the table is asked."""
    world.store.find(ID)
    world.time.now -= 1000
    world.store.find(ID)

    assert len(world.table.reads) == 2


@pytest.mark.parametrize("back", [0.1, 1000.0])
def test_a_clock_that_goes_back_prolongs_no_grace(world: World, back: float) -> None:
    """While the table cannot be read, a key of before the clock was set is one of which nothing is known."""
    world.store.find(ID)
    world.table.failure = refused("ThrottlingException")
    world.time.now -= back

    with pytest.raises(KeysUnavailable):
        world.store.find(ID)


def test_a_clock_that_goes_back_prolongs_no_pause(world: World) -> None:
    """The table and the secret that failed are asked again at once, not after as long as the clock was set back."""
    sound, world.table.failure, world.secrets.text = world.secrets.text, refused("Throttling"), refused("Throttling")
    for ask in (world.store.find, world.store.secret):
        with pytest.raises(KeysUnavailable):
            ask(ID)
    world.table.failure, world.secrets.text = None, sound
    world.time.now -= 1000

    assert world.store.find(ID) == KEY
    assert world.store.secret(ID) == derive_secret("first", ID)


def test_the_keys_remembered_are_bounded(world: World) -> None:
    """The longest unused goes: here it is looked up again, while the first, just used, is not."""
    world.store.find(ID)
    for number in range(MAX_KEYS):
        world.store.find(ID)
        world.store.find(f"absent-{number}")
    world.store.find(ID)
    world.store.find("absent-0")

    assert len(world.store._seen) == MAX_KEYS
    assert world.table.reads.count(ID) == 1
    assert world.table.reads.count("absent-0") == 2


# ── the last use ──


def use(store: KeyStore) -> None:
    """A request with the key."""
    key = store.find(ID)
    assert key
    store.note_use(key)()


def test_the_use_of_a_key_is_written_once_a_day(world: World) -> None:
    """One UpdateItem for a day's requests, and one for the next day's."""
    for _ in range(2000):
        use(world.store)
        world.time.now += 43.2

    # The fake time starts at 2023-11-14T22:13:20Z.
    assert world.table.updates == ["2023-11-14", "2023-11-15"]


def test_a_use_is_written_beside_what_the_request_does(world: World) -> None:
    """It begins at once and waits for nothing; whoever asked waits for its end."""
    key = world.store.find(ID)
    assert key
    begun, go_on = Event(), Event()
    update = world.table.update_item

    def slow(**call: Any) -> None:
        begun.set()
        assert go_on.wait(5)
        update(**call)

    world.store._dynamodb = SimpleNamespace(update_item=slow)
    ended = world.store.note_use(key)

    assert begun.wait(5)
    assert world.table.updates == []
    go_on.set()
    ended()
    assert world.table.updates == ["2023-11-14"]


def test_the_day_of_a_use_is_utcs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the function believes to be: it is another day in Tokyo already."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        use(world.store)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert world.table.updates == ["2023-11-14"]


def test_another_environment_sees_that_the_use_was_written(world: World) -> None:
    """The item says so already: no second UpdateItem."""
    use(world.store)
    use(world.another_environment())

    assert len(world.table.updates) == 1


@pytest.mark.parametrize("failure", [refused("AccessDeniedException"), SinkUnavailable("500", "", retryable=True)])
def test_a_use_that_cannot_be_written_fails_nothing(world: World, failure: Exception) -> None:
    """Not this request, not the next look-up, and it is not tried again on the same day."""
    key = world.store.find(ID)
    assert key
    world.table.failure = failure
    world.store.note_use(key)()
    world.table.failure = None
    world.time.now += 61
    use(world.store)

    assert len(world.table.updates) == 1


def test_no_use_is_written_while_the_table_cannot_be_read(world: World) -> None:
    """A call that would most likely wait for its time-out is left out; the day's use is written later."""
    use(world.another_environment())
    world.table.keys[ID] = KEY
    world.table.updates.clear()
    world.store.find(ID)
    world.table.failure = refused("ThrottlingException")
    world.time.now += 60
    use(world.store)

    assert world.table.updates == []

    world.table.failure = None
    world.time.now += 60
    use(world.store)

    assert len(world.table.updates) == 1


# ── the master secret ──


def test_the_master_secret_is_read_once(world: World) -> None:
    """A key's secret is derived from it, also for an id that the table does not have, without asking the table."""
    secrets = {world.store.secret(ID) for _ in range(100)}
    world.store.secret("DK1BBBBBBBBBBBBBBBB")

    assert secrets == {derive_secret("first", ID)}
    assert world.secrets.reads == 1
    assert world.table.reads == []


def test_an_id_that_is_none_of_ours_costs_no_call(world: World) -> None:
    """An access key of AWS's, for one."""
    assert world.store.secret("AKIAIOSFODNN7EXAMPLE") is None
    assert world.secrets.reads == 0


def test_a_new_version_is_read_when_its_first_key_comes(world: World) -> None:
    """After a rotation both versions work, at the price of one call."""
    world.store.secret(ID)
    world.time.now += 60
    world.secrets.text = json.dumps({"1": "first", "2": "second"})

    assert world.store.secret(NEWER) == derive_secret("second", NEWER)
    assert world.store.secret(ID) == derive_secret("first", ID)
    assert world.secrets.reads == 2


def test_ids_of_versions_that_never_were_cost_a_call_a_minute(world: World) -> None:
    """Whoever makes up versions does not make us ask for each."""
    for number in range(1000):
        assert world.store.secret(f"DK{number + 2}AAAAAAAAAAAAAAAA") is None
        world.time.now += 0.0599

    assert world.secrets.reads == 1

    world.time.now = 60
    world.store.secret(NEWER)

    assert world.secrets.reads == 2


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (refused("AccessDeniedException"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="x"), "EndpointConnectionError"),
        (KeyError("SecretString"), "KeyError"),
        ("no JSON", "JSONDecodeError"),
        *((text, "ValueError") for text in ("[]", '{"1": 5}', '{"1": ""}', "null")),
    ],
)
def test_a_master_secret_that_cannot_be_read_is_unavailable(world: World, text: str | Exception, cause: str) -> None:
    """It is asked for again after five seconds; known versions go on meanwhile. The cause is for the log."""
    world.store.secret(ID)
    sound, world.secrets.text = world.secrets.text, text
    world.time.now += 60
    for _ in range(9):
        with pytest.raises(KeysUnavailable) as unavailable:
            world.store.secret(NEWER)
        assert (unavailable.value.cause, unavailable.value.retry_after) == (cause, 5)

    assert world.store.secret(ID)
    assert world.secrets.reads == 2

    world.secrets.text = sound
    world.time.now += 5

    assert world.store.secret(NEWER) is None


def test_no_error_shows_a_master_secret() -> None:
    """A broken secret is still one."""
    for text in ('{"1": "s3cret"', '["s3cret"]', '{"1": ["s3cret"]}'):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - json's own error is one of the three
            read_versions(text)
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("text", ["[]", '{"1": 5}', '{"1": "", "2": "sound"}'])
def test_a_master_secret_of_another_form_is_an_error_that_says_the_form(text: str) -> None:
    """For whoever reads it in the log of `make keys`."""
    with pytest.raises(ValueError, match=r"^the master secret must be a JSON object of texts by version$"):
        read_versions(text)


def test_a_stage_with_keys_waits_a_second_for_them_at_most() -> None:
    """The clients of table and secret have a short read timeout; an open stage has neither."""
    here = Clients({"AWS_REGION": "eu-west-1"})
    closed = KeySettings(key_table_name="keys", key_secret_arn="arn")
    clock = Clock()
    store = key_store(closed, here, clock)

    assert store is not None
    clients = (store._dynamodb, store._masters._secretsmanager)
    assert [client._connections._read for client in clients] == [timeouts.READ_KEY] * 2
    assert [client._service.name for client in clients] == ["dynamodb", "secretsmanager"]
    assert (store._table_name, store._masters._secret_id) == ("keys", "arn")
    assert store._clock is store._masters._clock is clock
    assert key_store(replace(closed, auth="open"), here, Clock()) is None


# ── read ahead ──


def test_secrets_that_were_read_ahead_are_not_read_again(world: World) -> None:
    """The first request waits for the call that is under way, and makes none."""
    world.store.read_ahead()

    assert world.store.secret(ID) == derive_secret("first", ID)
    assert world.secrets.reads == 1


def test_a_request_waits_for_what_is_being_read(world: World) -> None:
    """A second call beside the first would be no quicker."""
    arrived = Event()
    read = world.secrets.get_secret_value

    def slow(**call: Any) -> dict[str, Any]:
        assert arrived.wait(5)
        return read(**call)

    world.secrets.get_secret_value = slow  # type: ignore[method-assign]
    world.store.read_ahead()
    asking = ThreadPoolExecutor(1).submit(world.store.secret, ID)

    assert not asking.done()
    arrived.set()
    assert asking.result(5) == derive_secret("first", ID)
    assert world.secrets.reads == 1


def test_a_failed_read_ahead_is_as_none(world: World) -> None:
    """An environment that was frozen over the call asks again at its first request, without a pause."""
    world.secrets.text = SinkUnavailable("TimeoutError", "frozen", retryable=True)
    world.store.read_ahead()
    world.store._masters._ahead.join(5)  # type: ignore[union-attr]
    world.secrets.text = json.dumps({"1": "first"})

    assert world.store.secret(ID) == derive_secret("first", ID)
    assert world.secrets.reads == 2
