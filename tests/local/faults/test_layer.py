import socket

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

THROTTLED = "ProvisionedThroughputExceededException"


def put_records(client, count):
    """Puts records whose data is their number."""
    records = [{"Data": str(number).encode(), "PartitionKey": "k"} for number in range(count)]
    return client.put_records(StreamName="s", Records=records)


def stored(served):
    """How many records reached the service, by request."""
    return [len(request["Records"]) for request in served.aws.requests]


def test_without_faults_everything_passes(served):
    """The layer changes nothing."""
    answer = put_records(served.client("kinesis"), 3)

    assert (answer["FailedRecordCount"], stored(served)) == (0, [3])


def test_a_share_of_the_calls_is_refused(served):
    """As many as are counted fail with the named error, and never reach the service."""
    served.faults.put(
        {
            "half": {
                "operation": "kinesis.PutRecords",
                "effect": "refuse_calls",
                "share": 0.5,
                "error": THROTTLED,
                "seed": 1,
            }
        }
    )
    client, failed = served.client("kinesis"), 0
    for _ in range(20):
        try:
            put_records(client, 1)
        except client.exceptions.ProvisionedThroughputExceededException:
            failed += 1

    assert 0 < failed < 20
    assert failed == served.injected("half") == 20 - len(stored(served))


def test_a_share_of_kinesis_records_is_refused_in_a_successful_answer(served):
    """They are taken out of the call; every other record has its own sequence number, in the request's order."""
    served.faults.put(
        {
            "some": {
                "operation": "kinesis.PutRecords",
                "effect": "refuse_records",
                "share": 0.3,
                "error": THROTTLED,
                "seed": 1,
            }
        }
    )
    answer = put_records(served.client("kinesis"), 50)
    refused = [place for place, one in enumerate(answer["Records"]) if one.get("ErrorCode") == THROTTLED]

    assert 5 < len(refused) < 25
    assert answer["FailedRecordCount"] == len(refused) == served.injected("some")
    assert stored(served) == [50 - len(refused)]
    taken = iter(one["Data"] for one in served.aws.requests[0]["Records"])
    assert all(one["SequenceNumber"] == next(taken) for one in answer["Records"] if "SequenceNumber" in one)


def test_a_share_of_firehose_records_is_refused_in_a_successful_answer(served):
    """PutRecordBatch says it its own way."""
    served.faults.put(
        {
            "some": {
                "operation": "firehose.PutRecordBatch",
                "effect": "refuse_records",
                "share": 0.5,
                "error": "ServiceUnavailableException",
                "seed": 1,
            }
        }
    )
    records = [{"Data": str(number).encode()} for number in range(20)]
    answer = served.client("firehose").put_record_batch(DeliveryStreamName="d", Records=records)
    refused = [one for one in answer["RequestResponses"] if one.get("ErrorCode") == "ServiceUnavailableException"]

    assert (len(answer["RequestResponses"]), answer["Encrypted"]) == (20, True)
    assert 0 < answer["FailedPutCount"] == len(refused) == served.injected("some") < 20


def test_all_entries_of_one_queue_are_refused_and_those_of_another_are_not(served):
    """A fault can be narrowed to a queue; where nothing is left to send, nothing is sent."""
    fault = {
        "operation": "sqs.SendMessageBatch",
        "effect": "refuse_records",
        "error": "InternalError",
        "resource": "one*",
    }
    served.faults.put({"queue": fault})
    client = served.client("sqs")
    entries = [{"Id": name, "MessageBody": name} for name in "abc"]
    answers = [
        client.send_message_batch(QueueUrl=f"http://localhost/1/{queue}", Entries=entries)
        for queue in ("one.fifo", "two")
    ]

    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answers[0]["Failed"]] == [
        (name, "InternalError", False) for name in "abc"
    ]
    assert [one["Id"] for one in answers[1]["Successful"]] == ["a", "b", "c"]
    assert (len(served.aws.requests), served.injected("queue")) == (1, 3)


def test_a_call_is_delayed_and_then_takes_effect(served):
    """The delay is counted, the answer is the service's."""
    served.faults.put({"slow": {"operation": "kinesis.*", "effect": "delay", "delay_seconds": 10}})
    put_records(served.client("kinesis"), 2)

    assert (served.slept, stored(served), served.injected("slow")) == ([10], [2], 1)


@pytest.mark.parametrize(("effect", "reached"), [("reset_before", 0), ("reset_after", 1)])
def test_the_connection_is_reset_before_or_after_the_call_took_effect(served, effect, reached):
    """An SDK sees a lost connection; whether the service has the records is what differs."""
    served.faults.put({"reset": {"operation": "kinesis.PutRecords", "effect": effect}})

    with pytest.raises(ConnectionClosedError):
        put_records(served.client("kinesis"), 1)
    assert (len(stored(served)), served.injected("reset")) == (reached, 1)


def test_a_reset_is_one_on_the_wire(served):
    """The client gets TCP's RST, not an end that looks orderly; the next connection is served."""
    served.faults.put({"reset": {"operation": "sqs.*", "effect": "reset_before"}})
    port = int(served.endpoint.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 2\r\n\r\n{}"
        )
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    served.faults.clear()

    served.client("sqs").list_queues()


def test_a_reset_leaves_no_trace_in_the_servers_output(served, capfd):
    """No traceback is printed for what was meant."""
    served.faults.put({"reset": {"operation": "*", "effect": "reset_before"}})
    with pytest.raises(ConnectionClosedError):
        served.client("kinesis").list_streams()

    assert "Traceback" not in capfd.readouterr().err


def test_an_sdk_that_tries_again_gets_through(served):
    """A refusal is AWS's own throttle to botocore: its second attempt is a call like any other."""
    served.faults.put(
        {
            "once": {
                "operation": "kinesis.PutRecords",
                "effect": "refuse_calls",
                "error": "InternalFailure",
                "share": 0.5,
                "seed": 1,
            }
        }
    )
    put_records(served.client("kinesis", attempts=8), 1)

    assert stored(served) == [1]
    assert served.injected("once") > 0


def test_what_the_service_refuses_itself_is_not_counted_as_injected(served):
    """Records that were never refused in an answer are no injection."""
    served.aws.answer = lambda operation, request: {}
    served.faults.put(
        {
            "first": {"operation": "kinesis.PutRecords", "effect": "refuse_calls", "error": THROTTLED},
            "then": {"operation": "kinesis.PutRecords", "effect": "refuse_records", "error": THROTTLED},
        }
    )
    with pytest.raises(ClientError):
        put_records(served.client("kinesis"), 1)

    assert (served.injected("first"), served.injected("then")) == (1, 0)
