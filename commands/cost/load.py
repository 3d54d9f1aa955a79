"""What is sent to a stage, and how the stage is configured where that changes the price."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MILLION = 1_000_000
DAY_HOURS = 24
"""How long a stream keeps records at no further price."""
SINKS = ("firehose", "kinesis", "iot_events")


@dataclass(frozen=True, kw_only=True)
class Load:
    """A steady load. The defaults are a fresh stage `prod`, which has no detector models, and single events."""

    per_second: float = 100.0
    """Posted events a second."""
    size: int = 1024
    """Bytes of a posted event."""
    batch: int = 1
    """Events of one request."""
    sinks: Sequence[str] = SINKS
    detectors: int = 0
    """Detector models that read each event; without any, no event goes to `iot_events`."""
    front: Literal["api-gateway", "function-url"] = "api-gateway"
    log_sample: float = 0.1
    """The fraction of fully successful requests that are logged."""
    kinesis_mode: Literal["on-demand", "provisioned"] = "on-demand"
    retention_hours: int = 168
    """How long the stream keeps a record."""
    memory_mb: int = 1024
    """Memory of each function."""
    system_log_level: Literal["WARN", "INFO"] = "WARN"
    """What Lambda itself logs."""

    @property
    def served(self) -> tuple[str, ...]:
        """The sinks that events go to."""
        return tuple(name for name in SINKS if name in self.sinks and (name != "iot_events" or self.detectors))

    @property
    def millions_a_month(self) -> float:
        """Posted events of a month, in millions."""
        return self.per_second * 730 * 3600 / MILLION
