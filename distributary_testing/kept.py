"""Inputs and versions of detector models, as the control plane keeps and describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distributary.detectors.definition import Definition
from distributary.detectors.forms import Document

ACCOUNT = "123456789012"
"""The account that moto, too, acts in."""
Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InputKept:
    """An input; the times are seconds since 1970."""

    name: str
    definition: Members
    description: str | None
    created: float
    updated: float
    region: str = "us-east-1"

    def configuration(self) -> dict[str, Any]:
        """The API's InputConfiguration."""
        return {
            "inputName": self.name,
            "inputDescription": self.description,
            "inputArn": arn_of(self.region, "input", self.name),
            "creationTime": self.created,
            "lastUpdateTime": self.updated,
            "status": "ACTIVE",
        }


@dataclass(frozen=True, slots=True)
class VersionKept:
    """One version of a detector model, as it was given and as it runs."""

    number: str
    document: Document
    definition: Definition
    created: float
    description: str | None = None
    role: str | None = None
    region: str = "us-east-1"

    def configuration(self, status: str) -> dict[str, Any]:
        """The API's DetectorModelConfiguration."""
        return {
            "detectorModelName": self.definition.name,
            "detectorModelVersion": self.number,
            "detectorModelDescription": self.description,
            "detectorModelArn": arn_of(self.region, "detectorModel", self.definition.name),
            "roleArn": self.role,
            "creationTime": self.created,
            "lastUpdateTime": self.created,
            "status": status,
            "key": self.definition.key,
            "evaluationMethod": self.definition.method,
        }


def arn_of(region: str, kind: str, name: str) -> str:
    """The name of an input or a model that is unique at AWS."""
    return f"arn:aws:iotevents:{region}:{ACCOUNT}:{kind}/{name}"
