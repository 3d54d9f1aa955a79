import pytest

from distributary.detectors.routing import Readers, Target

READERS = Readers(
    [
        {"model": "a", "key": "d", "inputs": ["in", "other"]},
        {"model": "b", "key": "x.`the key`", "inputs": ["in"]},
        {"model": "c", "key": None, "inputs": ["all"]},
    ]
)


@pytest.mark.parametrize(
    ("name", "payload", "targets", "why"),
    [
        ("in", {"d": "k", "x": {"the key": 7}}, [Target("a", "k"), Target("b", "7")], None),
        ("in", {"d": True}, [Target("a", "true")], None),
        ("other", {"d": "k"}, [Target("a", "k")], None),
        ("all", {}, [Target("c", None)], None),
        ("in", {"d": "has blanks", "x": {"the key": None}}, [], "finds its key"),
        ("in", {"d": 1.5}, [], "finds its key"),
        ("unread", {"d": "k"}, [], "no detector model reads"),
    ],
)
def test_a_message_is_for_every_model_that_reads_it_and_finds_its_key(name, payload, targets, why) -> None:
    """In the models' order; where it is for none, it is said why."""
    assert READERS.targets(name, payload) == targets
    told = READERS.why_unread(name, payload)
    assert told is None if why is None else why in told
