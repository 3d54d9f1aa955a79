"""The control plane's inputs."""

import re
from dataclasses import dataclass, field, replace

from distributary.clock import Clock
from distributary_testing.kept import InputKept, Members, Refused, exists, name_in, page

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,127}")


@dataclass(slots=True)
class Inputs:
    """Keeps inputs; each operation takes the request's members and gives the answer's."""

    clock: Clock
    kept: dict[str, InputKept] = field(default_factory=dict)

    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The paths that each input declares."""
        return {
            name: tuple(one["jsonPath"] for one in kept.definition["attributes"]) for name, kept in self.kept.items()
        }

    def create(self, asked: Members) -> Members:
        """Makes an input."""
        name = name_in(asked, "inputName", _NAME)
        if name in self.kept:
            raise exists("input", name, self.kept[name].region)
        now = self.clock.time()
        description = asked.get("inputDescription")
        self.kept[name] = InputKept(name, asked["inputDefinition"], description, now, now, asked["region"])
        return {"inputConfiguration": self.kept[name].configuration()}

    def update(self, asked: Members) -> Members:
        """Replaces an input's attributes."""
        kept = self.find(asked)
        changed = {"definition": asked["inputDefinition"], "description": asked.get("inputDescription")}
        self.kept[kept.name] = replace(kept, updated=self.clock.time(), **changed)
        return {"inputConfiguration": self.kept[kept.name].configuration()}

    def describe(self, asked: Members) -> Members:
        """One input."""
        kept = self.find(asked)
        return {"input": {"inputConfiguration": kept.configuration(), "inputDefinition": kept.definition}}

    def delete(self, asked: Members) -> Members:
        """Deletes an input."""
        del self.kept[self.find(asked).name]
        return {}

    def list(self, asked: Members) -> Members:
        """The inputs, by name."""
        return page("inputSummaries", [self.kept[name].configuration() for name in sorted(self.kept)], asked)

    def find(self, asked: Members) -> InputKept:
        """The input that is asked for. Raises Refused."""
        if asked["inputName"] not in self.kept:
            raise Refused("ResourceNotFoundException", f"Input of name: {asked['inputName']} not found")
        return self.kept[asked["inputName"]]
