import pytest
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


def test_a_service_that_is_gone_is_an_os_error() -> None:
    """So it is where the connection breaks in between."""
    with pytest.raises(OSError):  # noqa: PT011 - the system words it
        QueueClient("http://127.0.0.1:9", "us-east-1", "ASIA1", "token").receive_message(QueueUrl="any")
