"""What producers ask Kinesis before they write: the stream's description, its shards, the streams that there are.

Producers and what they ask: the KPL, and Logstash's output with it, ListShards (older ones DescribeStream too), again
and again until it answers; Vector DescribeStream; async-kinesis DescribeStream or ListShards. Flink's and Fluent Bit's
ask nothing.
"""

from collections.abc import Mapping
from typing import Any

from distributary.errors import BadRequest
from distributary.http.aws_api.answer import Answer
from distributary.http.aws_api.stream_names import StreamNames
from distributary.http.structure import Structure
from distributary.sinks.kinesis import LONGEST_STREAM_NAME, KinesisSink
from distributary.sinks.stream_name import STREAM_NAME

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html, …/API_DescribeStream.html and the like
_MAX_LIMIT = 10_000
_LONGEST_TOKEN = 1_048_576
_DEFAULT_STREAMS = 100
_FILTERS = ("AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP")
_SUMMARY = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")


class KinesisDescribe:
    """The read-only operations on a data stream that answers to `names`. Each raises BadRequest and SinkUnavailable."""

    def __init__(self, sink: KinesisSink, names: StreamNames) -> None:
        self._sink = sink
        self._names = names

    def describe(self, body: Structure, _: object) -> Answer:
        """DescribeStream, as AWS answers it, under the name that was asked for: clients compare the two."""
        page = {
            "Limit": body.number("Limit", 1, _MAX_LIMIT),
            "ExclusiveStartShardId": _name(body, "ExclusiveStartShardId"),
        }
        asked = self._names.required(body)
        described = self._sink.describe(**_given(page))
        return Answer({"StreamDescription": {**described["StreamDescription"], "StreamName": asked}})

    def summarise(self, body: Structure, _: object) -> Answer:
        """DescribeStreamSummary, as AWS answers it, under the name that was asked for."""
        asked = self._names.required(body)
        described = self._sink.summarise()["StreamDescriptionSummary"]
        return Answer({"StreamDescriptionSummary": {**described, "StreamName": asked}})

    def list_shards(self, body: Structure, _: object) -> Answer:
        """ListShards, as AWS answers it."""
        token = body.text("NextToken", longest=_LONGEST_TOKEN)
        page = {
            "MaxResults": body.number("MaxResults", 1, _MAX_LIMIT),
            "ExclusiveStartShardId": _name(body, "ExclusiveStartShardId"),
            "StreamCreationTimestamp": body.time("StreamCreationTimestamp"),
            "ShardFilter": _filter(body),
        }
        asked = self._names.asked(body)
        if token is None and asked is None:
            raise BadRequest("InvalidArgumentException", "Either NextToken or StreamName should be provided.")
        if token is not None and body.text("StreamName") is not None:
            raise BadRequest("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
        listed = self._sink.list_shards(token, **_given(page))
        return Answer({name: listed[name] for name in ("Shards", "NextToken") if listed.get(name) is not None})

    def list_streams(self, body: Structure, _: object) -> Answer:
        """ListStreams: the one stream, once under each name that it answers to."""
        most = body.number("Limit", 1, _MAX_LIMIT) or _DEFAULT_STREAMS
        starts = [_name(body, member) for member in ("ExclusiveStartStreamName", "NextToken")]
        body.check()
        after = max((start for start in starts if start), default="")
        names = [name for name in self._names.every if name > after]
        described = self._sink.summarise()["StreamDescriptionSummary"]
        summary = {name: described[name] for name in _SUMMARY if name in described}
        page = names[:most]
        more = {"NextToken": page[-1]} if len(names) > most else {}
        summaries = [{**summary, "StreamName": name} for name in page]
        return Answer({"StreamNames": page, "HasMoreStreams": bool(more), "StreamSummaries": summaries, **more})


def _filter(body: Structure) -> Mapping[str, Any] | None:
    given = body.structure("ShardFilter")
    if given is None:
        return None
    members = {
        "Type": given.choice("Type", _FILTERS, required=True),
        "ShardId": _name(given, "ShardId"),
        "Timestamp": given.time("Timestamp"),
    }
    return _given(members)


def _name(body: Structure, member: str) -> str | None:
    """A stream's name or a shard's: both have the same form."""
    return body.text(member, longest=LONGEST_STREAM_NAME, pattern=STREAM_NAME)


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
