"""`make smoke STAGE=…`: post to a deployed stage, read back, and check what only an account can show."""

import argparse
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from commands.ending import ended
from commands.front_checks import DOORS, front_is_as_assumed
from commands.key_ring import KeyRingError, passing_key
from commands.landing import landings, table, written
from commands.post import Sent, UnexpectedAnswerError, post
from commands.read_back import kinesis_envelopes, s3_envelopes, wait_for
from commands.samples import samples
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen

Credential = Mapping[str, str]

FIREHOSE_BUFFERS_SECONDS = 400
"""Firehose's buffering interval, at most 300 s in the presets, and a delivery."""


def main() -> int:
    """0 if every event was found, and API Gateway or the function URL behaved as the contract says."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args()
    try:
        stage = chosen(options)
        with passing_key(stage, "smoke", DOORS) as credential:
            return 0 if all([front_is_as_assumed(stage, credential), _events_land(stage, credential)]) else 1
    except (StageNotFoundError, KeyRingError, UnexpectedAnswerError, ClientError, BotoCoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _events_land(stage: Stage, credential: Credential) -> bool:
    since = datetime.now(UTC) - timedelta(seconds=60)
    sent: list[Sent] = []
    for sample in samples(uuid.uuid4().hex[:8], stage.sinks):
        sent += post(stage.endpoint, sample, credential)
        print(f"posted {sample.kind}", flush=True)
    if "firehose" in stage.sinks:
        print(f"waiting for Firehose's buffer, up to {FIREHOSE_BUFFERS_SECONDS} s", flush=True)
    rows = landings(
        sent,
        kinesis=wait_for(written(sent, "kinesis"), lambda: kinesis_envelopes(stage, since), seconds=60, pause=2),
        firehose=wait_for(
            written(sent, "firehose"), lambda: s3_envelopes(stage, since), seconds=FIREHOSE_BUFFERS_SECONDS, pause=10
        ),
        messages=None,  # the queue is consumed: its receipt is what can be seen from outside
    )
    print(table(rows))
    return all(row.complete for row in rows)


if __name__ == "__main__":
    sys.exit(ended(main))
