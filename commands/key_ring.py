"""The keys of a stage as its operator handles them: made, changed, listed, revoked; their master secret rotated."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from commands.key_table import KeyRingError, KeyTable
from commands.stage import Stage
from distributary.access.key import (
    ANY_SOURCE,
    DEFAULT_APIS,
    EVERY_SINK,
    RANDOM_BYTES,
    Key,
    derive_secret,
    new_id,
    version_of,
)
from distributary.access.key_item import key_of
from distributary.access.key_store import read_versions
from distributary.sinks.registry import SINK_NAMES

__all__ = ["SECONDS_A_DAY", "KeyRing", "KeyRingError", "bearer", "passing_key"]

MASTER_SECRET_BYTES = 48
SECONDS_A_DAY = 86_400
PASSING_SECONDS = 6 * 3600
"""How long a passing key lives at most, should the command that made it be killed."""


class KeyRing:
    """The key table and the master secret of one stage, found by its outputs."""

    def __init__(self, stage: Stage) -> None:
        if not {"KeyTableName", "KeySecretArn"} <= set(stage.outputs):
            raise KeyRingError(f'stage {stage.name} has no keys: it is deployed with auth = "open"')
        self._table = KeyTable(stage.client("dynamodb"), stage.outputs["KeyTableName"])
        self._secretsmanager = stage.client("secretsmanager")
        self._secret_id = stage.outputs["KeySecretArn"]

    def create(self, wanted: Key) -> tuple[Key, str]:
        """A new key like the one wanted, with an id of its own, and its secret, which nothing stores.

        Raises KeyRingError where a living key has its name: keys of one name are one caller.
        """
        newest = self._table.newest_of(wanted.name)  # read first: whoever adds one after that is noticed
        for key in self.every_key():
            if key.name == wanted.name and key.is_live(time.time()):
                raise KeyRingError(
                    f"the living key {key.id} is named {key.name}, and keys of one name are one caller: choose another "
                    f"name, or give its holder a new secret with replace {key.id}"
                )
        if wanted.sinks == EVERY_SINK:  # an item names them
            wanted = replace(wanted, sinks=frozenset(SINK_NAMES))
        return self._add(wanted, newest)

    def replace(self, key_id: str, days: float | None = None) -> tuple[Key, str]:
        """A new key with the name and rights of a living one, and its secret; the old one goes on until it is revoked.

        Without `days` it lives as long as the old one was made to live.
        """
        newest = self._table.newest_of(self._living(key_id)[0].name)
        old, _ = self._living(key_id)  # again: were it revoked meanwhile, its name could be somebody else's
        seconds = days * SECONDS_A_DAY if days else old.expires - old.created if old.expires else 0
        expires = float(int(time.time() + seconds)) if seconds else None
        return self._add(replace(old, expires=expires, last_used=""), newest)

    def change(self, key_id: str, changed: Callable[[Key], Key]) -> Key:
        """The living key once its doors, rights, sinks and sources are what `changed` makes of them.

        Functions see it within a minute. Raises KeyRingError where somebody else changed it at the same time.
        """
        key, item = self._living(key_id)
        after = changed(key)
        self._table.change(item, after)
        return after

    def every_key(self) -> list[Key]:
        """Every key, the oldest first."""
        return sorted(map(key_of, self._table.keys()), key=lambda key: (key.created, key.id))

    def revoke(self, key_id: str) -> None:
        """Stop a key: it works for a minute at most, ten while the table cannot be read. Revoking twice is no error."""
        if not version_of(key_id):
            raise KeyRingError(f"there is no key {key_id}")
        self._table.revoke(key_id)

    def rotate(self) -> str:
        """The new version of the master secret, which every key made from now on is derived from; the others go on."""
        versions, newest = self._versions()
        following = str(int(newest) + 1)
        text = json.dumps({**versions, following: secrets.token_urlsafe(MASTER_SECRET_BYTES)})
        self._secretsmanager.put_secret_value(SecretId=self._secret_id, SecretString=text)
        return following

    def _versions(self) -> tuple[dict[str, str], str]:
        """The master secrets by version, and the newest version."""
        try:
            versions = read_versions(self._secretsmanager.get_secret_value(SecretId=self._secret_id)["SecretString"])
            newest = max(map(int, versions))
        except ValueError as error:  # no JSON, no numbers, or none at all
            raise KeyRingError(f"the secret {self._secret_id} is not a JSON object of secrets by version") from error
        return versions, str(newest)

    def _add(self, wanted: Key, newest: str | None) -> tuple[Key, str]:
        versions, version = self._versions()
        key = replace(wanted, id=new_id(version, secrets.token_bytes(RANDOM_BYTES)), created=float(int(time.time())))
        self._table.add(key, newest)
        return key, derive_secret(versions[version], key.id)

    def _living(self, key_id: str) -> tuple[Key, dict[str, Any]]:
        """The key and its item. Raises KeyRingError for one that is not there, revoked or expired."""
        item = self._table.item(key_id) if version_of(key_id) else None
        if item is None:
            raise KeyRingError(f"there is no key {key_id}")
        key = key_of(item)
        if not key.is_live(time.time()):
            raise KeyRingError(f"the key {key_id} is revoked or expired")
        return key, item


@contextmanager
def passing_key(stage: Stage, name: str, doors: frozenset[str] = DEFAULT_APIS) -> Iterator[Mapping[str, str]]:
    """The headers that let a caller in while the block runs: a key of any source for these APIs, revoked when it ends.

    Its name begins so, and is its own: who runs the command at the same time is another caller. Raises
    KeyRingError where `/v1/events` takes no keys.
    """
    if issuer := stage.outputs.get("JwtIssuer"):
        raise KeyRingError(f"stage {stage.name} takes the tokens of {issuer} at /v1/events; this command brings a key")
    ring = KeyRing(stage)
    own, expires = f"{name}-{secrets.token_hex(4)}", float(int(time.time()) + PASSING_SECONDS)
    key, secret = ring.create(Key(id="", name=own, doors=doors, sources=frozenset({ANY_SOURCE}), expires=expires))
    try:
        yield bearer(key.id, secret)
    finally:
        ring.revoke(key.id)


def bearer(key_id: str, secret: str) -> dict[str, str]:
    """The header that presents a key at `/v1/events`."""
    return {"authorization": f"Bearer {key_id}.{secret}"}
