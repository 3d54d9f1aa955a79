import json
import urllib.parse
import urllib.request

from moto.sqs.models import Message

from local.aws.journal import Journal


def read(aws, queue, after=""):
    """The journal of a queue, over HTTP."""
    address = f"{aws.endpoint}/_distributary/journal?queue={urllib.parse.quote(queue, safe='')}&after={after}"
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)["messages"]


def test_a_message_stays_readable_after_it_was_consumed(aws, unique):
    """What something took from the queue and deleted is still in the journal, with all that belongs to it."""
    sqs, name = aws.client("sqs"), f"{unique('journal')}.fifo"
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageGroupId="group",
        MessageDeduplicationId="once",
        MessageAttributes={"text": {"DataType": "String", "StringValue": "é"}},
    )
    taken = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])

    [entry] = read(aws, url)

    assert entry.pop("sentTimestamp") > 0
    assert entry == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageGroupId": "group",
        "messageDeduplicationId": "once",
        "sequenceNumber": sent["SequenceNumber"],
        "messageAttributes": {"text": {"DataType": "String", "StringValue": "é"}},
    }
    assert read(aws, name)[0]["body"] == "hello"


def test_a_batch_is_kept_message_by_message(aws, unique):
    """SendMessageBatch writes as many entries as it has accepted, in order; binary attributes are base64."""
    sqs, name = aws.client("sqs"), unique("batch")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attribute = {"b": {"DataType": "Binary", "BinaryValue": b"\xff"}}
    entries = [{"Id": str(i), "MessageBody": f"m{i}", "MessageAttributes": attribute} for i in range(3)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)

    kept = read(aws, name)

    assert [entry["body"] for entry in kept] == ["m0", "m1", "m2"]
    assert kept[0]["messageAttributes"]["b"]["BinaryValue"] == "/w=="


def test_a_duplicate_is_kept_once_even_when_the_first_is_gone(aws, unique):
    """A second message with the same deduplication id is accepted, and not in the journal."""
    sqs, name = aws.client("sqs"), f"{unique('twice')}.fifo"
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    parameters = {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    sqs.send_message(**parameters)
    taken = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
    sqs.send_message(**parameters)

    assert len(read(aws, name)) == 1


def test_a_queue_keeps_its_newest_messages():
    """The journal is bounded: the oldest message makes room."""
    journal = Journal(messages_a_queue=2)
    for body in ("a", "b", "c"):
        journal.write("q", Message(body, body))

    assert [entry["body"] for entry in journal.read("q")] == ["b", "c"]


def test_a_fifo_queue_is_read_on_from_a_sequence_number(aws, unique):
    """`after` leaves out what was read before."""
    sqs, name = aws.client("sqs"), f"{unique('on')}.fifo"
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    first, _ = (
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body)
        for body in ("one", "two")
    )

    assert [entry["body"] for entry in read(aws, name, after=first["SequenceNumber"])] == ["two"]
