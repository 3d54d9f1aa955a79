"""ListShards as Kinesis answers it: moto 5.2.5 knows no filter, and takes a token only beside the stream's name.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.kinesis.responses import KinesisResponse

from local.aws.services.kinesis import Kinesis, refused

if TYPE_CHECKING:
    from moto.kinesis.models import Shard

_DEFAULT_SHARDS = 1000


def list_shards(self: KinesisResponse) -> ActionResult:
    """A page of the stream's shards, from the start or from where a token says."""
    name, arn, token = (self._get_param(member) for member in ("StreamName", "StreamARN", "NextToken"))
    if token and name:
        raise refused("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
    backend = self.kinesis_backend
    assert isinstance(backend, Kinesis)  # noqa: S101 - ours stands in moto's place while the server runs
    if token:
        place = _read(token)
        stream, after, wanted = backend.find(None, place["stream"]), place["after"], place["filter"]
    else:
        stream, wanted = backend.find(arn, name), self._get_param("ShardFilter") or {}
        after = self._get_param("ExclusiveStartShardId") or ""
    left = [one for one in _filtered([*stream.shards.values()], wanted) if one.shard_id > after]
    page = left[: self._get_param("MaxResults") or _DEFAULT_SHARDS]
    answer: dict[str, Any] = {"Shards": [one.to_json() for one in page]}
    if len(left) > len(page):
        answer["NextToken"] = _written(stream.stream_name, page[-1].shard_id, wanted)
    return ActionResult(answer)


def _filtered(shards: list[Shard], wanted: dict[str, Any]) -> list[Shard]:
    """The shards in the order of their ids. A filter by time lets all pass: no shard here is ever trimmed."""
    after = wanted.get("ShardId", "") if wanted.get("Type") == "AFTER_SHARD_ID" else ""
    opened = [one for one in shards if one.is_open or wanted.get("Type") != "AT_LATEST"]
    return sorted((one for one in opened if one.shard_id > after), key=lambda one: one.shard_id)


def _written(stream: str, after: str, wanted: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps({"stream": stream, "after": after, "filter": wanted}).encode()).decode()


def _read(token: str) -> dict[str, Any]:
    try:
        place = json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, dict) or set(place) != {"stream", "after", "filter"}:
        raise refused("ExpiredNextTokenException", "The NextToken is none that this service gave, or an old one.")
    return place


KinesisResponse.list_shards = list_shards  # type: ignore[method-assign]  # moto finds it by its name
