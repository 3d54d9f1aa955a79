"""`make soak`: clients send batches to a local stack for some minutes; then everything that was accepted is looked for.

Prints a row a minute: pace, what waits in each queue, memory of the stack and of its functions. It stops by itself.
"""

import argparse
import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Self

from chaos.orders import messages_in

from commands.ending import ended
from commands.key_ring import passing_key
from commands.post import request
from commands.read_back import kinesis_envelopes, s3_envelopes, wait_for
from commands.stage import Stage
from local.aws import STREAM_MIB
from local.stack import LocalStack
from soak.report import Minute, slowed_down, table

MOST_MINUTES, MOST_CLIENTS, MOST_BATCH = 60, 32, 5000
DRAIN_SECONDS = 600
LANDS_WITHIN_SECONDS = 120
WATCHED = {"MessageQueueUrl": "messages", "ActionQueueUrl": "actions"}
DEVICES = 500


class Load:
    """Clients that post batches until they are stopped; `accepted` are the ids of what was."""

    def __init__(self, stage: Stage, credential: Mapping[str, str], *, clients: int, batch: int) -> None:
        self._stage = stage
        self._headers = {**credential, "content-type": "application/cloudevents-batch+json", "prefer": "return=minimal"}
        self._batch = batch
        self._run = uuid.uuid4().hex[:8]
        self._stopping = threading.Event()
        self.accepted: list[str] = []
        self.refused: list[int] = []
        """The status of each answer that was another; 0 where none came."""
        self._threads = [threading.Thread(target=self._post, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Self:
        """Begins."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends, once each client has its answer."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _post(self, client: int) -> None:
        number = 0
        while not self._stopping.is_set():
            ids = [f"{self._run}-{client}-{number + place}" for place in range(self._batch)]
            number += self._batch
            body = json.dumps([_event(one, place + number) for place, one in enumerate(ids)]).encode()
            status = self._status(body)
            if status == HTTPStatus.ACCEPTED:
                self.accepted += ids
            else:
                self.refused.append(status)

    def _status(self, body: bytes) -> int:
        try:
            return request(self._stage.endpoint, "POST", "/v1/events", headers=self._headers, body=body).status
        except (OSError, HTTPException):
            return 0


def _event(event_id: str, number: int) -> dict[str, object]:
    data = {"deviceId": f"device-{number % DEVICES}", "temperature": 20 + number % 7}
    return {"specversion": "1.0", "id": event_id, "source": "/soak", "type": "telemetry", "data": data}


def main() -> int:
    """0 if everything that was accepted was found, and the pace was kept."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=10, choices=range(1, MOST_MINUTES + 1), metavar="N")
    parser.add_argument("--clients", type=int, default=3, choices=range(1, MOST_CLIENTS + 1), metavar="N")
    parser.add_argument("--batch", type=int, default=100, choices=range(1, MOST_BATCH + 1), metavar="N")
    options = parser.parse_args()
    print("Starting an AWS on this machine and deploying the stack into it:", flush=True)
    with LocalStack(port=0, aws_port=0, say=lambda _: None) as local:
        print(local.interpreter, flush=True)
        print(f"Retained: what a stream holds, at most {STREAM_MIB} MiB, and what stands in the bucket", flush=True)
        stage = Stage("local", local.outputs, local.aws_endpoint)
        with passing_key(stage, "soak") as credential:
            return _soak(stage, credential, options)


def _soak(stage: Stage, credential: Mapping[str, str], options: argparse.Namespace) -> int:
    since = datetime.now(UTC) - timedelta(seconds=2)
    with Load(stage, credential, clients=options.clients, batch=options.batch) as load:
        minutes = [_minute(stage, load, number) for number in range(options.minutes)]
    print(f"\n{table(minutes)}\n", flush=True)
    drained = _drain(stage)
    missing = _missing(stage, set(load.accepted), since)
    faults = [
        slowed_down(minutes),
        drained,
        *missing,
        *(f"{n} answers {code}" for code, n in Counter(load.refused).items()),
    ]
    for fault in filter(None, faults):
        print(f"FAILED: {fault}")
    print(f"{len(load.accepted)} events were accepted, and looked for in every sink.")
    return 1 if any(faults) else 0


def _minute(stage: Stage, load: Load, number: int) -> Minute:
    before, began = len(load.accepted), time.monotonic()
    time.sleep(60)
    minute = Minute(time.monotonic() - began, len(load.accepted) - before, _waiting(stage), _memory())
    print(f"minute {number + 1}: {minute.pace:.0f} events/s, waiting {sum(minute.waiting.values())}", flush=True)
    return minute


def _waiting(stage: Stage) -> dict[str, int]:
    """Messages in each queue: retry queues together, and those of the detectors."""
    sqs, counts = stage.client("sqs"), {"retry": 0, **dict.fromkeys(WATCHED.values(), 0)}
    for output, url in stage.outputs.items():
        if output.endswith("QueueUrl") and (output in WATCHED or "Spill" in output):
            counts[WATCHED.get(output, "retry")] += messages_in(sqs, url)
    return counts


def _drain(stage: Stage) -> str:
    """Wait until no message waits; what is wrong, or empty."""
    began, first = time.monotonic(), sum(_waiting(stage).values())
    while (left := sum(_waiting(stage).values())) and time.monotonic() - began < DRAIN_SECONDS:
        time.sleep(1)
    seconds = time.monotonic() - began
    print(f"{first - left} waiting messages were handled in {seconds:.0f} s: {(first - left) / seconds:.0f} a second")
    return f"{left} messages still wait after {DRAIN_SECONDS} s" if left else ""


def _missing(stage: Stage, accepted: set[str], since: datetime) -> list[str]:
    """A line for each sink that lacks an event which was accepted."""
    readers = {"Kinesis": lambda: kinesis_envelopes(stage, since), "S3": lambda: s3_envelopes(stage, since)}
    found = {name: wait_for(accepted, read, seconds=LANDS_WITHIN_SECONDS, pause=2) for name, read in readers.items()}
    lacking = {name: len(accepted - set(there)) for name, there in found.items()}
    return [f"{name} lacks {count} events" for name, count in lacking.items() if count]


def _memory() -> dict[str, int]:
    """MiB that are held now: by the stack's process, and by the largest process of the functions under it."""
    tree = {int(path.name): path for path in Path("/proc").iterdir() if path.name.isdigit()}
    parents = {pid: _status(path).get("PPid", 0) for pid, path in tree.items()}
    own = os.getpid()
    under = {pid for pid in tree if own in _ancestors(pid, parents)}
    held = {pid: _status(tree[pid]).get("VmRSS", 0) // 1024 for pid in (own, *under)}
    return {"stack": held.pop(own), "largest function": max(held.values(), default=0)}


def _ancestors(pid: int, parents: Mapping[int, int]) -> set[int]:
    found = set()
    while pid := parents.get(pid, 0):
        found.add(pid)
    return found


def _status(path: Path) -> dict[str, int]:
    """The numbers of a process's `status`; none of one that has ended."""
    try:
        lines = (path / "status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name: int(text.split()[0]) for name, text in pairs if text.split() and text.split()[0].isdigit()}


if __name__ == "__main__":
    sys.exit(ended(main))
