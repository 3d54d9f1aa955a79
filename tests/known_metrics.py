"""The metrics that exist: AWS's own, from a list with its sources, and those that our log lines make."""

import json
from pathlib import Path

from distributary.metrics import NAMESPACE
from distributary.sinks.registry import EVERY_UNIT

AWS = json.loads((Path(__file__).parent / "cases" / "aws_metrics.json").read_text())


def is_known(namespace: str, name: str, dimensions: set[str]) -> bool:
    """Whether there is such a metric with these dimensions."""
    if namespace == NAMESPACE:
        return name in EVERY_UNIT and dimensions == {"stage"}
    return any(
        namespace == service["namespace"]
        and name in service["metrics"]
        and sorted(dimensions) in [sorted(known) for known in service["dimensions"]]
        for service in AWS
    )
