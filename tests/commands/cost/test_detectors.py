import pytest

from commands.cost.detectors import HEARTBEAT, THRESHOLD, items, running
from commands.cost.load import Load
from commands.cost.prices import read_prices

PRICES = read_prices()


@pytest.mark.parametrize(
    ("changes", "sends"),
    [
        ({"detectors": 1}, 1.0),
        ({"detectors": 3}, 1.0),
        ({"detectors": 1, "batch": 25}, 3 / 25),
        ({"detectors": 2, "batch": 25}, 5 / 25),
        ({"detectors": 1, "batch": 500}, 50 / 500),
        ({"detectors": 1, "batch": 10, "size": 10_000}, 2 / 10),
    ],
)
def test_ten_messages_go_in_a_call(changes, sends) -> None:
    """One message for each model that reads the event; a call beyond 64 KB is billed as two."""
    [sending] = [dollars for name, dollars in items(Load(**changes), PRICES) if "sending" in name]

    assert sending == pytest.approx(sends * 0.50)


@pytest.mark.parametrize(
    ("model", "together", "received", "reads", "writes"),
    [
        (THRESHOLD, 10, 0.10, 0.1375, 0.0125),
        (THRESHOLD, 1, 1.00, 0.25, 0.0125),
        (HEARTBEAT, 10, 0.10, 0.1375, 0.625),
        (HEARTBEAT, 1, 1.00, 0.25, 0.625),
    ],
)
def test_calls_of_a_batch(model, together, received, reads, writes) -> None:
    """Two calls to the queue, a read for each detector and one for the model's version, a write for each change."""
    found = {part.name: part.dollars for part in running(model, together, PRICES)}

    assert found["receiving and deleting, SQS FIFO"] == pytest.approx(received)
    assert (found["DynamoDB, reads"], found["DynamoDB, writes"]) == (pytest.approx(reads), pytest.approx(writes))
    assert (found["wake-ups"] > 0) == (model is HEARTBEAT)
    assert (found["actions"] > 0) == (model is THRESHOLD)


def test_each_model_reads_each_event() -> None:
    """Two models run twice; the sum of running is per message."""
    one, two = (sum(dollars for _, dollars in items(Load(detectors=n, batch=10), PRICES)) for n in (1, 2))

    assert two == pytest.approx(2 * one)
