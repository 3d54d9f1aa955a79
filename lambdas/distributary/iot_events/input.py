"""An IoT Events input: what `distributary.toml` declares of each under `[inputs]`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """An IoT Events input: the payload paths that it declares, the key of models that have none of their own.

    `dedup`: a messageId that comes again within five minutes is taken once.
    """

    name: str
    attributes: tuple[str, ...]
    key: str | None = None
    dedup: bool = True
