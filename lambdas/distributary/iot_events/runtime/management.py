"""What an operator does to detectors: look at one, list a model's, put one into a state, delete one.

Changes are laid on what is stored, whatever messages are on their way; they are not ordered with those.
"""

import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from distributary.clock import Clock
from distributary.errors import DistributaryError, SinkUnavailable
from distributary.iot_events.detector_key import ADDRESSABLE
from distributary.iot_events.engine.detector import MILLISECONDS, Detector
from distributary.iot_events.engine.state_update import NewState, updated
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.detector_item import KEYLESS, Row
from distributary.iot_events.runtime.detector_table import CONFLICT, SHARD_NUMBERS, DetectorTable
from distributary.iot_events.runtime.queue_record import WakeUp
from distributary.iot_events.runtime.wake_ups import Arming, WakeUps

WRITE_ATTEMPTS = 5
"""Of one change: between reading and writing, messages may change the detector."""
QUERIES = 8
"""Of one list: as many as a model has shards. A model may have had a million detectors that are gone."""
FILTERED = 100
"""Items that a list of one state looks through at least in a query: few of them may be in it."""
TOMBSTONE_SECONDS = 15 * 86_400
"""How long a deleted detector's last sequence number is kept: a day more than the queue keeps messages."""


class NoDetector(DistributaryError):
    """There is no such model, or no such detector of it."""


class BadToken(DistributaryError):
    """A token that no list has given."""


class BadState(DistributaryError):
    """A state that no detector of this model can be put into."""


class Summary(NamedTuple):
    """One line of a list; `created` and `updated` are epoch milliseconds."""

    key: str | None
    version: str
    state: str
    created: int
    updated: int


class Detectors:
    """Raises NoDetector and BadState for what cannot be, SinkUnavailable for what AWS did not do."""

    def __init__(
        self, models: Models, store: DetectorTable, wake_ups: WakeUps, clock: Clock, token: Callable[[], str]
    ) -> None:
        self._models = models
        self._store = store
        self._wake_ups = wake_ups
        self._clock = clock
        self._token = token

    def find(self, model: str, key: str | None) -> Row:
        """The detector as it is stored."""
        rows, _ = self._store.load([(model, key)]) if model in self._models else ({}, {})
        row = rows.get((model, key))
        if row is None or not row.exists:
            raise NoDetector(f"there is no detector {key or ''} of a model {model}")
        return row

    def list(
        self, model: str, state: str | None, after: str | None, limit: int, *, seconds: float = math.inf
    ) -> tuple[list[Summary], str | None]:
        """Up to `limit` detectors of the model, and the token after which there may be more. Raises BadToken too.

        It makes a bounded number of queries and starts none after so many `seconds`: it may find fewer than there are,
        or none, with a token.
        """
        version = self._store.versions([model]).get(model) if model in self._models else None
        if version is None:
            raise NoDetector(f"there is no model {model}")
        end = self._clock.monotonic() + seconds
        found: list[Summary] = []
        shard, last = _read_token(after)
        for _ in range(QUERIES):
            wanted = limit - len(found)
            items, later = self._store.page(model, shard, last, wanted if state is None else max(wanted, FILTERED))
            summaries, last = _first(wanted, items, later, version.number, state)
            found += summaries
            shard += last is None
            if shard not in SHARD_NUMBERS:
                return found, None
            if len(found) >= limit or self._clock.monotonic() > end:
                break
        return found, _token(shard, last)

    def put(self, model: str, key: str | None, new: NewState) -> None:
        """Puts a detector into a state; nothing runs, and what is not given is cleared."""
        if model in self._models:
            states = [one.name for one in self._models.definition(model).states]
            if new.state not in states:
                raise BadState(f"there is no state {new.state}")

        def change(row: Row) -> Row:
            return row._replace(detector=updated(row.detector, new, int(self._clock.time() * MILLISECONDS)))

        self._change(model, key, change)

    def delete(self, model: str, key: str | None) -> None:
        """Deletes a detector; the next message makes a new one."""
        expires = int(self._clock.time()) + TOMBSTONE_SECONDS
        self._change(model, key, lambda row: row._replace(detector=Detector(key), token="", expires=expires))

    def _change(self, model: str, key: str | None, change: Callable[[Row], Row]) -> None:
        for attempt in range(WRITE_ATTEMPTS):
            before = self.find(model, key)
            row = change(before)
            due, earlier = row.detector.next_due(), before.detector.next_due()
            # A wake-up that is under way and comes no later arms the next one: a change leaves no schedule behind.
            in_time = earlier is not None and due is not None and self._clock.time() < earlier <= due
            if due is not None and not (in_time and before.token):
                row = row._replace(token=self._token())
                wake_up = WakeUp(row.version, row.detector.created, row.token, due)
                self._wake_ups.arm(Arming(model, key, wake_up))
            try:
                self._store.put(row)
            except SinkUnavailable as error:
                if error.code != CONFLICT or attempt == WRITE_ATTEMPTS - 1:
                    raise
            else:
                return


def _first(
    wanted: int, items: Sequence[Mapping[str, Any]], later: str | None, version: str, state: str | None
) -> tuple[list[Summary], str | None]:
    """As many of the items as are wanted, and the key after which to go on; `later` is the one after all of them."""
    found: list[Summary] = []
    for number, item in enumerate(items, start=1):
        found += [one] if (one := _summary(item, version, state)) else []
        if len(found) == wanted and number < len(items):
            return found, str(item["sk"]["S"])
    return found, later


def _summary(item: Mapping[str, Any], version: str, state: str | None) -> Summary | None:
    if "stateName" not in item or item["version"]["S"] != version or state not in {None, item["stateName"]["S"]}:
        return None
    key = item["sk"]["S"]
    times = int(item["created"]["N"]), int(item["updated"]["N"])
    return Summary(None if key == KEYLESS else key, version, item["stateName"]["S"], *times)


_TOKEN = re.compile(rf"([0-9])/((?:{ADDRESSABLE.pattern}|{re.escape(KEYLESS)})?)", re.ASCII)


def _token(shard: int, last: str | None) -> str:
    return urlsafe_b64encode(f"{shard}/{last or ''}".encode()).decode()


def _read_token(text: str | None) -> tuple[int, str | None]:
    """The shard and the key after which a list goes on. Raises BadToken: DynamoDB must not be asked for any key."""
    if not text:
        return 0, None
    try:
        matched = _TOKEN.fullmatch(urlsafe_b64decode(text.encode()).decode())
    except ValueError:  # not ASCII, not base64, or what comes out is not UTF-8
        matched = None
    if not matched or int(matched[1]) not in SHARD_NUMBERS:
        raise BadToken("nextToken is none of ours")
    return int(matched[1]), matched[2] or None
