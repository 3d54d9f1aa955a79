"""What `make keys` prints of keys: a table of all, and what one is for."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from commands.columns import columns
from distributary.access.key import Key

_HEAD = ("KEY", "NAME", "STATE", "LAST USED", "CREATED", "RIGHTS", "SINKS", "SOURCES", "QUOTA", "BEYOND DEFAULT")
_ABOUT_BEYOND = "BEYOND DEFAULT is what a key gets today only if it is named. Take it away with deny KEY RIGHT …."


def table(keys: Sequence[Key], now: float) -> str:
    """A line for each key, with what the living ones may do beyond today's default; `now` in seconds since 1970."""
    beyond = {key.id: ",".join(key.beyond_default if key.is_live(now) else ()) for key in keys}
    lines = columns([_HEAD, *((*_row(key, now), beyond[key.id] or "-") for key in keys)])
    notes = [*([_ABOUT_BEYOND] if any(beyond.values()) else []), *_shared_names(keys, now)]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _shared_names(keys: Sequence[Key], now: float) -> list[str]:
    counts = Counter(key.name for key in keys if key.is_live(now))
    return [f"{name} is the name of {count} living keys: one caller" for name, count in counts.items() if count > 1]


def one(key: Key) -> str:
    """What a key that was just changed is for."""
    rights, sinks, sources = (", ".join(sorted(names)) or "none" for names in _for_what(key))
    return f"{key.id} ({key.name}) has within a minute:\nrights   {rights}\nsinks    {sinks}\nsources  {sources}"


def _for_what(key: Key) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    return key.doors | key.rights, key.sinks, key.sources | {key.name}


def _row(key: Key, now: float) -> tuple[str, ...]:
    quota = f"{key.quota.rate:g}/s, burst {key.quota.burst:g}" if key.quota else "-"
    rights, sinks, sources = (",".join(sorted(names)) or "-" for names in _for_what(key))
    when = _state(key, now), key.last_used or "never", _day(key.created)
    return key.id, key.name, *when, rights + " (browser)" * key.browser, sinks, sources, quota


def _state(key: Key, now: float) -> str:
    if key.revoked is not None:
        return f"revoked {_day(key.revoked)}"
    if key.expires is None:
        return "live"
    return f"{'until' if key.is_live(now) else 'expired'} {_day(key.expires)}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
