"""CloudFormation whose stacks end as AWS's do: complete, or rolled back with the reason, never half of both.

moto 5.2.5 answers success over what failed, gives two stacks one name, and knows no termination protection.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack
from moto.core.exceptions import ServiceException

from local.aws.services import Completed
from local.aws.stack_operation import StackOperation
from local.aws.stack_resources import Resources

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html: those that take no update
FINAL = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


class CloudFormation(Completed, CloudFormationBackend):
    """moto's service; what becomes of a stack is decided here."""

    __module__ = CloudFormationBackend.__module__  # moto finds a service's URLs by its backend's module

    def create_stack(self, name: str, template: str, parameters: dict[str, Any], *args: Any, **options: Any) -> Stack:
        """The stack, created without a change set of the caller's."""
        if self.living(name):
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        protected = bool(options.pop("enable_termination_protection", None))
        stack_id = self.applied(name, template, parameters, "CREATE", options)
        self.stacks[stack_id].enable_termination_protection = protected
        return self.stacks[stack_id]

    def update_stack(
        self,
        name: str,
        template: str,
        role_arn: str | None,
        parameters: list[dict[str, Any]],
        tags: dict[str, str] | None,
    ) -> Stack:
        """The stack, updated without a change set of the caller's."""
        stack = self.get_stack(name)
        resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
        if stack.has_template(template) and stack.has_parameters(resolved):
            raise ValidationError(message="No updates are to be performed.")
        self.applied(stack.name, template, resolved, "UPDATE", {"role_arn": role_arn, "tags": tags})
        return stack

    def applied(self, name: str, template: str, parameters: dict[str, Any], kind: str, options: Any) -> str:
        """The id of the stack, after a change set of our own."""
        change_set_id, stack_id = self.create_change_set(
            stack_name=name,
            change_set_name=f"direct-{uuid.uuid4()}",
            template=template,
            parameters=parameters,
            description="",
            change_set_type=kind,
            **{key: options.get(key) for key in ("notification_arns", "tags", "role_arn")},
        )
        self.execute_change_set(change_set_id)
        return stack_id

    def create_change_set(self, stack_name: str, *args: Any, **options: Any) -> tuple[str, str]:
        """The ids of change set and stack; refused where the stack is in no state for it."""
        stack, kind = self.living(stack_name), options["change_set_type"]
        if stack and kind == "CREATE":
            if stack.status != "REVIEW_IN_PROGRESS":
                raise ValidationError(message=f"Stack [{stack_name}] already exists and cannot be created again")
            del self.stacks[stack.stack_id]
        if stack and kind == "UPDATE" and stack.status in FINAL:
            raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        made: tuple[str, str] = super().create_change_set(stack_name, *args, **options)
        return made

    def living(self, name_or_id: str) -> Stack | None:
        """The stack of that name or id that is not deleted."""
        found = (one for one in self.stacks.values() if name_or_id in (one.name, one.stack_id))
        return next(found, None)

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
        """Executes the change set and forgets all of its stack's; the stack's status and events say what failed."""
        change_set = self.describe_change_set(change_set_name)
        self.change_sets = {key: one for key, one in self.change_sets.items() if one.stack_id != change_set.stack_id}
        stack = self.stacks[change_set.stack_id]
        operation = StackOperation(stack)
        if change_set.change_set_type == "CREATE":
            stack.template, stack.parameters = change_set.template, change_set.parameters
            operation.create(change_set.template_dict, change_set.parameters)
        else:
            operation.update(change_set.template_dict, change_set.parameters)
        if stack.status == "UPDATE_COMPLETE":
            stack.template, stack.parameters = change_set.template, change_set.parameters
        self.note_exports()

    def delete_stack(self, name_or_stack_id: str) -> None:
        """Deletes the stack; it is no error if there is none. Refused while its termination protection is on."""
        stack = self.living(name_or_stack_id)
        if stack is None:
            return
        if stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.stack_id}] cannot be deleted while TerminationProtection is enabled"
            )
        StackOperation(stack).delete()
        if stack.status == "DELETE_COMPLETE":
            self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
        self.note_exports()

    def note_exports(self) -> None:
        """Keeps what living stacks export."""
        self.exports.clear()
        self.exports.update({one.name: one for stack in self.stacks.values() for one in stack.exports})


class ChangeSetNotFound(ServiceException):
    """AWS's answer for a change set that does not exist, or was executed."""

    def __init__(self, name: str) -> None:
        super().__init__("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


vars(models)["ResourceMap"] = Resources  # moto's stacks make their resource maps by this name
