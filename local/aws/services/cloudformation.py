"""CloudFormation that says what it could not create.

moto 5.2.5 answers success over a resource of unknown type, and over a creator that raised: the CDK CLI repeats the
failed call, finds nothing left to do, and reports success. Here every failure is kept, and fails its stack.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.core.exceptions import ServiceException
from moto.ssm.models import ssm_backends

from local.aws.services import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet

SUBSTITUTED = re.compile(r"\$\{(\w+)")


class Resources(ResourceMap):
    """A stack's resources; `failures` gives the reason for each logical id that is not as the template says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.failures: dict[str, str] = {}
        self._culprits: list[tuple[Exception, str]] = []  # what failed first, with its logical id

    def __getitem__(self, key: str) -> Any:
        """The resource, created when first asked for; None for one whose condition is false."""
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        try:
            resource = super().__getitem__(key)
        except Exception as error:
            self.failed(key, error)
            raise
        if resource is None and self.wanted(key):
            unknown = Unsupported(f"there is no {self._resource_json_map[key]['Type']} on this machine")
            self.failed(key, unknown)
            raise unknown
        self.failures.pop(key, None)
        return resource

    def __iter__(self) -> Iterator[str]:
        """The logical ids of what exists: asking for another would create it."""
        return (key for key in self._resource_json_map if self._parsed_resources.get(key) is not None)

    def wanted(self, key: str) -> bool:
        """Whether the template's conditions ask for it, and moto takes its type for more than a placeholder."""
        resource = self._resource_json_map[key]
        condition = resource.get("Condition")
        return resource["Type"] not in parsing.NULL_MODELS and (not condition or self.lazy_condition_map[condition])

    def failed(self, key: str, error: Exception) -> None:
        """Keeps the reason; what fails only because another resource did is said so."""
        culprit = next((name for one, name in self._culprits if one is error), None)
        if culprit is None:
            self._culprits.append((error, key))
        elif culprit == key:
            return
        self.failures[key] = reason(error) if culprit is None else f"needs {culprit}, which failed"

    def update(self, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        """Brings the resources to the template: adds, changes, then removes, as CloudFormation does."""
        differences = self.build_resource_diff(template, parameters)
        former, self._culprits = self._resource_json_map, []
        self._template, self._resource_json_map = template, template["Resources"]
        if parameters:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        again = [key for key in self.failures if key in self._resource_json_map]
        for key in self.in_order({*again, *differences["Add"], *differences["Modify"]}):
            self.attempt(key, self.change if key in self._parsed_resources else self.__getitem__)
        self.failures = {key: why for key, why in self.failures.items() if key in self._resource_json_map}
        for key in self.newest_first(differences["Remove"]):
            resource = self._parsed_resources.pop(key)
            if not is_retained(former[key]):
                self._delete_resource(resource, former[key])

    def parse_ssm_parameter(self, value: str, value_type: str) -> str:
        """The parameter's value, also where moto takes what it has read before for the parameter's name."""
        known = ssm_backends[self._account_id][self._region_name].get_parameter(value)
        return super().parse_ssm_parameter(value, value_type) if known else value

    def in_order(self, keys: AbstractSet[str]) -> list[str]:
        """The logical ids, each after those that its part of the template mentions."""
        ordered: dict[str, None] = {}

        def put(key: str, above: tuple[str, ...] = ()) -> None:
            if key in ordered:
                return
            for other in sorted(mentioned(self._resource_json_map[key]) & keys - {key, *above}):
                put(other, (*above, key))
            ordered[key] = None

        for key in self._resource_json_map:
            if key in keys:
                put(key)
        return list(ordered)

    def newest_first(self, keys: Collection[str]) -> list[str]:
        """Those of the logical ids that exist, what was created last first: nothing is deleted before what needs it."""
        return [key for key in reversed(self._parsed_resources) if key in keys]

    def delete(self) -> None:
        """Deletes every resource that the template does not want retained."""
        retained = {key for key, one in self._resource_json_map.items() if is_retained(one)}
        for key in self.newest_first(self._resource_json_map.keys() - retained):
            self._delete_resource(self._parsed_resources[key], self._resource_json_map[key])
            del self._parsed_resources[key]

    def attempt(self, key: str, do: Callable[[str], Any]) -> None:
        """Does it, and goes on with the next resource if it fails: the reason is kept."""
        try:
            do(key)
        except Exception as error:  # noqa: BLE001 - moto's creators raise whatever they like
            self.failed(key, error)

    def change(self, key: str) -> None:
        """Brings one existing resource to its new properties."""
        changed: Any = parsing.parse_and_update_resource(
            key, self._resource_json_map[key], self, self._account_id, self._region_name
        )
        if changed is None:
            raise Unsupported(f"{self._resource_json_map[key]['Type']} cannot be changed on this machine")
        self._parsed_resources[key] = changed
        self.failures.pop(key, None)


def is_retained(resource: Mapping[str, Any]) -> bool:
    """Whether a template's resource outlives its place in the template."""
    return bool(resource.get("DeletionPolicy") == "Retain")


class Unsupported(ValueError):
    """The resource's type, or its change, is not implemented on this machine."""


class CloudFormation(Completed, CloudFormationBackend):
    """moto's service; a change set that could not be carried out fails its stack."""

    __module__ = CloudFormationBackend.__module__  # moto finds a service's URLs by its backend's module

    def describe_change_set(self, change_set_name: str) -> ChangeSet:
        """The change set by ARN or name; an unknown one is answered as AWS does, which the CDK CLI waits for."""
        try:
            found = super().describe_change_set(change_set_name)
        except ValidationError as error:
            raise ChangeSetNotFound(change_set_name) from error
        assert found is not None  # noqa: S101 - moto raises where there is none
        return found

    def delete_change_set(self, change_set_name: str) -> None:
        """Deletes the change set; it is no error if there is none."""
        with contextlib.suppress(ChangeSetNotFound):
            self.change_sets.pop(self.describe_change_set(change_set_name).change_set_id)

    def execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        """Carries the change set out and forgets all of its stack's; the stack's status and events say what failed."""
        change_set = self.describe_change_set(change_set_name)
        self.change_sets = {key: one for key, one in self.change_sets.items() if one.stack_id != change_set.stack_id}
        stack = self.stacks[change_set.stack_id]
        stack.template, stack.template_dict = change_set.template, change_set.template_dict
        stack.parameters = change_set.parameters
        kind = change_set.change_set_type
        stack._add_stack_event(f"{kind}_IN_PROGRESS", resource_status_reason="User Initiated")  # noqa: SLF001 - moto's way
        try:
            change_set.apply()
        except Exception as error:  # noqa: BLE001 - a 500 would make the CDK CLI ask again for a minute
            stack._add_stack_event(f"{kind}_FAILED", resource_status_reason=reason(error))  # noqa: SLF001 - likewise
            stack.status = FAILED[kind]
            return
        conclude(stack, kind)


FAILED = {"CREATE": "ROLLBACK_COMPLETE", "UPDATE": "UPDATE_ROLLBACK_COMPLETE"}


def conclude(stack: Stack, kind: str) -> None:
    """Gives the stack its status, its outputs and the events that say what failed. `kind`: CREATE or UPDATE."""
    failures = failures_of(stack)
    for key, why in failures.items():
        stack.events.append(failure_event(stack, key, why))
    stack.status = FAILED[kind] if failures else f"{kind}_COMPLETE"
    stack._add_stack_event(stack.status)  # noqa: SLF001 - moto's way
    if not failures:
        stack.output_map = stack._create_output_map()  # noqa: SLF001 - moto does so in its UpdateStack, and only there


class ChangeSetNotFound(ServiceException):
    """AWS's answer for a change set that does not exist, or was executed."""

    def __init__(self, name: str) -> None:
        super().__init__("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def failures_of(stack: Stack) -> dict[str, str]:
    """The reason for each logical id of the stack that is not as its template says."""
    resources = stack.resource_map
    return dict(resources.failures) if isinstance(resources, Resources) else {}


def mentioned(value: Any) -> set[str]:
    """Every text in a part of a template, and every name in a Fn::Sub: whatever it refers to is among them."""
    if isinstance(value, str):
        return {value, *SUBSTITUTED.findall(value)}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in parts for text in mentioned(part)}


def failure_event(stack: Stack, key: str, why: str) -> Event:
    """The stack event that the CDK CLI prints."""
    return Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=key,
        physical_resource_id="",
        resource_type=stack.resource_map._resource_json_map[key]["Type"],  # noqa: SLF001 - moto has no other way to it
        resource_status="CREATE_FAILED",
        resource_status_reason=why,
        resource_properties=None,
    )


def reason(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}: {error.response['Error']['Message']}"
    if isinstance(error, Unsupported):
        return str(error)
    return f"{type(error).__name__}: {str(error) or repr(error)}".replace("\n", " ")


vars(models)["ResourceMap"] = Resources  # moto's stacks make their resource maps by this name
