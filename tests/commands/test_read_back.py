from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from running_server import running
from werkzeug.serving import make_server

from commands.read_back import journal, journal_entries
from local.aws.journal import Journal

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/messages.fifo"
BODIES = ["no JSON", '{"key": "pump-7"}', '"a text"', "", '{"n": ' + "9" * 5_000 + "}"]
OTHERS = ("id", "group_id", "deduplication_id", "sequence_number", "sent_timestamp")


@pytest.fixture
def stage() -> Iterator[SimpleNamespace]:
    """A stage whose message queue has accepted BODIES."""
    kept = Journal()
    for body in BODIES:
        kept.write("messages.fifo", SimpleNamespace(body=body, message_attributes={}, **dict.fromkeys(OTHERS)))
    server = make_server("127.0.0.1", 0, kept.in_front_of(lambda _environ, _start: []))
    with running(server):
        yield SimpleNamespace(aws_endpoint=f"http://localhost:{server.port}", outputs={"MessageQueueUrl": QUEUE})


def test_a_body_that_is_no_object_of_json_leaves_the_others_readable(stage) -> None:
    """Anybody with the right to may send a queue anything: the entries have it, the objects do not."""
    assert journal(stage, "MessageQueueUrl") == [{"key": "pump-7"}, {"n": "9" * 5_000}]
    assert [one["body"] for one in journal_entries(stage, "MessageQueueUrl")] == BODIES
