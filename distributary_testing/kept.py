"""Inputs and versions of detector models, as the control plane keeps, describes, lists and refuses them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document_forms import Document

ACCOUNT = "123456789012"
"""The account that moto, too, acts in."""
_PAGE = 250
Members = Mapping[str, Any]


class Refused(Exception):
    """An operation that cannot be: one of the API's errors, its text and its other members."""

    def __init__(self, code: str, text: str, **members: str) -> None:
        super().__init__(text)
        self.code = code
        self.members = {"message": text, **members}


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


def name_in(asked: Members, member: str, pattern: re.Pattern[str]) -> str:
    """The name that is asked for. Raises Refused for one that does not match."""
    name: str = asked[member]
    if not pattern.fullmatch(name):
        raise Refused("InvalidRequestException", f"{member} must match {pattern.pattern}")
    return name


def exists(kind: str, name: str, region: str) -> Refused:
    """The error where there is one of that name."""
    arn = arn_of(region, kind, name)
    return Refused("ResourceAlreadyExistsException", f"{name} exists", resourceId=name, resourceArn=arn)


def page(member: str, found: Sequence[Members], asked: Members) -> Members:
    """As many as are asked for, and a token where there are more."""
    first, most = int(asked.get("nextToken", 0)), int(asked.get("maxResults", _PAGE))
    after = first + most
    return {member: found[first:after], "nextToken": str(after) if after < len(found) else None}
