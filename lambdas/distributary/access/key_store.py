"""The keys of one stage: their table and the master secrets, each read as seldom as revoking allows."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any, Literal, NamedTuple

from distributary.access.key import Key, derive_secret, version_of
from distributary.access.key_item import key_of
from distributary.aws import timeouts
from distributary.aws.call import call
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.errors import KeysUnavailable, SinkUnavailable
from distributary.settings import Settings

FRESH_SECONDS = 60.0
"""How long a key is not looked up again: the longest that a revoked key still works."""
GRACE_SECONDS = 600.0
"""How long a key goes on while the table cannot be read."""
PAUSE_SECONDS = 5.0
"""How long nothing is asked of a table or secret that could not be read, so that not every request waits for it."""
MAX_KEYS = 4096
"""Of these the longest unused is forgotten, and looked up again when it comes back."""


@dataclass(frozen=True, kw_only=True)
class AccessSettings(Settings):
    """Who is let in: callers with a key, with a JSON Web Token, or everybody."""

    auth: Literal["keys", "open"] = "keys"
    """Who may send: callers with a key (`make keys`), or anyone (`open`, never for the stage `prod`)."""


@dataclass(frozen=True, kw_only=True)
class KeySettings(AccessSettings):
    """Where keys are, and what stands for them in a token."""

    key_table_name: str = ""
    key_secret_arn: str = ""
    """The master secrets; this and the table's name are empty with auth `open`."""
    jwt_source_claim: str = ""
    """The claim of a JWT that names the `source` of its events; empty where `/v1/events` takes keys."""
    jwt_sinks_claim: str = ""
    """The claim that names the sinks it may write to; empty for all of them."""

    def faults(self) -> Iterator[str]:
        """As above, and a claim where nobody is asked."""
        yield from super().faults()
        if self.jwt_source_claim and self.auth == "open":
            yield "jwt_source_claim contradicts auth = 'open', where nobody is asked who they are"


@dataclass(slots=True)
class _Seen:
    """What the table said of a key id (None: there is none), when, and the last day whose use was noted there."""

    key: Key | None
    at: float
    noted: str = ""


class _Pause(NamedTuple):
    """From when on, in seconds since 1970, and how long nothing is asked."""

    since: float
    seconds: float

    def lasts(self, now: float) -> bool:
        """Whether it is not over; a clock that was set back ends it, so that it is never longer."""
        return 0 <= now - self.since < self.seconds


def _noted() -> None:
    """Nothing was to be written."""


