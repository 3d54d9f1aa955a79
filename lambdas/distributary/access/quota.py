"""How fast a key may send: one token bucket a key, in this function's environment alone."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from distributary.clock import Clock

BYTES_A_TOKEN = 16 * 1024
"""So much of a request's data weighs as much as an event."""
MAX_BUCKETS = 10_000
"""Of these the longest unused gives way; its key then starts with a full bucket."""


class Quota(NamedTuple):
    """`rate` in tokens a second, `burst` in tokens, at least 1: what may come at once after a pause.

    A token is an event, or `BYTES_A_TOKEN` of data.
    """

    rate: float
    burst: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Quotas:
    """The buckets of all keys.

    A request is let in while its key has a whole token left, and is charged once its events and bytes are counted: so
    it may overdraw, and the debt is waited for.
    """

    def __init__(self, clock: Clock, max_buckets: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def admit(self, key_id: str, quota: Quota) -> float:
        """0 if a request of this key may come in, which takes one token; else the seconds until one may."""
        bucket = self._bucket(key_id, quota)
        wait = (1 - bucket.tokens) / quota.rate
        if wait > 0:
            return wait
        bucket.tokens -= 1
        return 0.0

    def charge(self, key_id: str, quota: Quota, *, events: int, size: int) -> None:
        """Take what a request that was admitted weighs besides its first token: its events or its bytes (`size`)."""
        self._bucket(key_id, quota).tokens -= max(events, -(-size // BYTES_A_TOKEN), 1) - 1

    def left(self, key_id: str, quota: Quota) -> tuple[int, int]:
        """The whole tokens that are left, 0 for a debt, and the whole seconds until all are back."""
        tokens = self._bucket(key_id, quota).tokens
        return max(0, math.floor(tokens)), math.ceil((quota.burst - tokens) / quota.rate)

    def _bucket(self, key_id: str, quota: Quota) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key_id, _Bucket(quota.burst, now))
        self._buckets.move_to_end(key_id)
        if len(self._buckets) > self._max_buckets:
            self._buckets.popitem(last=False)
        bucket.tokens = min(quota.burst, bucket.tokens + max(0.0, now - bucket.at) * quota.rate)
        bucket.at = now
        return bucket
