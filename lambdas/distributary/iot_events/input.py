"""An IoT Events input: what `distributary.toml` declares of each under `[inputs]`."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Input(NamedTuple):
    """An IoT Events input: the payload paths that it declares, the key of models that have none of their own.

    `dedup`: a messageId that comes again within five minutes is taken once.
    """

    name: str
    attributes: tuple[str, ...]
    key: str | None = None
    dedup: bool = True


def read_inputs(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Input]:
    """The inputs that checked tables of `distributary.toml` declare, by name."""
    return {
        name: Input(name, tuple(table["attributes"]), table.get("key"), table.get("dedup", True))
        for name, table in tables.items()
    }
