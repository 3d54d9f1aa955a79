"""The three forms in which users own detector models, and inputs, brought to one.

API and console export (with or without the wrapper), describe output, CloudFormation (a resource or a whole template).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributary.errors import BadDefinition
from distributary.iot_events.values import SCALARS, BadPayload, plain, read_json

_RESOURCES = {"DetectorModel": "AWS::IoTEvents::DetectorModel", "Input": "AWS::IoTEvents::Input"}
_NAMES = {"DetectorModel": re.compile(r"[a-zA-Z0-9_-]{1,128}"), "Input": re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,127}")}
_NO_VALUE = "AWS::NoValue"


@dataclass(frozen=True, slots=True)
class Document:
    """A detector model in the API's names: `definition` holds `states` and `initialStateName`, not yet looked into."""

    name: str
    key: Any
    method: Any
    definition: Any


def read_documents(text: str, *, name: str, parameters: Mapping[str, Any] | None = None) -> list[Document]:
    """Every detector model of a file, named by its member, else (several in a template) by its logical id, else `name`.

    `parameters` are values for a template's parameters, before their defaults. BadDefinition lists each fault's path.
    """
    faults: list[str] = []
    documents = [
        Document(
            name=found.name,
            key=found.take("key", faults),
            method=found.take("evaluationMethod", faults),
            definition=found.take("detectorModelDefinition", faults),
        )
        for found in _found(text, "DetectorModel", name, parameters or {}, faults)
    ]
    _raise(faults)
    return documents


def declared_attributes(
    text: str, *, name: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, tuple[str, ...]]:
    """Every input of a file: by name, the JSON paths that it declares. Named and refused as detector models are."""
    faults: list[str] = []
    inputs = {}
    for found in _found(text, "Input", name, parameters or {}, faults):
        definition = found.take("inputDefinition", faults)
        attributes = definition.get("attributes") if isinstance(definition, dict) else None
        listed = attributes if isinstance(attributes, list) else [None]
        paths = [one.get("jsonPath") if isinstance(one, dict) else None for one in listed]
        if not all(isinstance(path, str) for path in paths):
            faults.append(f"{found.path}inputDefinition.attributes: a list of objects with jsonPath is missing")
        inputs[found.name] = tuple(map(str, paths))
    _raise(faults)
    return inputs


def _raise(faults: Sequence[str]) -> None:
    if faults:
        raise BadDefinition(faults)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a file says about one model or input: `places` hold its members, with the path to each place."""

    kind: str
    fallback: str
    places: tuple[tuple[Mapping[str, Any], str], ...]
    parameters: Mapping[str, Any]

    @property
    def path(self) -> str:
        return self.places[0][1]

    @property
    def name(self) -> str:
        own = self.take(_lower(f"{self.kind}Name"), [])
        return own if isinstance(own, str) else self.fallback

    def take(self, member: str, faults: list[str]) -> Any:
        for place, path in self.places:
            for name in (member, member[0].upper() + member[1:]):
                if place.get(name) is not None:
                    return _in_api_names(place[name], path + name, self.parameters, faults)
        return None


def _found(text: str, kind: str, name: str, parameters: Mapping[str, Any], faults: list[str]) -> Iterator[_Found]:
    document = _parse(text)
    resources = document.get("Resources")
    if isinstance(resources, dict):
        known = {**_defaults(document), **parameters}
        ours = {one: value for one, value in resources.items() if _is_a(value, kind)}
        found = [
            _Found(kind, one if len(ours) > 1 else name, ((_properties(value), f"Resources.{one}.Properties."),), known)
            for one, value in ours.items()
        ]
    elif _is_a(document, kind):
        found = [_Found(kind, name, ((_properties(document), "Properties."),), parameters)]
    else:
        found = [_Found(kind, name, tuple(_unwrapped(document, _lower(kind))), parameters)]
    if not found or not any(one.take(f"{_lower(kind)}Definition", []) for one in found):
        faults.append(f"no {_RESOURCES[kind]} in any form: {_lower(kind)}Definition is missing")
        return
    for one in found:
        if not _NAMES[kind].fullmatch(one.name):
            faults.append(f"{one.path}{_lower(kind)}Name: {one.name!r} does not match {_NAMES[kind].pattern}")
        yield one


def _parse(text: str) -> Mapping[str, Any]:
    try:
        document = read_json(text)
    except BadPayload as fault:
        raise BadDefinition([str(fault)]) from None
    if not isinstance(document, dict):
        raise BadDefinition(["not a JSON object"])
    return document


def _is_a(resource: Any, kind: str) -> bool:
    return isinstance(resource, dict) and resource.get("Type") == _RESOURCES[kind]


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties")
    return properties if isinstance(properties, dict) else {}


def _defaults(template: Mapping[str, Any]) -> dict[str, Any]:
    parameters = template.get("Parameters")
    declared = parameters.items() if isinstance(parameters, dict) else ()
    return {name: one["Default"] for name, one in declared if isinstance(one, dict) and "Default" in one}


def _unwrapped(document: Mapping[str, Any], wrapper: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The places where the API's forms put members: the document or its wrapper, and its configuration."""
    inner = document.get(wrapper)
    place, path = (inner, f"{wrapper}.") if isinstance(inner, dict) else (document, "")
    yield place, path
    configuration = place.get(f"{wrapper}Configuration")
    if isinstance(configuration, dict):
        yield configuration, f"{path}{wrapper}Configuration."


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _in_api_names(value: Any, path: str, parameters: Mapping[str, Any], faults: list[str]) -> Any:
    """The value with CloudFormation's names turned into the API's and each `Ref` to a parameter into its value."""
    if isinstance(value, list):
        return [_in_api_names(one, f"{path}[{index}]", parameters, faults) for index, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (intrinsic := next(iter(value))) and (intrinsic == "Ref" or intrinsic.startswith("Fn::")):
        return _resolve(intrinsic, value[intrinsic], path, parameters, faults)
    return {_lower(name): _in_api_names(one, f"{path}.{name}", parameters, faults) for name, one in value.items()}


def _resolve(intrinsic: str, target: Any, path: str, parameters: Mapping[str, Any], faults: list[str]) -> Any:
    if intrinsic == "Ref" and target == _NO_VALUE:
        return None
    if intrinsic == "Ref" and isinstance(target, str) and parameters.get(target).__class__ in SCALARS:
        return plain(parameters[target])
    what = f"Ref to {target!r}, which is no parameter with a value" if intrinsic == "Ref" else intrinsic
    faults.append(f"{path}: {what}; only parameters are resolved here")
    return None
