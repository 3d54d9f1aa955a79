"""The stage's keys, with their master secrets on the way."""

from distributary.access.key_store import KeySettings, KeyStore, key_store
from distributary.functions.start import Start


def keys_ahead(start: Start) -> KeyStore | None:
    """The keys of the stage; None where it is open.

    A handler makes them before it imports the rest of its function: the call takes no time of a first request then.
    """
    keys = key_store(start.settings(KeySettings), start.clients, start.clock)
    if keys:
        keys.read_ahead()
    return keys
