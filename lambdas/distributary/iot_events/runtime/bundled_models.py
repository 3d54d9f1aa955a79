"""The detector models as they travel in a function's asset: checked at synth, read again without being checked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.limits import Limits
from distributary.iot_events.model.declared_paths import declared_by
from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document import read_definition
from distributary.iot_events.model.document_forms import Document
from distributary.iot_events.model.used_paths import inputs_of
from distributary.iot_events.runtime.detector_item import Version
from distributary.iot_events.values import keep_json, read_json


def bundle_model(document: Document, key: str | None) -> dict[str, Any]:
    """A model's document as one JSON text."""
    members = {
        "name": document.name,
        "key": document.key or key,
        "method": document.method,
        "definition": document.definition,
    }
    return {"model": keep_json(members)}


def route(definition: Definition) -> dict[str, Any]:
    """What whoever takes messages must know of a model."""
    return {"model": definition.name, "key": definition.key, "inputs": sorted(inputs_of(definition))}


def definitions(rows: Iterable[Mapping[str, Any]]) -> dict[str, Definition]:
    """The definitions that were bundled, by name."""
    found = [read_definition(Document(**read_json(row["model"]))).definition for row in rows]
    return {one.name: one for one in found}


class Models:
    """The models that this function carries, each made ready when it is first used; the switches are `Model`'s.

    `declared`, if given, are the paths of every input that may be read.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        limits: Limits,
        *,
        merge: bool = False,
        declared: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._definitions = definitions(rows)
        self._limits = limits
        self._merge = merge
        self._declared = None if declared is None else declared_by(declared)
        self._hashes: dict[str, str] = {}
        self._ready: dict[tuple[str, str], Model] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._definitions

    def names(self) -> list[str]:
        """All of them."""
        return list(self._definitions)

    def sha256(self, name: str) -> str:
        """The hash of a model's definition."""
        if name not in self._hashes:
            self._hashes[name] = self._definitions[name].sha256()
        return self._hashes[name]

    def definition(self, name: str) -> Definition:
        """A model's definition."""
        return self._definitions[name]

    def ready(self, name: str, version: Version | None) -> Model | None:
        """The model under this version's number; None where the version is of another definition than ours, or none."""
        if version is None or name not in self or version.sha256 != self.sha256(name):
            return None
        place = (name, version.number)
        if place not in self._ready:
            self._ready[place] = Model(
                self._definitions[name],
                version=version.number,
                limits=self._limits,
                declared=self._declared,
                merge=self._merge,
            )
        return self._ready[place]
