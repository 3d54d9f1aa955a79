"""The resources of one stack, brought to a template as CloudFormation brings them, each step kept for a rollback.

moto 5.2.5 answers success over a resource of unknown type and over a creator that raised, replaces what AWS changes in
place, follows no change from a resource to those that refer to it, and never rolls back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.parsing import ResourceMap, clean_json
from moto.ssm.models import ssm_backends

from local.aws.dependencies import in_order
from local.aws.instance import Instance, Json, Needed, Refused, Unsupported, reason
from local.aws.replacement import is_replaced, keeps_its_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Report = Callable[[str, str, str, str, str | None], None]  # logical id, type, physical id, status, reason

REPLACES = "Requested update requires the creation of a new physical resource; hence creating one."


class Resources(ResourceMap):
    """A stack's resources; what the last operation did to them is kept. `failures`: reasons by logical id."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report: Report = lambda *_: None
        self.instances: dict[str, Instance] = {}
        self.forget_steps()

    def forget_steps(self) -> None:
        """Begins another operation."""
        self.failures: dict[str, str] = {}
        self.culprits: dict[str, str] = {}
        self.created: list[Instance] = []
        self.replaced: list[tuple[Instance, Instance]] = []  # the former and the new one
        self.unwanted: list[Instance] = []
        self.changed: list[Instance] = []  # as they were before they were changed in place

    def __getitem__(self, key: str) -> Any:
        """The resource, created when first asked for; None for one whose condition is false."""
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        if key in self.culprits:
            raise Needed(self.culprits[key])
        if not self.wanted(key):
            return None
        self.attempt(key, self.create_one)
        return super().__getitem__(key) if key in self._parsed_resources else self[key]

    def __iter__(self) -> Iterator[str]:
        """The logical ids of what exists: asking for another would create it."""
        return iter(list(self.instances))

    def wanted(self, key: str) -> bool:
        """Whether the template's conditions ask for it, and moto takes its type for more than a placeholder."""
        resource = self._resource_json_map[key]
        condition = resource.get("Condition")
        return resource["Type"] not in parsing.NULL_MODELS and (not condition or self.lazy_condition_map[condition])

    def load_template(self, template: Json, parameters: Mapping[str, Any] | None) -> None:
        """Takes the template for the stack's; raises what its parameters lack."""
        self._template, self._resource_json_map = template, template.get("Resources", {})
        if parameters:
            self.input_parameters = dict(parameters)
        self.resolved_parameters = {}
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()

    def parse_ssm_parameter(self, value: str, value_type: str) -> str:
        """The parameter's value, also where moto takes what it has read before for the parameter's name."""
        known = ssm_backends[self._account_id][self._region_name].get_parameter(value)
        return super().parse_ssm_parameter(value, value_type) if known else value

    def bring_about(self) -> None:
        """Creates and changes what is not as the template wants it; `unwanted` is what it does not want any more."""
        wanted = {key for key in self._resource_json_map if self.wanted(key)}
        existing = dict(self.instances)
        for key in in_order(self._resource_json_map, wanted):
            if key in existing:
                self.attempt(key, self.update_one)
            elif key not in self.instances and key not in self.failures:
                self.attempt(key, self.create_one)
        self.unwanted = [one for key, one in existing.items() if key not in wanted]

    def attempt(self, key: str, do: Callable[[str], None]) -> None:
        """Does it, and goes on with the next resource if it fails: the reason is kept."""
        verb = "UPDATE" if key in self.instances else "CREATE"
        try:
            do(key)
        except Needed as error:
            self.failed(key, verb, str(error), error.culprit)
        except Exception as error:  # noqa: BLE001 - moto's creators raise whatever they like
            self.failed(key, verb, reason(error), key)

    def failed(self, key: str, verb: str, why: str, culprit: str) -> None:
        """Keeps the reason."""
        self.failures[key], self.culprits[key] = why, culprit
        physical_id = self.instances[key].physical_id if key in self.instances else ""
        self.report(key, self._resource_json_map[key]["Type"], physical_id, f"{verb}_FAILED", why)

    def create_one(self, key: str) -> None:
        """Creates a resource."""
        written = self._resource_json_map[key]
        self.report(key, written["Type"], "", "CREATE_IN_PROGRESS", None)
        new = self.made(key, written)
        self.put(new)
        self.created.append(new)
        self.report(key, new.type, new.physical_id, "CREATE_COMPLETE", None)

    def made(self, key: str, written: Json) -> Instance:
        """A new physical resource."""
        resolved = self.resolved(written)
        place = (self._account_id, self._region_name)
        resource: Any = parsing.parse_and_create_resource(key, written, self, *place)
        if resource is None:
            raise Unsupported(f"there is no {written['Type']} on this machine")
        return Instance(key, resource, written, resolved)

    def forget(self, key: str) -> None:
        """Drops a logical id's resource: it is deleted, or nobody's."""
        self._parsed_resources.pop(key, None)
        self.instances.pop(key, None)

    def put(self, instance: Instance) -> None:
        """Takes it for the logical id's resource."""
        self._parsed_resources[instance.key] = instance.resource
        self.instances[instance.key] = instance

    def resolved(self, written: Json) -> Json:
        """The resource's properties with what they refer to."""
        properties: Json = clean_json(written.get("Properties", {}), self)
        return properties

    def update_one(self, key: str) -> None:
        """Brings one existing resource to the template, if its properties differ: in place, or by another instance."""
        former, written = self.instances[key], self._resource_json_map[key]
        if former.type != written["Type"]:
            raise Refused(f"Update of resource type is not permitted. The new template modifies resource type of {key}")
        resolved = self.resolved(written)
        if resolved == former.resolved:
            self.put(replace(former, written=written))
            return
        replaced = is_replaced(former.type, former.resolved, resolved)
        self.report(key, former.type, former.physical_id, "UPDATE_IN_PROGRESS", REPLACES if replaced else None)
        new = self.replacement(former, written) if replaced else self.change(former, written, resolved)
        self.put(new)
        self.report(key, new.type, new.physical_id, "UPDATE_COMPLETE", None)

    def replacement(self, former: Instance, written: Json) -> Instance:
        """Another instance beside the former one, which the end of the operation deletes."""
        if keeps_its_name(former.type, former.resolved, self.resolved(written)):
            raise Refused(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {former.physical_id} and update the stack again."
            )
        new = self.made(former.key, written)
        self.replaced.append((former, new))
        return new

    def change(self, former: Instance, written: Json, resolved: Json) -> Instance:
        """The same physical resource with new properties; a custom resource may answer that it is another one."""
        self.changed.append(former)
        changed: Any = parsing.parse_and_update_resource(
            former.key, {**written, "Properties": resolved}, self, self._account_id, self._region_name
        )
        if changed is None:
            raise Unsupported(f"{former.type} cannot be changed on this machine")
        new = Instance(former.key, changed, written, resolved)
        if new.physical_id != former.physical_id:
            self.replaced.append((former, new))
        return new
