"""Shortcuts through moto: what it works out anew for each request, although it never changes, is kept.

moto 5.2.5 lists its own folder to find the service of a host, inspects a class to find an operation, and draws request
ids and receipt handles letter by letter: together more than half of the CPU time of a request to a queue.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from moto import backends
from moto.core import responses, serialize
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.sqs import models as sqs_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECEIPT_BYTES = 138
"""Of a receipt handle, which has 184 characters then."""
REQUEST_ID_BYTES = 26
"""Of a request id, which has 52 characters then."""


def receipt_handle() -> str:
    """A new receipt handle."""
    return secrets.token_urlsafe(RECEIPT_BYTES)


def request_id(headers: dict[str, Any] | None = None) -> str:
    """A new request id, also put into the headers."""
    made = secrets.token_hex(REQUEST_ID_BYTES)
    if headers is not None:
        headers["x-amzn-requestid"] = made
    return made


def modules() -> frozenset[str]:
    """The services that moto has."""
    return MODULES


MODULES = frozenset(backends.list_of_moto_modules())


def shortcuts() -> list[tuple[Any, str, Callable[..., Any]]]:
    """Where moto's function is, its name, and what takes its place."""
    return [
        (backends, "list_of_moto_modules", modules),
        (responses, "camelcase_to_underscores", cache(camelcase_to_underscores)),
        (responses, "gen_amzn_requestid_long", request_id),
        (responses, "method_names_from_class", cache(method_names_from_class)),
        (serialize, "xform_name", cache(xform_name)),
        (sqs_models, "camelcase_to_underscores", cache(camelcase_to_underscores)),  # forty times for each message
        (sqs_models, "generate_receipt_handle", receipt_handle),
    ]


@contextmanager
def in_place() -> Iterator[None]:
    """Inside it, moto takes them."""
    with ExitStack() as undo:
        for owner, name, ours in shortcuts():
            undo.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, ours)
        yield
