"""`GET` and `HEAD /v1/health`: whether the sinks are there, looked at no more than once in ten seconds."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.http.request import Request, Response

LOOKED_AT_SECONDS = 10.0

Check = Callable[[], None]
"""Returns where all is well, raises SinkUnavailable where it is not."""


class Health:
    """Answers for all checks together: 200 `pass`, or 503 `fail` with the checks that failed, never a resource."""

    def __init__(self, checks: Mapping[str, Check], clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self._looked_at = float("-inf")
        self._failed: dict[str, str] = {}

    def answer(self, _request: Request) -> Response:
        """The health of the last ten seconds."""
        now = self._clock.monotonic()
        if now - self._looked_at >= LOOKED_AT_SECONDS:
            # At the same time: one after the other, checks that hang would outlast the function.
            with ThreadPoolExecutor(len(self._checks), "check") as threads:
                codes = threads.map(_failure, self._checks.values())
                self._failed = {name: code for name, code in zip(self._checks, codes, strict=True) if code}
            self._looked_at = now
        headers = {"content-type": "application/health+json", "cache-control": "max-age=10"}
        if not self._failed:
            return Response(200, json.dumps({"status": "pass"}), headers)
        checks = {name: [{"status": "fail", "output": code}] for name, code in self._failed.items()}
        return Response(503, json.dumps({"status": "fail", "checks": checks}), headers, {"failed": sorted(checks)})

    def head(self, request: Request) -> Response:
        """The same without its body, for load balancers and monitors that ask for no more."""
        return self.answer(request)._replace(body="")


def _failure(check: Check) -> str | None:
    try:
        check()
    except SinkUnavailable as error:
        return error.code
    return None
