from types import SimpleNamespace

import pytest
from fake_clock import FakeClock

from local.faults.fault import BadFaults
from local.faults.registry import Faults

RESET = {"operation": "*", "effect": "reset_before"}
CALL = SimpleNamespace(service="kinesis", operation="PutRecords", resource="s")


@pytest.fixture
def clock():
    """The registry's clock."""
    return FakeClock()


@pytest.fixture
def faults(clock):
    """No fault yet."""
    return Faults(clock.clock.monotonic)


def draws(faults, times=200):
    """What the only fault would do to so many calls."""
    [active] = faults.falling_upon(CALL)
    return [active.strikes() for _ in range(times)]


def test_the_same_seed_draws_the_same(faults):
    """Set anew with its seed, a fault falls upon the same calls in the same order; another seed does not."""
    seen = []
    for seed in (1, 1, 2):
        faults.put({"a": {**RESET, "share": 0.3, "seed": seed}})
        seen.append(draws(faults))

    assert seen[0] == seen[1] != seen[2]
    assert 30 < sum(seen[0]) < 90


def test_a_seed_that_was_drawn_is_shown_and_can_be_given(faults):
    """Without a seed one is drawn; the list shows it, and with it the same happens again."""
    faults.put({"a": {**RESET, "share": 0.3}})
    first = draws(faults)
    seed = faults.listed()["faults"]["a"]["seed"]
    faults.put({"a": {**RESET, "share": 0.3, "seed": seed}})

    assert draws(faults) == first


def test_a_fault_ends_after_its_seconds(faults, clock):
    """It falls upon nothing any more, and stays in the list with its counts."""
    faults.put({"a": {**RESET, "seconds": 20}, "b": RESET})
    clock.sleep(19.5)
    assert [one.name for one in faults.falling_upon(CALL)] == ["a", "b"]
    assert faults.listed()["faults"]["a"]["seconds_left"] == 0.5
    clock.sleep(0.5)

    assert [one.name for one in faults.falling_upon(CALL)] == ["b"]
    assert faults.listed()["faults"]["a"]["met"] == 1
    assert faults.listed()["faults"]["b"]["seconds_left"] is None


def test_faults_fall_in_the_order_of_their_effects(faults):
    """A delay comes first and a reset after the call last, in whatever order they were set."""
    last = {"operation": "*", "effect": "reset_after"}
    faults.put({"z": last, "y": RESET, "x": {"operation": "*", "effect": "delay", "delay_seconds": 1}})

    assert [one.name for one in faults.falling_upon(CALL)] == ["x", "y", "z"]


def test_setting_one_leaves_the_others_and_a_bad_one_sets_none(faults):
    """Faults are set by name, all of a set or none."""
    faults.put({"a": RESET})
    faults.put({"b": RESET})
    with pytest.raises(BadFaults):
        faults.put({"c": RESET, "d": {}})

    assert list(faults.listed()["faults"]) == ["a", "b"]


def test_clearing_forgets_one_or_all(faults):
    """One by its name; all of them with the counts of kills."""
    faults.put({"a": RESET, "b": RESET, "c": RESET})
    faults.count_kill("work")
    assert (faults.clear("a"), faults.clear("nobody")) == (True, False)
    assert faults.listed()["kills"] == {"work": 1}
    assert list(faults.listed()["faults"]) == ["b", "c"]
    faults.clear()

    assert faults.listed() == {"faults": {}, "kills": {}}
