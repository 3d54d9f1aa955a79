"""`make demo`: start the stack on free ports, post every kind of body, show where each event landed, stop."""

import argparse
import json
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from commands.columns import ruled
from commands.ending import ended
from commands.key_ring import KeyRingError, passing_key
from commands.landing import Landing, landings, table, written
from commands.post import Sent, post
from commands.read_back import detector_state, journal, journal_payloads, kinesis_envelopes, s3_envelopes, wait_for
from commands.samples import Sample, samples
from commands.stage import Stage
from local.stack import LocalStack

LANDS_WITHIN_SECONDS = 30
ACTS_WITHIN_SECONDS = 30
ALARM = "temperature_alarm"
READINGS = {21.5: ("Normal", False), 45.0: ("Alarm", True)}
"""In °C: the state that the shipped alarm has after it, and whether it acts."""
NO_ACTION = "none"


class Progress:
    """Prints what the stack says while it starts, and not the functions' logs of afterwards."""

    over = False

    def __call__(self, line: str) -> None:
        """Print a line, unless the start is over."""
        if not self.over:
            print(line, flush=True)


def main() -> int:
    """0 if every event was found in every sink, by its id and with equal content, and a detector acted."""
    argparse.ArgumentParser(prog="make demo", description=__doc__).parse_args()
    print("Starting an AWS on this machine and deploying the stack into it:", flush=True)
    progress = Progress()
    with LocalStack(port=0, aws_port=0, say=progress) as local:
        progress.over = True
        stage = Stage("local", local.outputs, local.aws_endpoint)
        try:
            with passing_key(stage, "demo") as credential:
                rows = show(stage, credential)
                acted = "iot_events" not in stage.sinks or show_a_detector(stage, credential)
        except KeyRingError as error:
            print(error, file=sys.stderr)
            return 1
    missing = [row for row in rows if not row.complete]
    print(f"\n{len(rows) - len(missing)} of {len(rows)} events were found in every sink that takes them.")
    return 0 if rows and not missing and acted else 1


def show(stage: Stage, credential: Mapping[str, str]) -> list[Landing]:
    """Post every kind of body to a local stage, print and return where each event landed."""
    since = datetime.now(UTC) - timedelta(seconds=2)
    sent: list[Sent] = []
    for sample in samples(uuid.uuid4().hex[:8], stage.sinks):
        sent += post(stage.endpoint, sample, credential)
        print(f"posted {sample.kind}: {len(sample.arrives)} accepted", flush=True)
    print("\nreading them back from the bucket, the stream and the queue\n", flush=True)
    rows = landings(
        sent,
        firehose=wait_for(written(sent, "firehose"), lambda: s3_envelopes(stage, since), seconds=LANDS_WITHIN_SECONDS),
        kinesis=wait_for(
            written(sent, "kinesis"), lambda: kinesis_envelopes(stage, since), seconds=LANDS_WITHIN_SECONDS
        ),
        messages=journal_payloads(stage),
    )
    print(table(rows), flush=True)
    return rows


def show_a_detector(stage: Stage, credential: Mapping[str, str]) -> bool:
    """Post readings that raise the shipped alarm, print the detector's states and what it did; whether it did."""
    device = f"pump-{uuid.uuid4().hex[:8]}"
    lines = [("reading", "state", "action")]
    for temperature, (state, acts) in READINGS.items():
        reading = {"deviceId": device, "temperature": temperature}
        sample = Sample("reading", "application/json", json.dumps(reading).encode(), ({"data": reading},))
        post(stage.endpoint, sample, credential)
        states = wait_for([state], lambda: {detector_state(stage, ALARM, device): None}, seconds=ACTS_WITHIN_SECONDS)
        actions = wait_for([device] if acts else [], lambda: _topics(stage), seconds=ACTS_WITHIN_SECONDS)
        lines.append((f"{temperature} °C", *states, actions.get(device, NO_ACTION)))
    print(f"\nwhat the detector {ALARM}/{device} did\n\n{ruled(lines)}")
    wanted = [(state, acts) for state, acts in READINGS.values()]
    return [(state, action != NO_ACTION) for _, state, action in lines[1:]] == wanted


def _topics(stage: Stage) -> dict[str, str]:
    """Where each device's detector has published, by device."""
    actions = journal(stage, "ActionQueueUrl")
    return {one["key"]: f"publishes to {one['parameters']['mqttTopic']}" for one in actions if one["model"] == ALARM}


if __name__ == "__main__":
    sys.exit(ended(main))
