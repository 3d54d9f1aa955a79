"""`make status`: one screen of how a stage is: streams, what waits, dead letters, detectors, keys, the last errors."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException

from botocore.exceptions import BotoCoreError, ClientError

from commands.ages import ages
from commands.ending import ended
from commands.key_ring import KeyRing
from commands.last_errors import last_errors
from commands.letters import Choice, Letters
from commands.post import request
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen

MAX_DETECTORS = 10_000
"""More items are not counted: reading each costs money."""

Line = tuple[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the stage could be asked."""
    parser = argparse.ArgumentParser(prog="make status", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        stage = chosen(options)
    except StageNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(screen(stage))
    return 0


def screen(stage: Stage) -> str:
    """A line for each thing to know. A part that cannot be asked is a line that says why; the others are there."""
    lines: list[Line] = [("stage", stage.name), ("endpoint", stage.endpoint)]
    for name, part in _PARTS.items():
        lines += _asked(name, part, stage)
    return "\n".join(f"{name:<26}{said}" for name, said in lines)


def _asked(name: str, part: Callable[[Stage], Iterator[Line]], stage: Stage) -> Iterator[Line]:
    try:
        yield from part(stage)
    except (ClientError, BotoCoreError, OSError, HTTPException) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        yield name, f"could not be asked: {why}"


def _health(stage: Stage) -> Iterator[Line]:
    if stage.front != "api-gateway":
        yield "health", f'not served: [http] front = "{stage.front}" leads to the events\' function alone'
        return
    health = request(stage.endpoint, "GET", "/v1/health")
    yield "health", f"{health.status} {health.body.decode(errors='replace')}"


def _sinks(stage: Stage) -> Iterator[Line]:
    """The sinks that the stage writes to, and those that it keeps until nothing waits for them."""
    yield "sinks", ", ".join(stage.sinks)
    if kept := stage.outputs.get("KeptSinks"):
        yield "kept until removed", f"{kept.replace(',', ', ')}: see their queues below"


def _kinesis(stage: Stage) -> Iterator[Line]:
    if not (name := stage.outputs.get("StreamName")):
        return
    summary = stage.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    yield "kinesis", f"{name}: {summary['StreamStatus']}, {summary['OpenShardCount']} open shards"


def _firehose(stage: Stage) -> Iterator[Line]:
    if not (name := stage.outputs.get("DeliveryStreamName")):
        return
    delivery = stage.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    yield "firehose", f"{name}: {delivery['DeliveryStreamDescription']['DeliveryStreamStatus']}"


def _queues(stage: Stage) -> Iterator[Line]:
    """Every queue that is an output, how many messages wait in it, as SQS estimates, and since when the oldest does."""
    sqs, oldest = stage.client("sqs"), {}
    try:
        oldest = ages(stage)
    except (ClientError, BotoCoreError) as error:  # what waits is known all the same
        yield "age of what waits", f"could not be asked: {error}"
    names = {"ApproximateNumberOfMessages": "waiting", "ApproximateNumberOfMessagesNotVisible": "being handled"}
    for output, url in sorted(stage.outputs.items()):
        if output.endswith("QueueUrl"):
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*names])["Attributes"]
            said = ", ".join(f"{found[name]} {word}" for name, word in names.items())
            if output in oldest and any(int(found[name]) for name in names):
                said += f", the oldest for {oldest[output]:.0f} s"
            yield f"queue {output.removesuffix('QueueUrl')}", said


def _dead_letters(stage: Stage) -> Iterator[Line]:
    counts = Counter(
        f"{letter['sink']} {letter['reason']}"
        for page in Letters(stage).pages(Choice())
        for letter in page.letters.values()
    )
    yield "dead letters", _counted(counts)


def _detectors(stage: Stage) -> Iterator[Line]:
    """How many detectors of each model are in each state."""
    if table := stage.outputs.get("DetectorTableName"):
        pages = (
            stage.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=table,
                ProjectionExpression="pk, stateName",
                PaginationConfig={"MaxItems": MAX_DETECTORS},
            )
        )
        items = [item for page in pages for item in page["Items"] if "stateName" in item]
        counts = Counter(f"{item['pk']['S'].rpartition('#')[0]} {item['stateName']['S']}" for item in items)
        yield "detectors", _counted(counts)


def _keys(stage: Stage) -> Iterator[Line]:
    if "KeyTableName" not in stage.outputs:
        yield "keys", "none is asked for: the stage is open"
        return
    for key in KeyRing(stage).every_key():
        state = "live" if key.is_live(time.time()) else "revoked or expired"
        yield f"key {key.name}"[:25], f"{key.id} {state}, last used {key.last_used or 'never'}"


def _errors(stage: Stage) -> Iterator[Line]:
    complaints = last_errors(stage)
    yield "errors in the last hour", "none" if not complaints else str(complaints[0])
    yield from (("", str(one)) for one in complaints[1:])


_PARTS = {
    "health": _health,
    "sinks": _sinks,
    "kinesis": _kinesis,
    "firehose": _firehose,
    "queues": _queues,
    "dead letters": _dead_letters,
    "detectors": _detectors,
    "keys": _keys,
    "errors in the last hour": _errors,
}


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(ended(main))
