"""One physical resource of a stack, and why one could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Json = dict[str, Any]


class Unsupported(ValueError):
    """The resource's type, or its change, is not implemented on this machine."""


class Refused(ValueError):
    """CloudFormation itself refuses the change; the message has AWS's words."""


class Needed(Exception):
    """The resource cannot exist because another one failed."""

    def __init__(self, culprit: str) -> None:
        super().__init__(f"needs {culprit}, which failed")
        self.culprit = culprit


@dataclass(frozen=True)
class Instance:
    """One physical resource: moto's object, and its part of the template as it was written and as it was resolved."""

    key: str
    resource: Any
    written: Json
    resolved: Json

    @property
    def type(self) -> str:
        """The resource's type."""
        return str(self.written["Type"])

    @property
    def physical_id(self) -> str:
        """What Ref gives, or nothing."""
        return str(getattr(self.resource, "physical_resource_id", None) or "")


def reason(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}: {error.response['Error']['Message']}"
    if isinstance(error, (Unsupported, Refused)):
        return str(error)
    return f"{type(error).__name__}: {str(error) or repr(error)}".replace("\n", " ")
