"""`wake_detectors`: wake-ups that are due go from the delay queue to the message queue."""

from collections.abc import Callable, Mapping
from typing import Any

from distributary.functions.start import Start
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.wake_ups import WakeUps, waker


def build(start: Start) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """The handler of the function."""
    return waker(WakeUps(start.settings(DetectorSettings), start.clients.make("sqs"), None, start.clock))
