"""AWS for what is measured: every call is taken in full and answered as if all went well, or, with `down`, refused.

Run by path: `python stub.py SECONDS ITEMS [down]`, where SECONDS, ITEMS and the first line are those of bench/stub.py.
The file `object` beside ITEMS is what S3 holds.
"""

import asyncio
import json
import sys
from pathlib import Path

from bench.stub import ANSWERS, serve

_THROTTLED = {"__type": "ThrottlingException", "message": "slow down"}
_STREAMS = ("Firehose_20150804", "Kinesis_20131202")


def _answer(method: str, target: str, body: bytes) -> tuple[str, bytes]:
    """AWS's answer for what has a target, an empty one or the object for S3."""
    if "down" in sys.argv and (target.startswith(_STREAMS) or b"messages.fifo" in body):
        return "503 Service Unavailable", json.dumps(_THROTTLED).encode()
    if target in ANSWERS:
        return "200 OK", json.dumps(ANSWERS[target](body)).encode()
    if target:
        return "200 OK", b"{}"
    return "200 OK", Path(sys.argv[2]).with_name("object").read_bytes() if method == "GET" else b""


if __name__ == "__main__":
    asyncio.run(serve(_answer, float(sys.argv[1])))