class KeyStore:
    """Gives the secret that a key id must come with, and then the key.

    Ages are taken from the clock's `time`, not `monotonic`: an environment is frozen between two requests, and a
    revoked key must not outlive that.
    """

    def __init__(self, dynamodb: Any, secretsmanager: Any, *, table_name: str, secret_id: str, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._clock = clock
        self._masters = _MasterSecrets(secretsmanager, secret_id, clock)
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._pause = _Pause(0.0, 0.0)

    def read_ahead(self) -> None:
        """Begin to read the master secrets: for a function that has more to import before its first request."""
        self._masters.read_ahead()

    def secret(self, key_id: str) -> str | None:
        """The secret of this id, whether or not there is such a key; None for an id that cannot be ours.

        Since it is derived and not looked up, whoever does not know it learns nothing of which ids there are, costs
        no call and fills no cache. Raises KeysUnavailable where the master secret cannot be read.
        """
        version = version_of(key_id)
        master = self._masters.get(version) if version else None
        return derive_secret(master, key_id) if master else None

    def find(self, key_id: str) -> Key | None:
        """The key as the table had it a minute ago or later; None if there is none, or it is revoked or expired.

        One GetItem at most per id and minute. Raises KeysUnavailable for one not seen in ten minutes while the table
        cannot be read.
        """
        key = self._look_up(key_id).key
        return key if key and key.is_live(self._clock.time()) else None

    def note_use(self, key: Key) -> Callable[[], None]:
        """Begin to write down that the key was used today: one UpdateItem at most per key and day.

        What is returned waits for its end. Where it fails, nothing is written.
        """
        now = self._clock.time()
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        seen = self._seen.get(key.id)
        if seen is None or today in (key.last_used, seen.noted) or self._pause.lasts(now):
            return _noted
        seen.noted = today
        writing = Thread(target=self._write_use, args=(key.id, today), name="last use")
        writing.start()
        return writing.join

    def _write_use(self, key_id: str, today: str) -> None:
        # The last use is for people to look at: it is worth no refusal, and tomorrow comes.
        with suppress(SinkUnavailable):
            call(
                self._dynamodb.update_item,
                TableName=self._table_name,
                Key={"id": {"S": key_id}},
                UpdateExpression="SET last_used = :today",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues={":today": {"S": today}},
            )

    def _look_up(self, key_id: str) -> _Seen:
        now = self._clock.time()
        seen = self._seen.get(key_id)
        if seen and 0 <= now - seen.at < FRESH_SECONDS:
            self._seen.move_to_end(key_id)
            return seen
        cause = "Paused"
        if not self._pause.lasts(now):
            try:
                return self._remember(key_id, _Seen(self._read(key_id), now, seen.noted if seen else ""))
            except SinkUnavailable as error:
                self._pause = _Pause(self._clock.time(), PAUSE_SECONDS)
                cause = error.code
        if seen and seen.key and 0 <= now - seen.at < GRACE_SECONDS:
            return seen
        raise KeysUnavailable(cause, int(PAUSE_SECONDS))

    def _read(self, key_id: str) -> Key | None:
        key = {"id": {"S": key_id}}
        answer = call(self._dynamodb.get_item, TableName=self._table_name, Key=key, ConsistentRead=True)
        return key_of(answer["Item"]) if "Item" in answer else None

    def _remember(self, key_id: str, seen: _Seen) -> _Seen:
        self._seen[key_id] = seen
        self._seen.move_to_end(key_id)
        if len(self._seen) > MAX_KEYS:
            self._seen.popitem(last=False)
        return seen


def key_store(settings: KeySettings, clients: Clients, clock: Clock) -> KeyStore | None:
    """The keys of this stage, of which nothing is read yet; None where the stage is open to all."""
    if settings.auth == "open":
        return None
    return KeyStore(
        clients.make("dynamodb", read_timeout=timeouts.READ_KEY),
        clients.make("secretsmanager", read_timeout=timeouts.READ_KEY),
        table_name=settings.key_table_name,
        secret_id=settings.key_secret_arn,
        clock=clock,
    )


class _MasterSecrets:
    """Every living version, read once, and again (at most once a minute) when a key of an unknown version comes."""

    def __init__(self, secretsmanager: Any, secret_id: str, clock: Clock) -> None:
        self._secretsmanager = secretsmanager
        self._secret_id = secret_id
        self._clock = clock
        self._versions: dict[str, str] = {}
        self._pause = _Pause(0.0, 0.0)
        self._failure = ""
        self._ahead: Thread | None = None

    def read_ahead(self) -> None:
        """Begin to read. Where that fails, it has not been tried: the environment may have been frozen over it."""
        self._ahead = Thread(target=self._read_ahead, name="master secrets", daemon=True)
        self._ahead.start()

    def _read_ahead(self) -> None:
        self._read()
        if self._failure:
            self._pause, self._failure = _Pause(0.0, 0.0), ""

    def get(self, version: str) -> str | None:
        """The master secret of a version. Raises KeysUnavailable where it is not known and the last read failed."""
        if self._ahead:
            self._ahead.join()
            self._ahead = None
        if version not in self._versions and not self._pause.lasts(self._clock.time()):
            self._read()
        if version not in self._versions and self._failure:
            raise KeysUnavailable(self._failure, int(PAUSE_SECONDS))
        return self._versions.get(version)

    def _read(self) -> None:
        try:
            answer = call(self._secretsmanager.get_secret_value, SecretId=self._secret_id)
            self._versions = read_versions(answer["SecretString"])
            self._failure = ""
        except SinkUnavailable as error:
            self._failure = error.code
        except (KeyError, ValueError) as error:
            self._failure = type(error).__name__
        self._pause = _Pause(self._clock.time(), PAUSE_SECONDS if self._failure else FRESH_SECONDS)


def read_versions(text: str) -> dict[str, str]:
    """The master secrets by version, from the secret's JSON (`{"1": "…", "2": "…"}`). Raises ValueError for another."""
    versions = json.loads(text)
    if not isinstance(versions, dict) or not all(isinstance(one, str) and one for one in versions.values()):
        raise ValueError("the master secret must be a JSON object of texts by version")
    return versions
