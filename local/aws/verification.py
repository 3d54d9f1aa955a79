"""Whether a deployment created what its template says: `cdk deploy` alone does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends

from local.deployment import ACCOUNT, REGION, NotCreated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.cloudformation.models import Stack

    from local.aws.stack_resources import Resources


def verify(stack_name: str, template: Mapping[str, Any]) -> dict[str, str]:
    """The stack's outputs; raises NotCreated unless every logical id of the template was created without an error."""
    stack = cloudformation_backends[ACCOUNT][REGION].get_stack(stack_name)
    missing = missing_resources(stack, template["Resources"])
    if missing:
        raise NotCreated("\n".join([f"{stack_name}: not created on this machine:", *missing]))
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.outputs or []}
    unknown = [name for name in template.get("Outputs", {}) if not outputs.get(name)]
    if unknown:
        raise NotCreated(f"{stack_name}: outputs without a value: {', '.join(unknown)}")
    return outputs


def missing_resources(stack: Stack, resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each resource that failed, or was left out though nothing failed, with its type and the reason."""
    known = cast("Resources", stack.resource_map)
    failures, exist = known.failures, known.instances
    conditions = stack.resource_map.lazy_condition_map
    lines = []
    for key, resource in resources.items():
        condition = resource.get("Condition")
        asked = resource["Type"] not in parsing.NULL_MODELS and (not condition or conditions.get(condition, True))
        if key in failures or (asked and not failures and key not in exist):
            lines.append(f"  {key} ({resource['Type']}): {failures.get(key, 'the deployment left it out')}")
    return lines
