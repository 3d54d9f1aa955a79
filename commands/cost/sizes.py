"""What is counted and measured of the code: bytes of records and log lines, milliseconds, calls.

Tests hold the bytes against the code. The milliseconds of CPU are `bench/README.md`'s; what a call to AWS takes is
assumed.
"""

from commands.cost.load import Load

ENVELOPE = 196
"""Bytes that the CloudEvents envelope adds to a posted JSON event."""
MESSAGE = 290
"""Bytes that a queue entry adds to a posted event: names, ids, time and key."""

CPU_PER_REQUEST_MS, CPU_PER_EVENT_MS = 2.5, 0.07
"""Of `ingest`, on one core (bench/README.md: 2.5 ms for one event, 36.8 for 500)."""
CORE_MB = 1769
"""A function's memory at which it has one core."""
WAIT_MS = 10.0
"""Assumed: a request waits for the slowest of its sinks' calls, which are made at the same time."""

LOG_EVENT = 26
"""Bytes that CloudWatch Logs counts for each log event beside its text."""
ACCESS_LINE = 137
"""The HTTP API's access log: a line for each request."""
SYSTEM_LINES = 430
"""Lambda's own two lines for each call with `system_log_level` INFO, by their documented form; without the 26 bytes."""
RUN_LINE = 296
"""The line of `run_detectors` for each batch."""
_METRICS, _REQUEST, _PER_SINK = 171, 426, 36


def billed_ms(load: Load) -> float:
    """How long `ingest` runs for one request: it waits, and works at its share of a core."""
    share = min(1.0, load.memory_mb / CORE_MB)
    return WAIT_MS + (CPU_PER_REQUEST_MS + CPU_PER_EVENT_MS * load.batch) / share


def request_line(load: Load) -> int:
    """Bytes of the whole line of a request in which all went well."""
    return _REQUEST + _counts(load)


def metrics_line(load: Load) -> int:
    """Bytes of the line of a request that only has its metrics, since the request is not sampled."""
    return _METRICS + _counts(load)


def _counts(load: Load) -> int:
    """Bytes of the metrics: one of the accepted events, one for each sink; each is named twice, and has a number."""
    digits = len(str(load.batch))
    return digits + sum(_PER_SINK + 2 * len(name) + digits for name in load.served)
