"""`make replay`: list the dead letters of a stage, and bring them back to their sinks.

A letter goes to its sink's retry queue, from where the stage delivers it as it delivers everything that waits; then it
is marked. An interruption ends the command after the object that it is at: run it again, and it goes on there.
"""

import argparse
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from commands.ending import ended
from commands.letters import Choice, Letters, Page
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen, retry_queue_output
from distributary.aws.bucket import Bucket
from distributary.clock import Clock
from distributary.delivery.retry_queue import PendingRecords, RetryQueue
from distributary.sinks.registry import KINDS, SINK_NAMES

if TYPE_CHECKING:
    from distributary.events import SinkName


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every letter that was meant is on its way; 1 if not; 130 if it was interrupted."""
    options = _parser().parse_args(arguments)
    choice = Choice(options.sink, options.reason, options.since, options.until)
    try:
        stage = chosen(options)
        letters = Letters(stage)
        if options.list or options.dry_run:
            return show(letters, choice, each=options.list)
        stop = threading.Event()
        before = signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
        try:
            return replay(letters, choice, _spill(stage), interrupted=stop.is_set)
        finally:
            signal.signal(signal.SIGINT, before)
    except (StageNotFoundError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1


def show(letters: Letters, choice: Choice, *, each: bool) -> int:
    """Print every letter that is meant, or only how many there are by sink and reason; nothing is changed."""
    counts: Counter[tuple[str, str]] = Counter()
    for page in letters.pages(choice):
        for number, letter in page.letters.items():
            counts[letter["sink"], letter["reason"]] += 1
            if each:
                what = (letter[name] for name in ("last", "sink", "reason", "detail"))
                print(*what, f"attempts={letter['attempts']} {page.key}:{number + 1}", sep="  ")
    for (sink, reason), count in sorted(counts.items()):
        print(f"{count:8}  {sink}  {reason}")
    print(f"{counts.total():8}  dead letters")
    return 0


def replay(
    letters: Letters, choice: Choice, retry_queue: RetryQueue, *, interrupted: Callable[[], bool] = lambda: False
) -> int:
    """Bring back every letter that is meant, object by object, until there are no more or it is interrupted."""
    sent = left = 0
    for page in letters.pages(choice):
        if interrupted():
            print(f"Interrupted after {sent} letters. Run it again: it goes on with the others.")
            return 130
        done = _bring_back(page, retry_queue)
        if done:
            letters.mark(page, done)
        sent, left = sent + len(done), left + len(page.letters) - len(done)
        print(f"{sent:8}  {page.key}: {len(done)} of {len(page.letters)}", flush=True)
    print(f"{sent} dead letters are on their way to their sinks.")
    if left:
        print(
            f"{left} stay: they cannot be read, their queue did not take them, or the stage has no such sink.",
            file=sys.stderr,
        )
    return 1 if left else 0


def _bring_back(page: Page, retry_queue: RetryQueue) -> list[int]:
    """The lines that their sink's queue has now: with a new first time, else they would still be too old."""
    readable = {number: letter for number, letter in page.letters.items() if "body" not in letter["record"]}
    if not readable:
        return []
    sink: SinkName = next(iter(readable.values()))["sink"]
    if not retry_queue.has(sink):
        return []
    now = datetime.now(UTC).timestamp()
    records = [KINDS[sink].from_json(letter["record"]) for letter in readable.values()]
    attempts = max(int(letter["attempts"]) for letter in readable.values())
    kept = retry_queue.keep(PendingRecords(sink, records, attempts, first=now, last=now), until=float("inf"))
    return [number for number, one in zip(readable, kept, strict=True) if one]


def _spill(stage: Stage) -> RetryQueue:
    urls = {sink: stage.outputs[name] for sink in SINK_NAMES if (name := retry_queue_output(sink)) in stage.outputs}
    bucket = Bucket(lambda: stage.client("s3"), stage.outputs["BucketName"])
    return RetryQueue(stage.client("sqs"), urls, bucket, Clock())


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a date or a time, as 2026-11-22 or 2026-11-22T17:30:00+01:00") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--list", action="store_true", help="print each letter instead, without its record")
    parser.add_argument("--dry-run", action="store_true", help="say what would be brought back instead")
    parser.add_argument("--sink", choices=SINK_NAMES, help="only this sink's")
    parser.add_argument("--reason", help="only those with this reason, such as TooOld or AWS's error code")
    parser.add_argument("--since", type=_time, help="only those whose last attempt was at this time (UTC) or later")
    parser.add_argument("--until", type=_time, help="only those whose last attempt was before this time (UTC)")
    return parser


if __name__ == "__main__":
    sys.exit(ended(main))
