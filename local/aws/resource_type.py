"""A CloudFormation type said in terms of the service's own API: which calls create, change and delete it.

moto knows a type by a direct subclass of `CloudFormationModel`; `moto_class` makes one from a `ResourceType`. A
property that the service does not know is an error, no silence.
"""

from __future__ import annotations

import contextlib
import string
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from moto.core.common_models import CloudFormationModel

from local.aws.instance import Unsupported
from local.aws.service_call import Properties, UnknownProperty, call, shape_of

Clients = Callable[[str, str], Any]  # (service, region) → a boto3 client of the server that is running


def unchanged(properties: Properties) -> Properties:
    """The properties as they are: the API's parameters have the template's names."""
    return properties


def nothing_more(_client: Any, _state: Properties) -> None:
    """No further call is needed."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One type. Formats are on the resource's state: its properties, its name and place, what the calls answered."""

    name: str
    service: str
    create: str | None = None  # the operation, as the API reference spells it; None where `after` does it all
    update: Sequence[str] = ()  # the operations that change it in place
    delete: str | None = None
    ref: str = "{PhysicalName}"  # what Ref gives; PhysicalName is the name that CloudFormation generates
    attributes: Mapping[str, str] = field(default_factory=dict)  # GetAtt name → format on the state
    named_by: str | None = None  # the property that takes the generated name where the template gives none
    name_length: int = 64
    translate: Callable[[Properties], Properties] = unchanged  # properties → the create call's parameters
    change: Callable[[Properties], Properties] = unchanged  # state → the update calls' parameters
    beyond_create: Sequence[str] = ()  # properties that `after` sends, or that have no meaning on one machine
    in_place: Sequence[str] = ()  # properties that `after`, or the update calls under another name, can change
    deletion: Callable[[Properties], Properties] = unchanged  # state → the delete call's parameters
    after: Callable[[Any, Properties], None] = nothing_more  # further calls, after a create and after an update
    before_delete: Callable[[Any, Properties], None] = nothing_more  # further calls, before a delete


@dataclass
class Resource:
    """One resource that exists: its type, what was asked for, and its state."""

    type: ResourceType
    clients: Clients
    properties: Properties
    state: Properties

    @property
    def client(self) -> Any:
        """The boto3 client that made it."""
        return self.clients(self.type.service, self.state["Region"])


def created(kind: ResourceType, clients: Clients, place: Properties, properties: Properties) -> Resource:
    """The resource that the create call (and what comes after it) made. `place`: PhysicalName, Region, AccountId."""
    named = {**properties}
    if kind.named_by:
        named.setdefault(kind.named_by, place["PhysicalName"][-kind.name_length :].lstrip("-."))
    resource = Resource(kind, clients, properties, {**place, **named})
    if kind.create:
        asked = {key: value for key, value in named.items() if key not in kind.beyond_create}
        resource.state |= call(resource.client, kind.create, kind.translate(asked), strict=True)
    try:
        kind.after(resource.client, resource.state)
    except Exception:  # whatever failed, it is raised again, and half a resource must not stay
        with contextlib.suppress(Exception):  # the first error is the one to report
            deleted(resource)
        raise
    return resource


def updated(resource: Resource, properties: Properties) -> Resource:
    """The resource with new properties, changed in place; raises Unsupported for what the API cannot change."""
    kind, old = resource.type, resource.properties
    differing = {key for key in {*old, *properties} if old.get(key) != properties.get(key)}
    if fixed := differing - changeable(resource, properties):
        raise Unsupported(f"{', '.join(sorted(fixed))} of {kind.name} cannot be changed on this machine")
    state = without(old.keys() - properties.keys(), resource.state) | properties
    for operation in kind.update:
        answer = call(resource.client, operation, kind.change(state), strict=False)
        state |= without(old.keys() - properties.keys(), answer)
    kind.after(resource.client, state)
    return Resource(kind, resource.clients, properties, state)


def without(keys: AbstractSet[str], state: Properties) -> Properties:
    """The state without those keys."""
    return {key: value for key, value in state.items() if key not in keys}


def changeable(resource: Resource, properties: Properties) -> set[str]:
    """The properties that can change in place."""
    kind = resource.type
    shapes = [shape_of(resource.client, operation) for operation in kind.update]
    members = {name.lower() for shape in shapes for name in shape.members}
    taken = {key for key in {*resource.properties, *properties} if key.lower() in members or not kind.create}
    return taken | {*kind.beyond_create, *kind.in_place}


def deleted(resource: Resource) -> None:
    """Deletes it, if its type has a delete call."""
    resource.type.before_delete(resource.client, resource.state)
    if resource.type.delete:
        call(resource.client, resource.type.delete, resource.type.deletion(resource.state), strict=False)


class Existing:
    """A resource as moto's CloudFormation handles it; each of its subclasses stands for one type."""

    kind: ClassVar[ResourceType]
    clients: ClassVar[Clients]

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    @classmethod
    def cloudformation_type(cls) -> str:
        """The type's name."""
        return cls.kind.name

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """The property that names the resource, or nothing."""
        return cls.kind.named_by or ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether GetAtt knows the attribute."""
        return attr in cls.kind.attributes

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return self.kind.ref.format_map(self.resource.state)

    def get_cfn_attribute(self, attribute: str) -> str:
        """What GetAtt gives."""
        if attribute not in self.kind.attributes:
            raise UnknownProperty(f"{self.kind.name} has no attribute {attribute}")
        return self.kind.attributes[attribute].format_map(self.resource.state)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Properties, account_id: str, region_name: str, **_: Any
    ) -> Self:
        """The resource that was created."""
        place = {"PhysicalName": plain_name(resource_name), "Region": region_name, "AccountId": account_id}
        return cls(created(cls.kind, cls.clients, place, cloudformation_json.get("Properties", {})))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Self, new_resource_name: str, cloudformation_json: Properties, *_: Any, **__: Any
    ) -> Self:
        """The resource that was changed."""
        return cls(updated(original_resource.resource, cloudformation_json.get("Properties", {})))

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any) -> None:
        """Never reached: moto calls `delete`, which knows the resource's state."""

    def delete(self, account_id: str, region_name: str) -> None:
        """Deletes it."""
        try:
            deleted(self.resource)
        except (TypeError, AttributeError) as error:  # moto takes these two for "there is no such method"
            raise RuntimeError(str(error)) from error

    def is_created(self) -> bool:
        """Always: the calls have been made."""
        return True


def moto_class(kind: ResourceType, clients: Clients) -> type:
    """A class that moto's CloudFormation finds by itself, as it finds every direct subclass of its model."""
    members = {"__module__": __name__, "kind": kind, "clients": staticmethod(clients)}
    return types.new_class(kind.name, (Existing, CloudFormationModel), exec_body=lambda body: body.update(members))


def plain_name(name: str) -> str:
    """The name with the letters, digits, hyphens, underscores and dots that every service takes."""
    allowed = string.ascii_letters + string.digits + "-_."
    return "".join(letter if letter in allowed else "-" for letter in name)
