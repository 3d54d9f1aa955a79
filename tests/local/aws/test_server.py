import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[3]

TWICE = """
import errno, json, socket
from local.aws.server import AwsServer
from moto.s3.models import FakeBucket, S3Backend
own, kept = FakeBucket.get_permission, []
put = S3Backend.put_object
S3Backend.put_object = lambda self, *given: kept.append(given[2]) or put(self, *given)
found = {}
with AwsServer(run=None, api_endpoint=str) as aws:
    aws.client("sqs").create_queue(QueueName="q")
    aws.client("s3").create_bucket(Bucket="bucket")
    firehose = aws.client("firehose")
    firehose.create_delivery_stream(DeliveryStreamName="d", ExtendedS3DestinationConfiguration={
        "RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::bucket",
        "BufferingHints": {"IntervalInSeconds": 900, "SizeInMBs": 128}})
    firehose.put_record(DeliveryStreamName="d", Record={"Data": b"last words"})
    try:
        with AwsServer(run=None, api_endpoint=str):
            pass
    except RuntimeError as error:
        found["second"] = str(error)
    before = len(kept)
found["written at the end"] = [one.decode() for one in kept[before:]]
with socket.create_server(("127.0.0.1", 0)) as other:
    try:
        with AwsServer(run=None, api_endpoint=str, port=other.getsockname()[1]):
            pass
    except OSError as error:
        found["taken"] = error.errno == errno.EADDRINUSE
with AwsServer(run=None, api_endpoint=str) as aws:
    found["queues"] = aws.client("sqs").list_queues().get("QueueUrls", [])
found["patches undone"] = FakeBucket.get_permission is own
print(json.dumps(found))
"""


def test_it_listens_on_the_loopback_interface_alone(aws):
    """No socket of the process listens on another address than 127.0.0.1."""
    assert listening(aws.process.pid) == {"127.0.0.1"}


def listening(pid: int) -> set[str]:
    """The addresses on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:  # 0A: LISTEN
                raw = bytes.fromhex(fields[1].split(":")[0])
                addresses.add(socket.inet_ntoa(raw[::-1]) if len(raw) == 4 else raw.hex())
    return addresses


def test_layers_stand_in_front_of_every_service(aws):
    """A WSGI layer that was given to the server sees each request."""
    answer = aws.client("sqs").list_queues()

    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-layer"] == "passed"


def test_requests_are_not_logged(aws, errors):
    """The server prints nothing for a request that goes well."""
    aws.client("sqs").list_queues()

    assert "GET /" not in errors.read_text()
    assert "POST /" not in errors.read_text()


def test_it_stops_without_a_trace():
    """What Firehose holds is written at the end; the state is gone, moto is as it was; no two run."""
    process = subprocess.run(
        [sys.executable, "-c", TWICE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout.splitlines()[-1]) == {
        "second": "an embedded AWS already runs in this process",
        "written at the end": ["last words"],
        "taken": True,
        "queues": [],
        "patches undone": True,
    }


def test_any_client_finds_the_journal_beside_the_services(aws):
    """An unknown queue has an empty journal."""
    with urllib.request.urlopen(f"{aws.endpoint}/_distributary/journal?queue=nobody") as answer:
        assert json.load(answer) == {"messages": []}
