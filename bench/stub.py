"""A stub of the AWS endpoints: each call is taken in full, answered after a fixed time, stored nowhere.

Run by path in a process of its own: `python bench/stub.py SECONDS ITEMS [CERTIFICATE]`. The first line it prints has
its port, and that of its TLS where it has a certificate. ITEMS is a file with the items of a table, which may be
written later.
"""

import asyncio
import hashlib
import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENCRYPTED = {"Encrypted": False}


def _firehose_record(_: bytes) -> dict[str, Any]:
    return {"RecordId": "r" * 220, **ENCRYPTED}


def _firehose_batch(body: bytes) -> dict[str, Any]:
    # Counted, not parsed: the stub shares the machine with what is measured.
    return {
        "FailedPutCount": 0,
        "RequestResponses": [{"RecordId": "r" * 220}] * body.count(b'"Data"'),
        **ENCRYPTED,
    }


def _kinesis_records(body: bytes) -> dict[str, Any]:
    receipt = {"SequenceNumber": "4" * 56, "ShardId": "shardId-000000000000"}
    return {"FailedRecordCount": 0, "Records": [receipt] * body.count(b'"PartitionKey"'), "EncryptionType": "KMS"}


def _message_batch(body: bytes) -> dict[str, Any]:
    # Parsed: an answer names each entry, and clients check the digest of its body.
    entries = json.loads(body)["Entries"]
    return {"Successful": [{"Id": entry["Id"], **_message(entry)} for entry in entries], "Failed": []}


def _message(entry: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.md5(entry["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274", "MD5OfMessageBody": digest, "SequenceNumber": "1" * 20}


def _master_secret(_: bytes) -> dict[str, Any]:
    return {"SecretString": json.dumps({"1": "bench"})}


def _key(body: bytes) -> dict[str, Any]:
    rights = {"doors": {"SS": ["events"]}, "sinks": {"SS": ["firehose", "iot_events", "kinesis"]}}
    return {"Item": {**json.loads(body)["Key"], "name": {"S": "bench"}, **rights}}


def _items(body: bytes) -> dict[str, Any]:
    """Always the same items, whatever has been put: each request finds the same detectors."""
    ((table, wanted),) = json.loads(body)["RequestItems"].items()
    stored = json.loads(Path(sys.argv[2]).read_bytes())
    return {"Responses": {table: [item for item in stored if {"pk": item["pk"], "sk": item["sk"]} in wanted["Keys"]]}}


ANSWERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "Firehose_20150804.PutRecord": _firehose_record,
    "Firehose_20150804.PutRecordBatch": _firehose_batch,
    "Kinesis_20131202.PutRecords": _kinesis_records,
    "AmazonSQS.SendMessageBatch": _message_batch,
    "secretsmanager.GetSecretValue": _master_secret,
    "DynamoDB_20120810.GetItem": _key,
    "DynamoDB_20120810.BatchGetItem": _items,
    "DynamoDB_20120810.PutItem": lambda _: {},
    "DynamoDB_20120810.UpdateItem": lambda _: {},
}


Answer = Callable[[str, str, bytes], tuple[str, bytes]]
"""Gives status and content of the answer to a call, by its method, its target and its body."""


def _answer(_method: str, target: str, body: bytes) -> tuple[str, bytes]:
    make = ANSWERS.get(target)
    status, content = ("200 OK", make(body)) if make else ("400 Bad Request", {"__type": "UnknownOperationException"})
    return status, json.dumps(content).encode()


async def _serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, seconds: float
) -> None:
    """Answer one connection's calls until the client closes it."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
            headers = {name.strip().lower(): value.strip() for name, _, value in lines}
            if headers.get(b"expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
            due = loop.time() + seconds  # counted from the last byte: what making the answer takes is part of it
            method, target = head.partition(b" ")[0].decode(), headers.get(b"x-amz-target", b"").decode()
            status, content = answer(method, target, body)
            await asyncio.sleep(max(0.0, due - loop.time()))
            kind = f"Content-Type: application/x-amz-json-1.1\r\nContent-Length: {len(content)}\r\n\r\n"
            writer.write(f"HTTP/1.1 {status}\r\n{kind}".encode() + content)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        pass
    finally:
        writer.close()


async def serve(answer: Answer, seconds: float, certificate: str = "") -> None:
    """Serve until the process is ended; over TLS on a second port where there is a certificate."""
    servers = [await _listen(answer, seconds, trust) for trust in (None, *([_tls(certificate)] if certificate else []))]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _listen(answer: Answer, seconds: float, trust: ssl.SSLContext | None) -> asyncio.Server:
    return await asyncio.start_server(
        lambda reader, writer: _serve_connection(reader, writer, answer, seconds),
        "127.0.0.1",
        0,
        limit=2**24,
        ssl=trust,
    )


def _tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


if __name__ == "__main__":
    asyncio.run(serve(_answer, float(sys.argv[1]), *sys.argv[3:]))
