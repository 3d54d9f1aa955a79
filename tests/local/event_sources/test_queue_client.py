import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import urllib3
from embedded_client import embedded_client
from moto.server import ThreadedMotoServer

from local.event_sources.queue_client import QueueClient, QueueRefused


@pytest.fixture(scope="module")
def endpoint():
    """The URL of moto's SQS on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_its_answers_are_boto3s(endpoint) -> None:
    """A message is received with the same members as by boto3, and deleted by its handle."""
    boto3, own = embedded_client(endpoint, "sqs"), QueueClient(endpoint, "us-east-1", "ASIA1", "token")
    url = boto3.create_queue(QueueName="two", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    attribute = {"k": {"DataType": "Binary", "BinaryValue": b"\x00v"}}
    boto3.send_message(QueueUrl=url, MessageBody="hello é", MessageAttributes=attribute)
    asked = {"QueueUrl": url, "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}

    theirs, ours = boto3.receive_message(**asked)["Messages"][0], own.receive_message(**asked)["Messages"][0]

    assert ours.keys() == theirs.keys()
    assert (ours["Body"], ours["MessageId"], ours["MD5OfBody"]) == ("hello é", theirs["MessageId"], theirs["MD5OfBody"])
    assert ours["MessageAttributes"]["k"] == theirs["MessageAttributes"]["k"]
    entries = [{"Id": "0", "ReceiptHandle": ours["ReceiptHandle"]}]
    assert own.delete_message_batch(QueueUrl=url, Entries=entries)["Successful"] == [{"Id": "0"}]
    assert "Messages" not in own.receive_message(**asked)


def test_a_refusal_says_what_it_was(endpoint) -> None:
    """Code and message of the service."""
    own = QueueClient(endpoint, "us-east-1", "ASIA1", "token")
    with pytest.raises(QueueRefused, match=r"QueueDoesNotExist .*does not exist"):
        own.receive_message(QueueUrl=f"{endpoint}/123456789012/none")


def test_a_service_that_is_gone_is_an_error() -> None:
    """The mapping logs it and polls again."""
    with pytest.raises(urllib3.exceptions.HTTPError):
        QueueClient("http://127.0.0.1:9", "us-east-1", "ASIA1", "token").receive_message(QueueUrl="any")


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    """No call fails because the other side closed an idle connection without a word."""
    closed = threading.Semaphore(0)

    class Closing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def shutdown_request(self, request) -> None:
            super().shutdown_request(request)
            closed.release()

    with Server(("127.0.0.1", 0), Closing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = QueueClient(f"http://127.0.0.1:{server.server_port}", "us-east-1", "ASIA1", "token")
        for _ in range(3):
            assert own.receive_message(QueueUrl="any") == {}
            assert closed.acquire(timeout=30)
        server.shutdown()


def test_a_call_carries_the_role_and_the_service(monkeypatch) -> None:
    """The embedded AWS finds both in the signature's scope, and asks for the session's token."""
    own, seen = QueueClient("http://127.0.0.1:9", "us-east-1", "ASIA1", "token"), []
    answer = SimpleNamespace(status=200, data=b"{}")
    monkeypatch.setattr(own._pool, "request", lambda *_, headers, **__: seen.append(headers) or answer)

    own.receive_message(QueueUrl="any")

    assert "Credential=ASIA1/20000101/us-east-1/sqs/aws4_request" in seen[0]["authorization"]
    assert (seen[0]["x-amz-security-token"], seen[0]["x-amz-target"]) == ("token", "AmazonSQS.ReceiveMessage")
