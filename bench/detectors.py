"""`run_detectors` as it deploys, under awslambdaric: batches of ten records of ten detectors, by what they come to."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench.contestants import product
from bench.report import markdown
from bench.runtime import Function
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.queue_entry import group_of
from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.detector_item import Item, Row, Version, new_row, to_item, version_key
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.queue_record import read_record

REQUESTS, WARM_UPS = 60, 5
KEYS = [f"device-{number:05}" for number in range(10)]
ACCEPTED = 1_795_361_533_123
BATCHES = (
    ("nothing changes", "temperature_alarm", 20.0, "1 read"),
    ("every detector is stored", "device_heartbeat", 20.0, "1 read, 10 writes at a time"),
    ("every detector is stored and acts", "temperature_alarm", 35.0, "these, 1 send, 10 clearings at a time"),
)
"""What it comes to, which of the shipped models, the temperature, the calls."""


def detectors(work: Path, stub_url: str, items: Path) -> str:
    """The table: wall and CPU of each kind of batch, against a stub that finds the same detectors each time."""
    function = product("run_detectors", work, "RunDetectors", stub_url)
    configuration = json.loads((function.folder / "configuration.json").read_bytes())
    models = Models(configuration["models"], AWS_LIMITS)
    items.write_text(json.dumps(_stored(models)))
    rows = [["ten records of ten detectors", "calls", "wall p50, ms", "longest, ms", "CPU p50, ms"]]
    for what, model, temperature, calls in BATCHES:
        with (work / "functions.log").open("ab") as log:
            running = Function(function.command, function.environment, function.folder, log)
            try:
                wall, cpu = _measured(running, json.dumps(_batch(model, temperature, ACCEPTED + 10_000)).encode())
            finally:
                running.close()
        rows.append([what, calls, *(f"{seconds * 1000:.1f}" for seconds in (median(wall), max(wall), median(cpu)))])
    return markdown(rows)


def _measured(running: Function, payload: bytes) -> tuple[list[float], list[float]]:
    """Wall and CPU of each request, in seconds."""
    running.start(payload)
    for _ in range(WARM_UPS):
        running.invoke(payload)
    wall, cpu = [], []
    for _ in range(REQUESTS):
        before = running.cpu_seconds()
        wall.append(running.invoke(payload))
        cpu.append(running.cpu_seconds() - before)
    return wall, cpu


def _stored(models: Models) -> list[Item]:
    """Every model's version, and its detectors after a first message."""
    runner = Runner("none", lambda: "token")
    items: list[Item] = []
    for name in models.names():
        version = Version("1", models.sha256(name))
        items.append({**version_key(name), "version": {"S": version.number}, "sha256": {"S": version.sha256}})
        model = models.ready(name, version)
        assert model
        for key, record in zip(KEYS, _batch(name, 20.0, ACCEPTED)["Records"], strict=True):
            row: Row = runner.run(model, new_row(name, key, "1"), [read_record(record)]).row
            items.append(to_item(row._replace(counter=1, pending=())))
    return items


def _batch(model: str, temperature: float, accepted: int) -> dict[str, Any]:
    return {"Records": [_record(model, number, temperature, accepted) for number in range(len(KEYS))]}


def _record(model: str, number: int, temperature: float, accepted: int) -> Mapping[str, Any]:
    """A message of about 200 bytes, as Lambda hands it over."""
    names = {"model": model, "key": KEYS[number], "inputName": "telemetry", "messageId": f"m-{number}"}
    reading = {"deviceId": KEYS[number], "recordedAt": "2026-11-22T15:32:13.123Z", "temperature": temperature}
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": str(accepted),
        "SequenceNumber": f"{accepted + number:020}",
        "MessageGroupId": group_of(model, KEYS[number]),
        "SenderId": "AROAEXAMPLE:ingest",
        "MessageDeduplicationId": "d" * 43,
        "ApproximateFirstReceiveTimestamp": str(accepted + 20),
    }
    return {
        "messageId": f"5fea7756-0ea4-451a-a703-{number:012}",
        "receiptHandle": "h" * 200,
        "body": f'{json.dumps(names, separators=(",", ":"))[:-1]},"payload":{json.dumps(reading)}}}',
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:messages.fifo",
        "awsRegion": "us-east-1",
    }
