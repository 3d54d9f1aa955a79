"""The control plane: inputs and detector models are made, described, listed, changed and deleted."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distributary.clock import Clock
from distributary.detectors.analysis import analyse
from distributary.detectors.carried import carry
from distributary.detectors.definition import Definition
from distributary.detectors.forms import Document, read_documents
from distributary.detectors.item import Version
from distributary.detectors.limits import Limits
from distributary.detectors.reading import read_definition
from distributary.detectors.reads import inputs_of
from distributary.detectors.store import Store
from distributary.errors import BadDefinition
from distributary.http.request import Request, Response
from distributary_testing.kept import InputKept, Members, VersionKept, arn_of
from distributary_testing.memory import Table

_PAGE = 250
_INPUT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,127}")
_MODEL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_STATUS = {
    "InvalidRequestException": 400,
    "ResourceNotFoundException": 404,
    "ResourceAlreadyExistsException": 409,
    "ResourceInUseException": 409,
    "UnsupportedOperationException": 501,
}
_SUCCESS = {"CreateInput": 201, "DeleteDetectorModel": 204}


class Refused(Exception):
    """An operation that cannot be: one of the API's errors, its text and its other members."""

    def __init__(self, code: str, text: str, **members: str) -> None:
        super().__init__(text)
        self.code = code
        self.members = {"message": text, **members}


@dataclass(slots=True)
class Control:
    """Keeps inputs and models; each operation takes the request's members and gives the answer's."""

    store: Store
    table: Table
    limits: Limits
    clock: Clock
    inputs: dict[str, InputKept] = field(default_factory=dict)
    models: dict[str, list[VersionKept]] = field(default_factory=dict)

    def carried(self) -> list[dict[str, Any]]:
        """The active models as a function carries them."""
        return [carry(versions[-1].document, versions[-1].definition.key) for versions in self.models.values()]

    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The paths that each input declares."""
        return {
            name: tuple(one["jsonPath"] for one in kept.definition["attributes"]) for name, kept in self.inputs.items()
        }

    def load(self, file: Path, key: str | None) -> list[str]:
        """The names of a file's models, each active now. Raises BadDefinition."""
        documents = read_documents(file.read_text("utf-8"), name=file.name.partition(".")[0])
        read = [self._checked(document, key, inputs=None) for document in documents]
        for document, definition in zip(documents, read, strict=True):
            self._activate(VersionKept("", document, definition, self.clock.time()))
        return [one.name for one in read]

    def answer(self, operation: str, request: Request) -> Response:
        """The wire's answer to one of `_OPERATIONS`."""
        headers = {"content-type": "application/json", "x-amzn-requestid": request.id}
        try:
            answered = _OPERATIONS.get(operation, _unsupported)(self, _members(request))
        except BadDefinition as error:
            return _error(Refused("InvalidRequestException", "; ".join(error.faults)), headers)
        except Refused as error:
            return _error(error, headers)
        status = _SUCCESS.get(operation, 200)
        return Response(status, "" if status == 204 else json.dumps(_present(answered)), headers)  # noqa: PLR2004 - no content

    def create_input(self, asked: Members) -> Members:
        """Makes an input."""
        name = _name(asked, "inputName", _INPUT_NAME)
        if name in self.inputs:
            raise _exists("input", name, self.inputs[name].region)
        now = self.clock.time()
        description = asked.get("inputDescription")
        self.inputs[name] = InputKept(name, asked["inputDefinition"], description, now, now, asked["region"])
        return {"inputConfiguration": self.inputs[name].configuration()}

    def update_input(self, asked: Members) -> Members:
        """Replaces an input's attributes."""
        kept = self._input(asked)
        changed = {"definition": asked["inputDefinition"], "description": asked.get("inputDescription")}
        self.inputs[kept.name] = replace(kept, updated=self.clock.time(), **changed)
        return {"inputConfiguration": self.inputs[kept.name].configuration()}

    def describe_input(self, asked: Members) -> Members:
        """One input."""
        kept = self._input(asked)
        return {"input": {"inputConfiguration": kept.configuration(), "inputDefinition": kept.definition}}

    def delete_input(self, asked: Members) -> Members:
        """Deletes an input that no model reads."""
        kept = self._input(asked)
        readers = [name for name, versions in self.models.items() if kept.name in inputs_of(versions[-1].definition)]
        if readers:
            raise Refused("ResourceInUseException", f"Input {kept.name} is read by {', '.join(readers)}")
        del self.inputs[kept.name]
        return {}

    def list_inputs(self, asked: Members) -> Members:
        """The inputs, by name."""
        return _page("inputSummaries", [self.inputs[name].configuration() for name in sorted(self.inputs)], asked)

    def create_model(self, asked: Members) -> Members:
        """Checks a model and makes it active."""
        name = _name(asked, "detectorModelName", _MODEL_NAME)
        if name in self.models:
            raise _exists("detectorModel", name, self.models[name][-1].region)
        return self._publish(
            Document(name, asked.get("key"), asked.get("evaluationMethod"), asked["detectorModelDefinition"]), asked
        )

    def update_model(self, asked: Members) -> Members:
        """Checks a model's new version and makes it active."""
        name, last = asked["detectorModelName"], self._versions(asked)[-1]
        method = asked.get("evaluationMethod") or last.definition.method
        return self._publish(Document(name, last.definition.key, method, asked["detectorModelDefinition"]), asked)

    def describe_model(self, asked: Members) -> Members:
        """One version of a model, the active one unless another is asked for."""
        versions = self._versions(asked)
        number = asked.get("version", versions[-1].number)
        found = next((one for one in versions if one.number == number), None)
        if found is None:
            raise Refused("ResourceNotFoundException", f"no version {number}")
        status = "ACTIVE" if found is versions[-1] else "INACTIVE"
        described = {"detectorModelDefinition": found.document.definition}
        return {"detectorModel": {**described, "detectorModelConfiguration": found.configuration(status)}}

    def delete_model(self, asked: Members) -> Members:
        """Deletes a model with its detectors."""
        self._versions(asked)
        self.table.forget(asked["detectorModelName"])
        del self.models[asked["detectorModelName"]]
        return {}

    def list_models(self, asked: Members) -> Members:
        """The models, by name."""
        names = ("detectorModelName", "detectorModelDescription", "creationTime")
        listed = [self.models[name][-1].configuration("ACTIVE") for name in sorted(self.models)]
        return _page("detectorModelSummaries", [{name: one[name] for name in names} for one in listed], asked)

    def list_versions(self, asked: Members) -> Members:
        """A model's versions, the active one first."""
        last, *others = reversed(self._versions(asked))
        listed = [last.configuration("ACTIVE"), *(one.configuration("INACTIVE") for one in others)]
        kept = [
            {name: value for name, value in one.items() if name not in {"key", "detectorModelDescription"}}
            for one in listed
        ]
        return _page("detectorModelVersionSummaries", kept, asked)

    def _publish(self, document: Document, asked: Members) -> Members:
        definition = self._checked(document, None, inputs=self.attributes())
        described = {"description": asked.get("detectorModelDescription"), "role": asked.get("roleArn")}
        version = VersionKept("", document, definition, self.clock.time(), region=asked["region"], **described)
        return {"detectorModelConfiguration": self._activate(version).configuration("ACTIVE")}

    def _checked(self, document: Document, key: str | None, inputs: Mapping[str, tuple[str, ...]] | None) -> Definition:
        definition, findings = read_definition(document, key=key)
        findings = findings or analyse(definition, limits=self.limits, inputs=inputs)
        if faults := [f"{document.name}: {one}" for one in findings if one.level == "ERROR"]:
            raise BadDefinition(faults)
        return definition

    def _activate(self, version: VersionKept) -> VersionKept:
        name = version.definition.name
        before = self.store.versions([name]).get(name)
        version = replace(version, number=str(int(before.number) + 1 if before else 1))
        self.store.activate(name, Version(version.number, version.definition.sha256()), before)
        self.models.setdefault(name, []).append(version)
        return version

    def _input(self, asked: Members) -> InputKept:
        if asked["inputName"] not in self.inputs:
            raise Refused("ResourceNotFoundException", f"Input of name: {asked['inputName']} not found")
        return self.inputs[asked["inputName"]]

    def _versions(self, asked: Members) -> Sequence[VersionKept]:
        if asked["detectorModelName"] not in self.models:
            raise Refused("ResourceNotFoundException", f"Detector model {asked['detectorModelName']} not found")
        return self.models[asked["detectorModelName"]]


