"""The ids of a request's events, as its log line has them."""

from collections.abc import Iterable
from itertools import islice

LOGGED = 10
"""So many of them, and of each so many characters: a request may have thousands, and their length is the client's."""
LONGEST = 64


def logged_ids(ids: Iterable[str | None]) -> dict[str, list[str]]:
    """The first of them as a member of the line; empty where there is none."""
    found = [one[:LONGEST] for one in islice(filter(None, ids), LOGGED)]
    return {"event_ids": found} if found else {}
