import json

from chaos.request_batch import request_batches


def test_half_of_the_requests_have_a_key_and_half_have_ids_of_their_own():
    """With a key the events are plain JSON, without one CloudEvents; every id stands once."""
    made = request_batches("run", 3, events=100)
    ids = [name for batch in made for name in batch.events]

    assert (len(made), len(set(ids))) == (5, 100)
    assert [bool(batch.key) for batch in made] == [False, True, False, True, False]
    assert made[1].key == "run-03-0001"
    assert next(iter(made[1].events)) == "run-03-0001/0"
    assert made[0].content_type == "application/cloudevents-batch+json"
    assert [one["id"] for one in json.loads(made[0].body(made[0].events))] == list(made[0].events)


def test_a_request_with_a_key_is_sent_again_whole_another_in_part():
    """As the contract says."""
    some = {"run-03-0000-7", "run-03-0001/7"}
    own, keyed = request_batches("run", 3, events=40)

    assert [one["id"] for one in json.loads(own.body(some))] == ["run-03-0000-7"]
    assert len(json.loads(keyed.body(some))) == 20


def test_a_large_request_is_more_than_one_firehose_record():
    """Its events together are over 1,000 KiB, each alone far below any limit."""
    large, small = request_batches("run", 4, events=40, large_every=2)

    assert sum(len(json.dumps(data)) for data in large.events.values()) > 1_024_000
    assert max(len(json.dumps(data)) for data in large.events.values()) < 128 * 1024
    assert sum(len(json.dumps(data)) for data in small.events.values()) < 10_000