_OPERATIONS: Mapping[str, Callable[[Control, Members], Members]] = {
    "CreateInput": Control.create_input,
    "DescribeInput": Control.describe_input,
    "UpdateInput": Control.update_input,
    "DeleteInput": Control.delete_input,
    "ListInputs": Control.list_inputs,
    "CreateDetectorModel": Control.create_model,
    "DescribeDetectorModel": Control.describe_model,
    "UpdateDetectorModel": Control.update_model,
    "DeleteDetectorModel": Control.delete_model,
    "ListDetectorModels": Control.list_models,
    "ListDetectorModelVersions": Control.list_versions,
}


def _unsupported(_control: Control, _asked: Members) -> Members:
    raise Refused("UnsupportedOperationException", "this operation is not served here")


_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")


def _members(request: Request) -> dict[str, Any]:
    """Body, path and query together, with the region that the request was signed for."""
    members = json.loads(request.body or "{}")
    kind, *rest = request.path.strip("/").split("/")
    if rest:
        members["inputName" if kind == "inputs" else "detectorModelName"] = rest[0]
    query = {name: value for name in ("version", "maxResults", "nextToken") if (value := request.parameter(name))}
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    return {**members, **query, "region": scope[1] if scope else "us-east-1"}


def _name(asked: Members, member: str, pattern: re.Pattern[str]) -> str:
    name: str = asked[member]
    if not pattern.fullmatch(name):
        raise Refused("InvalidRequestException", f"{member} must match {pattern.pattern}")
    return name


def _exists(kind: str, name: str, region: str) -> Refused:
    arn = arn_of(region, kind, name)
    return Refused("ResourceAlreadyExistsException", f"{name} exists", resourceId=name, resourceArn=arn)


def _page(member: str, found: Sequence[Members], asked: Members) -> Members:
    first, most = int(asked.get("nextToken", 0)), int(asked.get("maxResults", _PAGE))
    after = first + most
    return {member: found[first:after], "nextToken": str(after) if after < len(found) else None}


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(one) for name, one in value.items() if one is not None}
    return [_present(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else value


def _error(refused: Refused, headers: Mapping[str, str]) -> Response:
    told = {**headers, "x-amzn-errortype": refused.code}
    return Response(_STATUS[refused.code], json.dumps(refused.members), told)
