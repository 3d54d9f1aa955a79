"""Whether a changed property replaces its resource: AWS's own schema of the type decides, as cfn-lint carries it.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.cloudformation.parsing import resource_name_property_from_type

from local.deployment import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

    Properties = Mapping[str, Any]


def is_replaced(type_name: str, old: Properties, new: Properties) -> bool:
    """Whether CloudFormation makes a new resource of this type for the new properties, instead of changing the old."""
    differing = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return bool(differing) and not differing.isdisjoint(create_only(type_name))


def create_only(type_name: str) -> frozenset[str]:
    """The properties that are set at a resource's creation only; empty for a type that AWS's registry lacks."""
    return listed(type_name, "createOnlyProperties") | listed(type_name, "conditionalCreateOnlyProperties")


def keeps_its_name(type_name: str, old: Properties, new: Properties) -> bool:
    """Whether old and new have one name, which the template gives: two such resources cannot stand side by side."""
    own = listed(type_name, "primaryIdentifier") - listed(type_name, "readOnlyProperties")
    names = own or {resource_name_property_from_type(type_name) or ""}
    return all(name in new and new[name] == old.get(name) for name in names)


@lru_cache
def listed(type_name: str, keyword: str) -> frozenset[str]:
    """The properties that the type's schema lists under the keyword."""
    from cfnlint.schema import ResourceNotFoundError  # noqa: PLC0415 - a second that only updates take
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - likewise

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name).schema
    except ResourceNotFoundError:
        return frozenset()
    places = [place.removeprefix("/properties/") for place in schema.get(keyword, ())]
    return frozenset(place for place in places if "/" not in place)
