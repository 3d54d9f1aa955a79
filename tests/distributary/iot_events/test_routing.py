import pytest

from distributary.iot_events.routing import Readers, Target

UNFIT = "the key at d is not 1 to 128 of the characters a-z A-Z 0-9 - _ :"
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
        (
            "in",
            {"d": "10.0.0.7", "x": {"the key": None}},
            [],
            f"no detector model takes it: {UNFIT}; the payload has no key at x.`the key`",
        ),
        (
            "other",
            {"d": 1.5},
            [],
            f"no detector model takes it: {UNFIT}",
        ),
        ("other", {}, [], "no detector model takes it: the payload has no key at d"),
        ("unread", {"d": "k"}, [], "no detector model reads the input unread"),
    ],
)
def test_a_message_is_for_every_model_that_reads_it_and_finds_its_key(name, payload, targets, why) -> None:
    """In the models' order; where it is for none, it is said why."""
    assert READERS.targets(name, payload) == targets
    assert READERS.why_unread(name, payload) == why
