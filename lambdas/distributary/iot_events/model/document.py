"""A document to a definition: what is missing, misspelt or of the wrong type becomes a finding with its path."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from distributary.iot_events.model.action_kinds import ACTION_KINDS, SEPARATORS, WITHOUT_PAYLOAD, Member
from distributary.iot_events.model.definition import Action, Definition, Payload, State, StateEvent
from distributary.iot_events.model.document_forms import Document
from distributary.iot_events.model.finding import Finding, Kind, error
from distributary.iot_events.values import SCALARS, plain, write_json

METHODS = ("BATCH", "SERIAL")
_MOST_SHOWN = 200
Read = TypeVar("Read")


class Reading(NamedTuple):
    """A definition and what was wrong with its document; with an ERROR among the findings it must not run."""

    definition: Definition
    findings: list[Finding]


def read_definition(document: Document, *, key: str | None = None) -> Reading:
    """The document as a definition; `key` stands for the key that it lacks."""
    reader = _Reader()
    body = reader.mapping(document.definition, "detectorModelDefinition")
    reader.only(body, "", "states", "initialStateName")
    states = reader.each(body, "states", "", reader.state)
    if not states and not reader.findings:
        reader.fault("states", "at least one state is needed")
    method = reader.text({"evaluationMethod": document.method}, "evaluationMethod", "") or METHODS[0]
    if method not in METHODS:
        reader.fault("evaluationMethod", f"{method!r} is none of {', '.join(METHODS)}")
    definition = Definition(
        name=document.name,
        key=reader.text({"key": document.key}, "key", "") or key,
        method=method,
        initial_state=reader.text(body, "initialStateName", "", required=True),
        states=states,
    )
    return Reading(definition, reader.findings)


class _Reader:
    """Reads member by member and gathers findings; where something is wrong it goes on with an empty stand-in."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def fault(self, path: str, message: str, kind: Kind = "structure") -> None:
        self.findings.append(error(kind, path, message))

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.fault(path, "not a JSON object")
        return {}

    def only(self, value: Mapping[str, Any], path: str, *known: str) -> None:
        for name, inner in value.items():
            if name not in known and inner is not None:
                self.fault(_join(path, name), f"unknown member; known here: {', '.join(known)}")

    def text(
        self, value: Mapping[str, Any], name: str, path: str, *, required: bool = False, empty: bool = False
    ) -> str:
        """The member's text; a number or Boolean in its place is taken as its text, as CloudFormation does.

        `required` asks for one, which may only be empty where `empty` says so.
        """
        inner = value.get(name)
        if inner.__class__ in SCALARS and (inner != "" or empty or not required):
            return plain(inner)
        if inner is not None and inner != "":
            self.fault(_join(path, name), "not a string")
        elif required:
            self.fault(_join(path, name), "missing")
        return ""

    def each(self, value: Mapping[str, Any], name: str, path: str, read: Callable[..., Read]) -> tuple[Read, ...]:
        inner = value.get(name)
        if inner is None:
            return ()
        if not isinstance(inner, list):
            self.fault(_join(path, name), "not a list")
            return ()
        places = [f"{_join(path, name)}[{index}]" for index in range(len(inner))]
        return tuple([read(self.mapping(one, place), place) for one, place in zip(inner, places, strict=True)])

    def state(self, value: Mapping[str, Any], path: str) -> State:
        self.only(value, path, "stateName", "onEnter", "onInput", "onExit")
        on_enter, on_input, on_exit = (
            self.mapping(value.get(name), f"{path}.{name}") for name in ("onEnter", "onInput", "onExit")
        )
        self.only(on_enter, f"{path}.onEnter", "events")
        self.only(on_input, f"{path}.onInput", "events", "transitionEvents")
        self.only(on_exit, f"{path}.onExit", "events")
        return State(
            name=self.text(value, "stateName", path, required=True),
            on_enter=self.each(on_enter, "events", f"{path}.onEnter", self.event),
            on_input=self.each(on_input, "events", f"{path}.onInput", self.event),
            transitions=self.each(on_input, "transitionEvents", f"{path}.onInput", self.transition),
            on_exit=self.each(on_exit, "events", f"{path}.onExit", self.event),
            path=path,
        )

    def event(self, value: Mapping[str, Any], path: str) -> StateEvent:
        self.only(value, path, "eventName", "condition", "actions")
        return StateEvent(
            name=self.text(value, "eventName", path, required=True, empty=True),
            condition=self.text(value, "condition", path) or None,
            actions=self.actions(value, path),
            path=path,
        )

    def transition(self, value: Mapping[str, Any], path: str) -> StateEvent:
        self.only(value, path, "eventName", "condition", "actions", "nextState")
        return StateEvent(
            name=self.text(value, "eventName", path, required=True, empty=True),
            condition=self.text(value, "condition", path, required=True, empty=True) or None,
            actions=self.actions(value, path),
            path=path,
            next_state=self.text(value, "nextState", path, required=True),
        )

    def actions(self, value: Mapping[str, Any], path: str) -> tuple[Action, ...]:
        return tuple(action for action in self.each(value, "actions", path, self.action) if action)

    def action(self, value: Mapping[str, Any], path: str) -> Action | None:
        kinds = [name for name, inner in value.items() if inner is not None]
        if len(kinds) != 1:
            self.fault(path, f"Actions may only have one type defined, but found an action with {len(kinds)} types.")
            return None
        (kind,) = kinds
        if kind not in ACTION_KINDS:
            shown = write_json(dict(value))[:_MOST_SHOWN]
            self.fault(path, f"Invalid action type present in action definition: {shown}.", "supported-actions")
            return None
        return self.known_action(kind, self.mapping(value[kind], f"{path}.{kind}"), f"{path}.{kind}")

    def known_action(self, kind: str, value: Mapping[str, Any], path: str) -> Action:
        nested = () if kind in WITHOUT_PAYLOAD else ("payload",)
        flat = _flatten({name: inner for name, inner in value.items() if name not in nested})
        self.only(flat, path, *(member.name for member in ACTION_KINDS[kind]), *nested)
        members = {member.name: self.member(member, flat, path) for member in ACTION_KINDS[kind]}
        if members.get("separator", "\n") not in (*SEPARATORS, None):
            self.fault(f"{path}.separator", "none of newline, tab, carriage return with newline, comma")
        return Action(
            kind=kind,
            members={name: inner for name, inner in members.items() if inner is not None},
            payload=self.payload(value.get("payload"), f"{path}.payload") if nested else None,
            path=path,
        )

    def member(self, member: Member, value: Mapping[str, Any], path: str) -> Any:
        text = self.text(value, member.name, path, required=member.required)
        if not text:
            return member.default
        if member.form == "integer" and not text.isdecimal():
            self.fault(_join(path, member.name), f"{text!r} is no whole number")
        elif member.form == "boolean" and text not in {"true", "false"}:
            self.fault(_join(path, member.name), f"{text!r} is no Boolean")
        else:
            return _TYPED.get(member.form, str)(text)
        return None

    def payload(self, value: Any, path: str) -> Payload | None:
        if value is None:
            return None
        members = self.mapping(value, path)
        self.only(members, path, "contentExpression", "type")
        kind = self.text(members, "type", path, required=True)
        if kind not in {"STRING", "JSON", ""}:
            self.fault(f"{path}.type", f"{kind!r} is neither STRING nor JSON")
        return Payload(self.text(members, "contentExpression", path), kind)


_TYPED: Mapping[str, Callable[[str], Any]] = {
    "integer": lambda text: int(text[:18]),
    "boolean": lambda text: text == "true",
}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            flat.update(_flatten(inner, f"{prefix}{name}."))
        else:
            flat[prefix + name] = inner
    return flat
