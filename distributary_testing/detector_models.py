"""The control plane's detector models: checked, versioned, active as soon as they are made."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distributary.clock import Clock
from distributary.errors import BadDefinition
from distributary.iot_events.analysis.checks import analyse
from distributary.iot_events.limits import Limits
from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document import read_definition
from distributary.iot_events.model.document_forms import Document, read_documents
from distributary.iot_events.model.used_paths import inputs_of
from distributary.iot_events.runtime.bundled_models import bundle_model
from distributary.iot_events.runtime.detector_item import Version
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary_testing.inputs import Inputs
from distributary_testing.kept import Members, Refused, VersionKept, exists, name_in, page
from distributary_testing.memory import Table

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


@dataclass(slots=True)
class DetectorModels:
    """Keeps models; each operation takes the request's members and gives the answer's."""

    inputs: Inputs
    store: DetectorTable
    table: Table
    limits: Limits
    clock: Clock
    kept: dict[str, list[VersionKept]] = field(default_factory=dict)

    def bundled(self) -> list[dict[str, Any]]:
        """The active models as a function carries them."""
        return [bundle_model(versions[-1].document, versions[-1].definition.key) for versions in self.kept.values()]

    def load(self, file: Path, key: str | None) -> list[str]:
        """The names of a file's models, each active now. Raises BadDefinition."""
        documents = read_documents(file.read_text("utf-8"), name=file.name.partition(".")[0])
        read = [self._checked(document, key, inputs=None) for document in documents]
        for document, definition in zip(documents, read, strict=True):
            self._activate(VersionKept("", document, definition, self.clock.time()))
        return [one.name for one in read]

    def readers(self, name: str) -> list[str]:
        """The models that read an input."""
        return [one for one, versions in self.kept.items() if name in inputs_of(versions[-1].definition)]

    def create(self, asked: Members) -> Members:
        """Checks a model and makes it active."""
        name = name_in(asked, "detectorModelName", _NAME)
        if name in self.kept:
            raise exists("detectorModel", name, self.kept[name][-1].region)
        return self._publish(
            Document(name, asked.get("key"), asked.get("evaluationMethod"), asked["detectorModelDefinition"]), asked
        )

    def update(self, asked: Members) -> Members:
        """Checks a model's new version and makes it active."""
        name, last = asked["detectorModelName"], self._versions(asked)[-1]
        method = asked.get("evaluationMethod") or last.definition.method
        return self._publish(Document(name, last.definition.key, method, asked["detectorModelDefinition"]), asked)

    def describe(self, asked: Members) -> Members:
        """One version of a model, the active one unless another is asked for."""
        versions = self._versions(asked)
        number = asked.get("version", versions[-1].number)
        found = next((one for one in versions if one.number == number), None)
        if found is None:
            raise Refused("ResourceNotFoundException", f"no version {number}")
        status = "ACTIVE" if found is versions[-1] else "INACTIVE"
        described = {"detectorModelDefinition": found.document.definition}
        return {"detectorModel": {**described, "detectorModelConfiguration": found.configuration(status)}}

    def delete(self, asked: Members) -> Members:
        """Deletes a model with its detectors."""
        self._versions(asked)
        self.table.forget(asked["detectorModelName"])
        del self.kept[asked["detectorModelName"]]
        return {}

    def list(self, asked: Members) -> Members:
        """The models, by name."""
        names = ("detectorModelName", "detectorModelDescription", "creationTime")
        listed = [self.kept[name][-1].configuration("ACTIVE") for name in sorted(self.kept)]
        return page("detectorModelSummaries", [{name: one[name] for name in names} for one in listed], asked)

    def list_versions(self, asked: Members) -> Members:
        """A model's versions, the active one first."""
        last, *others = reversed(self._versions(asked))
        listed = [last.configuration("ACTIVE"), *(one.configuration("INACTIVE") for one in others)]
        kept = [
            {name: value for name, value in one.items() if name not in {"key", "detectorModelDescription"}}
            for one in listed
        ]
        return page("detectorModelVersionSummaries", kept, asked)

    def _publish(self, document: Document, asked: Members) -> Members:
        definition = self._checked(document, None, inputs=self.inputs.attributes())
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
        self.kept.setdefault(name, []).append(version)
        return version

    def _versions(self, asked: Members) -> Sequence[VersionKept]:
        if asked["detectorModelName"] not in self.kept:
            raise Refused("ResourceNotFoundException", f"Detector model {asked['detectorModelName']} not found")
        return self.kept[asked["detectorModelName"]]
