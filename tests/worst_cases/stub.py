"""AWS for what is measured: every call is taken in full and answered as if all went well, or, with `down`, refused.

Run by path: `python stub.py ITEMS [down]`; its first line is its port. ITEMS is a file with the items of the detectors'
table.
"""

import asyncio
import json
import sys
from pathlib import Path

from bench.stub import ANSWERS

_THROTTLED = {"__type": "ThrottlingException", "message": "slow down"}
_SECONDS = 0.004
"""How long a call takes at AWS, about: a loop that makes one call after the other must not be measured without it."""
_STREAMS = ("Firehose_20150804", "Kinesis_20131202")


def _answer(head: bytes, target: str, body: bytes) -> bytes:
    """The whole HTTP answer to one call: AWS's for what has a target, an empty one for S3."""
    status, content = b"200 OK", b""
    if target == "DynamoDB_20120810.BatchGetItem":
        content = json.dumps(_items(body)).encode()
    elif "down" in sys.argv and (target.startswith(_STREAMS) or b"messages.fifo" in body):
        status, content = b"503 Service Unavailable", json.dumps(_THROTTLED).encode()
    elif target in ANSWERS:
        content = json.dumps(ANSWERS[target](body)).encode()
    elif target:
        content = b"{}"
    elif head.startswith(b"GET"):
        content = Path(sys.argv[1]).with_name("object").read_bytes()
    length = f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    return b"HTTP/1.1 " + status + b"\r\n" + length + content


def _items(body: bytes) -> dict[str, object]:
    ((table, wanted),) = json.loads(body)["RequestItems"].items()
    stored = json.loads(Path(sys.argv[1]).read_bytes())
    return {"Responses": {table: [item for item in stored if {"pk": item["pk"], "sk": item["sk"]} in wanted["Keys"]]}}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
            headers = {name.strip().lower(): value.strip() for name, _, value in lines}
            if headers.get(b"expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
            await asyncio.sleep(_SECONDS)
            writer.write(_answer(head, headers.get(b"x-amz-target", b"").decode(), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serves until the process is ended."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=2**24)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
