"""The line that an API writes for each of its requests, in the format that its stage asks for.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")


@dataclass(frozen=True)
class AccessLog:
    """Where the lines go, and their format, in which a variable is `$context.` and its name."""

    group: str
    format: str

    def line(self, values: Mapping[str, object]) -> str:
        """The line of a request; a variable without a value is "-", as API Gateway writes it."""
        return _VARIABLE.sub(lambda found: json.dumps(str(values.get(found[1], "-")))[1:-1], self.format)
