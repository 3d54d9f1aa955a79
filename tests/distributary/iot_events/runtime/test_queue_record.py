import json

from detector_cloud import message, record

from distributary.iot_events.runtime.queue_record import MOST_BODY_CHARACTERS, dead_body, read_record

NOW = 1_700_000_000_000


def again(body: str, *, sequence: int = 9, sent: int = NOW + 60_000):
    """The record that a body becomes when its dead letter is redriven."""
    return read_record(record(body, sequence, model="m", key="k", sent=sent))


def test_a_dead_letter_is_redriven_as_the_message_that_it_was() -> None:
    """With the reason, its number and the time when it was accepted, which is the one that counts."""
    work = read_record(message(5, {"n": 20.0}, sent=NOW))

    body = dead_body(work, 'said "no"')

    assert json.loads(body)["reason"] == 'said "no"'
    assert json.loads(body)["sequenceNumber"] == 5
    redriven = again(body)
    assert (redriven.trigger, redriven.accepted, redriven.late, redriven.fault) == (work.trigger, NOW, True, None)


def test_what_dies_again_keeps_its_first_reason() -> None:
    """And its first number and time."""
    body = dead_body(read_record(message(5, {}, sent=NOW)), "first")

    assert dead_body(again(body), "second") == body


def test_what_waited_elsewhere_before_dies_with_its_reason_and_its_own_time() -> None:
    """A message from the retry queue brings its time along."""
    body = message(5, {"n": 1}, sent=NOW + 60_000)["body"].replace('"payload":', f'"acceptedAt":{NOW},"payload":')

    dead = dead_body(again(body), "because")

    assert json.loads(dead)["reason"] == "because"
    assert (again(dead).accepted, again(dead).trigger) == (NOW, again(body).trigger)


def test_what_is_no_object_dies_as_it_is() -> None:
    """Nothing can be written into it."""
    work = read_record(record("[", 5, model="m", key="k", sent=NOW))

    assert work.fault == "unreadable: BadPayload"
    assert dead_body(work, work.fault) == "["


def test_a_payload_that_no_message_has_is_not_read() -> None:
    """A record over a message's limit dies at its first receive, for its size: nobody reads what is in it."""
    record = message(1, {"d": "k", "text": "x" * MOST_BODY_CHARACTERS}, sent=NOW)

    assert read_record(record).fault == "unreadable: BadPayload"
    assert read_record(message(1, {"d": "k", "text": "x" * (MOST_BODY_CHARACTERS - 100)}, sent=NOW)).fault is None
