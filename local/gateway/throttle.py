"""API Gateway's own throttle: a token bucket for each route that the stage gives a rate and a burst.

A function URL has one, too, by its function's reserved concurrency.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Throttle:
    """Requests a second, and how many may come at once."""

    rate: float
    burst: int


@dataclass
class _Bucket:
    throttle: Throttle
    tokens: float
    filled_at: float


@dataclass
class Throttles:
    """The buckets of one gateway; a route whose limits a deployment changes starts with a full one."""

    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admits(self, route: str, throttles: Mapping[str, Throttle], now: float) -> bool:
        """Whether a request to this route may go on; `now` in seconds, `throttles` by the route's key."""
        throttle = throttles.get(route)
        if throttle is None:
            return True
        with self._lock:
            bucket = self._buckets.get(route)
            if bucket is None or bucket.throttle != throttle:
                bucket = self._buckets[route] = _Bucket(throttle, throttle.burst, now)
            bucket.tokens = min(throttle.burst, bucket.tokens + (now - bucket.filled_at) * throttle.rate)
            bucket.filled_at = now
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True
