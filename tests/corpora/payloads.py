"""`cd tests && python -m corpora.payloads FOLDER…`: every file of a folder as payloads of a local stack, read back.

Each file is posted in every framing of `framings.py`. What is answered must be what a second reading of the contract
says, and what landed must be what was posted, byte by byte. In a folder whose files are all named `y_…`, `n_…` or
`i_…`, as JSONTestSuite names them, the second reading must agree with the names too.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from corpora import strict_json
from corpora.framings import shots
from corpora.landed import Posted, faults_of_answer, faults_of_landing

from commands.key_ring import passing_key
from commands.post import request
from commands.stage import Stage
from local.stack import LocalStack

MOST_BYTES = 4_000_000
"""Of a file that is posted: with what the framings put around it, it stays under the limit of a request."""
READ_BACK_EVERY = 400
"""Requests, so that no reading grows with the corpus."""
SHOWN = 40
_VERDICT = re.compile(r"[yni]_")


def payloads(folders: Sequence[Path]) -> list[tuple[str, bytes]]:
    """The name and the content of every file that a request can carry."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [(path.name, path.read_bytes()) for path in files if path.stat().st_size <= MOST_BYTES]


def post_all(stage: Stage, credential: Mapping[str, str], found: Sequence[tuple[str, bytes]]) -> Iterator[Posted]:
    """Every payload in every framing, as it is posted and answered."""
    for name, payload in found:
        for shot in shots(payload):
            headers = {**credential, **shot.headers}
            answer = request(stage.endpoint, "POST", "/v1/events", headers=headers, body=shot.body)
            yield Posted(f"{name} {shot.framing}", shot, answer)


def run(
    stage: Stage, credential: Mapping[str, str], found: Sequence[tuple[str, bytes]]
) -> tuple[list[str], Counter[str]]:
    """What is wrong, and how often which framing was answered how."""
    faults = [*_misnamed(found)]
    counts: Counter[str] = Counter()
    posting = post_all(stage, credential, found)
    since = datetime.now(UTC) - timedelta(seconds=2)
    while some := list(islice(posting, READ_BACK_EVERY)):
        faults += [f"{posted.what}: {fault}" for posted in some for fault in faults_of_answer(posted)]
        faults += faults_of_landing(stage, some, since)
        counts.update(f"{one.shot.framing}: {one.answer.status} {one.refusal}".rstrip() for one in some)
        since = datetime.now(UTC) - timedelta(seconds=2)
    return faults, counts


def _misnamed(found: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    """Where the second reading of JSON is not what the suite's names say, but for names that stand twice."""
    if not all(_VERDICT.match(name) for name, _ in found):
        return
    for name, payload in found:
        try:
            one = strict_json.element(payload.decode())
        except UnicodeDecodeError:
            one = None
        if (name.startswith("y_") and one is None) or (name.startswith("n_") and one and one.good):
            yield f"{name}: the second reading says otherwise"


def main() -> int:
    """0 if every answer is right and everything landed as it was posted."""
    parser = argparse.ArgumentParser(prog="python -m corpora.payloads", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    found = payloads(parser.parse_args().folders)
    with (
        LocalStack(port=0, aws_port=0, say=lambda _: None) as local,
        passing_key(stage := Stage("local", local.outputs, local.aws_endpoint), "corpora") as credential,
    ):
        faults, counts = run(stage, credential, found)
    summary = [f"{count:6} {what}" for what, count in sorted(counts.items())]
    more = [f"… and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    verdict = f"{len(found)} files, {counts.total()} requests, {len(faults)} faults"
    sys.stdout.write("\n".join([*summary, *faults[:SHOWN], *more, verdict, ""]))
    return 1 if faults or not found else 0


if __name__ == "__main__":
    sys.exit(main())
