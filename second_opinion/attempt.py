"""One try to create a stage of the product in the emulator, without the resources that `left_out.toml` names."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from local.deployment import Cdk, StepFailed
from second_opinion.emulator import Emulator, finish

CREATED = "CREATE_COMPLETE"


class StaleListError(Exception):
    """`left_out.toml` names a resource that the stage does not have."""


def attempt(emulator: Emulator, stage: str, left_out: Collection[str]) -> list[str]:
    """Creates the stage; a line for each resource that was not created. Ends after two minutes."""
    workspace = emulator.workspace / stage
    workspace.mkdir()
    cdk = Cdk(workspace)
    with cdk.synth(stage) as synthesis:
        finish(synthesis, print)
    template = reduce(cdk.assembly / f"distributary-{stage}.template.json", left_out)
    with cdk.deploy(emulator.endpoint) as deployment:
        try:
            finish(deployment, print)
        except StepFailed as error:
            return [f"{stage}: {error}"]
    return [f"{stage}: {line}" for line in _missing(emulator, f"distributary-{stage}", template)]


def reduce(file: Path, left_out: Collection[str]) -> dict[str, Any]:
    """Takes the resources at these paths out of a template, and gives what is left. Raises StaleListError.

    A path is that in the construct tree, without the stack's name and the last part: `Default/Streams/Bucket`.
    """
    template: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    names = {_path(resource): name for name, resource in template["Resources"].items()}
    if unknown := set(left_out) - names.keys():
        raise StaleListError(f"{file.name} has no {', '.join(sorted(unknown))}: take it out of left_out.toml")
    gone = {names[path] for path in left_out}
    template["Resources"] = {name: one for name, one in template["Resources"].items() if name not in gone}
    for resource in template["Resources"].values():
        if "DependsOn" in resource:
            before = resource["DependsOn"]
            resource["DependsOn"] = [
                one for one in ([before] if isinstance(before, str) else before) if one not in gone
            ]
    file.write_text(json.dumps(template), encoding="utf-8")
    return template


def _path(resource: Mapping[str, Any]) -> str:
    parts = resource.get("Metadata", {}).get("aws:cdk:path", "").split("/")
    return "/".join(parts[1:-1])


def _missing(emulator: Emulator, stack: str, template: Mapping[str, Any]) -> list[str]:
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    states = {
        one["LogicalResourceId"]: one["ResourceStatus"] for page in pages for one in page["StackResourceSummaries"]
    }
    return [f"{name} is {states.get(name, 'missing')}" for name in template["Resources"] if states.get(name) != CREATED]
