"""What exists: the construct `Distributary` with its props, and what it is made of, one noun a file."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributary_cdk.configuration import (
        AlarmsProps,
        BucketProps,
        DashboardProps,
        DetectorsProps,
        FirehoseProps,
        FunctionsProps,
        IotEventsProps,
        KinesisProps,
        RedriveProps,
        ReleasesProps,
        ReservedProps,
    )
    from distributary_cdk.distributary import Distributary
    from distributary_cdk.entrance import DomainProps, HttpProps, JwtProps
    from distributary_cdk.iot_rule import IotRule

__all__ = [
    "AlarmsProps",
    "BucketProps",
    "DashboardProps",
    "DetectorsProps",
    "Distributary",
    "DomainProps",
    "FirehoseProps",
    "FunctionsProps",
    "HttpProps",
    "IotEventsProps",
    "IotRule",
    "JwtProps",
    "KinesisProps",
    "RedriveProps",
    "ReleasesProps",
    "ReservedProps",
]

_OTHERS = {
    "Distributary": "distributary",
    "DomainProps": "entrance",
    "HttpProps": "entrance",
    "IotRule": "iot_rule",
    "JwtProps": "entrance",
}


def __getattr__(name: str) -> Any:
    """The class of that name; its module is loaded when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OTHERS.get(name, 'configuration')}"), name)
