"""moto's services where they differ from AWS: each a subclass of moto's backend, put in its place by the server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.core.base_backend import BackendDict


class Completed:
    """What every backend of ours shares: it is dropped with its state when the server stops, so it resets nothing."""

    def reset(self) -> None:
        """Does nothing: moto would call the constructor without what ours takes."""


@contextmanager
def in_place_of(backends: BackendDict[Any], make: Callable[..., Any]) -> Iterator[None]:
    """Inside it, moto makes a service's backends with `make(region, account_id=…)` instead of its own class."""
    own = backends.backend
    backends.clear()
    backends.backend = make  # type: ignore[assignment]  # moto only ever calls it
    try:
        yield
    finally:
        backends.clear()
        backends.backend = own
