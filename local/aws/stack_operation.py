"""Creating, updating and deleting a stack as CloudFormation does: its statuses, its events, its way back.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from moto.cloudformation.models import Event

from local.aws.dependencies import in_order, mentioned
from local.aws.instance import Instance, Json, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from moto.cloudformation.models import Stack

    from local.aws.stack_resources import Resources

    Keeps = Callable[[Instance], bool]


class StackOperation:
    """One operation on a stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.resources = cast("Resources", stack.resource_map)
        self.resources.forget_steps()
        self.resources.report = self.report

    def create(self, template: Json, parameters: Mapping[str, Any]) -> None:
        """Creates every resource, or ends with what was created before the failure deleted again."""
        self.enter("CREATE_IN_PROGRESS", "User Initiated")
        if not (why := self.failure(template, parameters)):
            self.complete("CREATE_COMPLETE", template)
            return
        self.enter("ROLLBACK_IN_PROGRESS", f"{why}Rollback requested by user.")
        left = self.delete_all(self.resources.created, keeps_what_it_created)
        self.resources.load_template({}, None)
        self.enter("ROLLBACK_FAILED" if left else "ROLLBACK_COMPLETE", failed_to_delete(left))

    def update(self, template: Json, parameters: Mapping[str, Any]) -> None:
        """Brings every resource to the template, or ends with all as it was before."""
        self.enter("UPDATE_IN_PROGRESS", "User Initiated")
        before, former = dict(self.resources.instances), self.resources.input_parameters
        if why := self.failure(template, parameters):
            self.enter("UPDATE_ROLLBACK_IN_PROGRESS", why)
            self.resources.load_template(self.stack.template_dict, former)
            self.roll_back(before)
            return
        replaced = {old.key: new for old, new in self.resources.replaced}
        self.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None)
        self.delete_all(
            [*self.resources.unwanted, *(old for old, _ in self.resources.replaced)],
            lambda one: keeps_the_replaced(replaced[one.key]) if one.key in replaced else keeps(one),
        )
        for one in self.resources.unwanted:
            self.resources.forget(one.key)
        self.complete("UPDATE_COMPLETE", template)

    def delete(self) -> None:
        """Deletes what the template does not want retained; what cannot be deleted stays in the stack."""
        self.enter("DELETE_IN_PROGRESS", "User Initiated")
        left = self.delete_all(list(self.resources.instances.values()), keeps)
        self.enter("DELETE_FAILED" if left else "DELETE_COMPLETE", failed_to_delete(left))

    def failure(self, template: Json, parameters: Mapping[str, Any]) -> str:
        """Why the resources could not be brought to the template, in AWS's words; empty where they were."""
        existing = set(self.resources.instances)
        try:
            self.resources.load_template(template, parameters)
            self.resources.bring_about()
        except Exception as error:  # noqa: BLE001 - a 500 would make the CDK CLI ask again for a minute
            return f"{reason(error)}. "
        failures = self.resources.failures
        kinds = {
            "create": [key for key in failures if key not in existing],
            "update": [key for key in failures if key in existing],
        }
        lists = (
            f"The following resource(s) failed to {verb}: [{', '.join(keys)}]. " for verb, keys in kinds.items() if keys
        )
        return "".join(lists)

    def roll_back(self, before: Mapping[str, Instance]) -> None:
        """Brings back what was changed, then deletes what is new."""
        created, replaced = list(self.resources.created), list(self.resources.replaced)
        changed = {one.key: one for one in self.resources.changed}
        for one in created:
            self.resources.forget(one.key)
        for key, one in before.items():
            if key not in changed:
                self.resources.put(one)
        order = in_order({key: one.written for key, one in changed.items()}, changed.keys())
        lost = [key for key in order if not self.restore(changed[key])]
        new = [
            *created,
            *(one for _, one in replaced if self.resources.instances[one.key].resource is not one.resource),
        ]
        self.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None)
        self.delete_all(new, keeps_what_it_created)
        why = f"The following resource(s) failed to update: [{', '.join(lost)}]. " if lost else None
        self.enter("UPDATE_ROLLBACK_FAILED" if lost else "UPDATE_ROLLBACK_COMPLETE", why)

    def restore(self, former: Instance) -> bool:
        """Brings what was changed in place back to its former properties; whether that went well."""
        self.report(former.key, former.type, former.physical_id, "UPDATE_IN_PROGRESS", None)
        current = self.resources.instances[former.key]
        try:
            self.resources.put(self.resources.change(current, former.written, former.resolved))
        except Exception as error:  # noqa: BLE001 - moto's creators raise whatever they like
            self.report(former.key, former.type, former.physical_id, "UPDATE_FAILED", reason(error))
            return False
        self.report(former.key, former.type, former.physical_id, "UPDATE_COMPLETE", None)
        return True

    def delete_all(self, instances: Iterable[Instance], kept: Keeps) -> list[str]:
        """Deletes them, what depends on others first; the logical ids of those that could not be deleted."""
        doomed = {one.key: one for one in instances}
        failed, needed = [], set[str]()
        for key in reversed(in_order({key: one.written for key, one in doomed.items()}, doomed.keys())):
            if key in needed:
                needed |= mentioned(doomed[key].written)
            elif not self.delete_one(doomed[key], kept=kept(doomed[key])):
                failed.append(key)
                needed |= mentioned(doomed[key].written)
        return failed

    def delete_one(self, instance: Instance, *, kept: bool) -> bool:
        """Deletes one, or leaves it behind where its policy says so; whether the stack is rid of it."""
        name = (instance.key, instance.type, instance.physical_id)
        if kept:
            self.report(*name, "DELETE_SKIPPED", None)
        else:
            self.report(*name, "DELETE_IN_PROGRESS", None)
            try:
                self.resources._delete_resource(instance.resource, instance.written)  # noqa: SLF001 - moto's way
            except Exception as error:  # noqa: BLE001 - moto's deletions raise whatever they like
                self.report(*name, "DELETE_FAILED", reason(error))
                return False
            self.report(*name, "DELETE_COMPLETE", None)
        if self.resources.instances.get(instance.key) is instance:
            self.resources.forget(instance.key)
        return True

    def complete(self, status: str, template: Json) -> None:
        """Ends the operation with the template's outputs."""
        self.stack.template_dict = template
        self.stack.output_map = self.stack._create_output_map()  # noqa: SLF001 - moto does so in its UpdateStack alone
        self.enter(status, None)

    def enter(self, status: str, why: str | None) -> None:
        """Gives the stack its status, with an event."""
        self.stack.status = status
        vars(self.stack)["stack_status_reason"] = why  # what DescribeStacks shows
        self.stack._add_stack_event(status, resource_status_reason=why)  # noqa: SLF001 - moto's way

    def report(self, key: str, kind: str, physical_id: str, status: str, why: str | None) -> None:
        """Adds a resource's event to the stack's."""
        event = Event(
            stack_id=self.stack.stack_id,
            stack_name=self.stack.name,
            logical_resource_id=key,
            physical_resource_id=physical_id,
            resource_type=kind,
            resource_status=status,
            resource_status_reason=why,
            resource_properties=None,
        )
        self.stack.events.append(event)


def failed_to_delete(keys: Iterable[str]) -> str | None:
    """AWS's words, where there are any to say."""
    listed = ", ".join(keys)
    return f"The following resource(s) failed to delete: [{listed}]. " if listed else None


def keeps(one: Instance) -> bool:
    """Whether a resource outlives its stack, or its place in the template."""
    return one.written.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


def keeps_what_it_created(one: Instance) -> bool:
    """Whether a resource outlives the rollback of the operation that created it."""
    return one.written.get("DeletionPolicy") == "Retain"


def keeps_the_replaced(new: Instance) -> bool:
    """Whether the former physical resource outlives its replacement by the new one."""
    return new.written.get("UpdateReplacePolicy") == "Retain"
