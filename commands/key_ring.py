"""The keys of a stage as its operator handles them: made, listed, revoked, and their master secret rotated."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from commands.stage import Stage
from distributary.access import ANY_SOURCE, RANDOM_BYTES, Key, derive_secret, new_id
from distributary.key_item import item_of, key_of
from distributary.keys import read_versions

MASTER_SECRET_BYTES = 48


class KeyRingError(Exception):
    """What was asked cannot be done, and why."""


class KeyRing:
    """The key table and the master secret of one stage, found by its outputs."""

    def __init__(self, stage: Stage) -> None:
        if not {"KeyTableName", "KeySecretArn"} <= set(stage.outputs):
            raise KeyRingError(f'stage {stage.name} has no keys: it is deployed with auth = "open"')
        self._dynamodb = stage.client("dynamodb")
        self._secretsmanager = stage.client("secretsmanager")
        self._table_name = stage.outputs["KeyTableName"]
        self._secret_id = stage.outputs["KeySecretArn"]

    def create(self, wanted: Key) -> tuple[Key, str]:
        """A new key like the one wanted, with an id of its own, and its secret, which nothing stores."""
        versions, newest = self._versions()
        key = replace(wanted, id=new_id(newest, secrets.token_bytes(RANDOM_BYTES)), created=float(int(time.time())))
        self._dynamodb.put_item(
            TableName=self._table_name, Item=item_of(key), ConditionExpression="attribute_not_exists(id)"
        )
        return key, derive_secret(versions[newest], key.id)

    def every_key(self) -> list[Key]:
        """Every key, the oldest first."""
        return sorted((key_of(item) for item in self._items()), key=lambda key: (key.created, key.id))

    def revoke(self, key_id: str) -> None:
        """Stop a key: it works for a minute at most, ten while the table cannot be read. Revoking twice is no error."""
        try:
            self._dynamodb.update_item(
                TableName=self._table_name,
                Key={"id": {"S": key_id}},
                UpdateExpression="SET revoked = if_not_exists(revoked, :now)",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise KeyRingError(f"there is no key {key_id}") from error
            raise

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

    def _items(self) -> Iterator[dict[str, Any]]:
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table_name):
            yield from page["Items"]


@contextmanager
def passing_key(stage: Stage, name: str) -> Iterator[Mapping[str, str]]:
    """The headers that let a caller in while the block runs: a key of any source, revoked when it ends.

    Raises KeyRingError where `/v1/events` takes no keys.
    """
    if issuer := stage.outputs.get("JwtIssuer"):
        raise KeyRingError(f"stage {stage.name} takes the tokens of {issuer} at /v1/events; this command brings a key")
    ring = KeyRing(stage)
    key, secret = ring.create(Key(id="", name=name, sources=frozenset({ANY_SOURCE})))
    try:
        yield bearer(key.id, secret)
    finally:
        ring.revoke(key.id)


def bearer(key_id: str, secret: str) -> dict[str, str]:
    """The header that presents a key at `/v1/events`."""
    return {"authorization": f"Bearer {key_id}.{secret}"}
