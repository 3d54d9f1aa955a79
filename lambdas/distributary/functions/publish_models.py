"""`publish_models`: a custom resource that activates the stage's detector models."""

from collections.abc import Callable, Mapping
from typing import Any

from distributary.functions.start import Start
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.model_versions import publisher


def build(start: Start) -> Callable[[Mapping[str, Any], object], None]:
    """The handler of the function."""
    table = DetectorTable(start.clients.make("dynamodb"), start.settings(DetectorSettings).table_name)
    return publisher(table, start.clock)
