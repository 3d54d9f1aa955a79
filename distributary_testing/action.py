"""What a detector did, as a test looks at it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class Action(NamedTuple):
    """What a detector did: `kind` is AWS's name of the action, `parameters` its members, `payload` the text it sends.

    `key` is None for a model without one, `payload` for iotSiteWise. `id` is the `actionExecutionId`.
    """

    model: str
    key: str | None
    kind: str
    parameters: Mapping[str, Any]
    payload: str | None
    time: datetime
    id: str

    def json(self) -> Any:
        """What the payload means, where it is JSON."""
        return json.loads(self.payload or "null")
