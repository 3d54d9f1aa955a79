import pytest
from detector_cases import START, model_of
from fuzz.detectors import MOST_SECONDS, evaluate, fuzz, run
from hypothesis import given
from hypothesis import strategies as st

from distributary.iot_events.engine.detector import Detector, read_detector, write_detector
from distributary.iot_events.engine.machine import InputMessage, Timers, cycles, step

MODEL = model_of(
    {
        "model": {
            "states": {
                "Up": {
                    "enter": [[None, ["timer", "silent", "60"], ["set", "n", "0"], ["send", "up"]]],
                    "input": [
                        ["currentInput('in')", ["reset", "silent"]],
                        [
                            "currentInput('in') && $input.in.v > 1",
                            ["set", "n", "$variable.n + 1"],
                            ["timer", "check", "$input.in.v * 10"],
                        ],
                        [
                            "timeout('check') && $input.in.v > 0",
                            ["send", "check", "STRING", "$variable.n"],
                            ["reset", "check"],
                        ],
                    ],
                    "go": [["timeout('silent')", "Down"], ["$variable.n > 3", "Up"]],
                },
                "Down": {
                    "enter": [[None, ["send", "down"], ["timer", "still", "45"]]],
                    "input": [["timeout('still')", ["reset", "still"], ["send", "still"]]],
                    "go": [["currentInput('other') && $input.other.v > 0", "Up"]],
                    "exit": [[None, ["clear", "still"]]],
                },
            }
        }
    }
)
LOGS = st.lists(
    st.tuples(
        st.integers(0, 200_000),
        st.sampled_from(["in", "other"]),
        st.sampled_from([{}, {"v": 0}, {"v": 1}, {"v": 2}, {"v": 7}, {"v": None}, {"v": "x"}]),
        st.integers(0, 100),
    ),
    max_size=12,
)
HORIZON = 400_000


def timed(log):
    """The log's messages, each at the time it was accepted."""
    now, messages = START * 1000, []
    for number, (pause, name, payload, _) in enumerate(log):
        now += pause
        messages.append((now, InputMessage(name, str(number), payload)))
    return messages, now + HORIZON


def follow(log, *, wake, keep):
    """Handles a log: with wake-ups between the messages or without, keeping the detector as a string between or not."""
    detector, effects, last = Detector("k"), [], START * 1000
    messages, horizon = timed(log)
    for (now, message), (*_, percent) in zip(messages, log, strict=True):
        if wake and detector.state is not None:
            detector, more = step(MODEL, detector, Timers(), last + (now - last) * percent // 100)
            effects += more
        detector, more = step(MODEL, detector, message, now)
        effects += more
        last = now
        if keep and detector.state is not None:
            detector = read_detector(
                write_detector(detector), key="k", created=detector.created, updated=detector.updated
            )
    if detector.state is None:
        return detector, effects
    detector, more = step(MODEL, detector, Timers(), horizon)
    return detector, effects + more


@given(LOGS)
def test_a_log_gives_the_same_whenever_it_is_handled(log):
    """At once with a wake-up at any time in between, or all of it later: the same detector, the same effects."""
    assert follow(log, wake=True, keep=False) == follow(log, wake=False, keep=False)


@given(LOGS)
def test_a_batch_gives_what_single_steps_give(log):
    """In memory or stored after each message: the same detector and effects, ids included."""
    assert follow(log, wake=False, keep=True) == follow(log, wake=False, keep=False)


@given(LOGS)
def test_an_unchanged_detector_need_not_be_stored(log):
    """Whoever stores only what changed loses nothing: an unchanged detector is the very same object."""
    stored, messages, effects = Detector("k"), timed(log)[0], []
    for now, message in messages:
        after, more = step(MODEL, stored, message, now)
        effects += more
        if after is not stored:
            assert after != stored
            assert after.cycles > stored.cycles
            stored = after
    plain = Detector("k")
    for now, message in messages:
        plain, _ = step(MODEL, plain, message, now)

    assert stored == plain


@given(LOGS, st.integers(1, 3))
def test_a_step_may_stop_between_two_cycles(log, most):
    """Who keeps the detector after any cycle and comes back finds the rest still due."""
    detector, effects = Detector("k"), []
    for now, message in timed(log)[0]:
        handled = False
        while not handled:
            for count, (after, more) in enumerate(cycles(MODEL, detector, message, now), 1):
                detector, before = after, detector
                effects += more
                due = before.next_due()
                handled = due is None or due * 1000 > max(now, before.updated)
                if count == most:
                    break

    once, all_effects = Detector("k"), []
    for now, message in timed(log)[0]:
        once, more = step(MODEL, once, message, now)
        all_effects += more
    assert (detector, effects) == (once, all_effects)


@given(LOGS)
def test_no_id_is_used_twice(log):
    """Every effect of a detector's life has an id of its own."""
    ids = [effect.id for effect in follow(log, wake=False, keep=False)[1] if hasattr(effect, "id")]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("case", "count", "good"), [(evaluate, 1000, "value"), (run, 100, "ran")])
def test_random_input_brings_documented_errors_only(case, count, good):
    """Random expressions, models and payloads: no other exception, none over 100 ms of CPU, and most of them sound."""
    outcomes, longest = fuzz(case, count, start=10_000_000)

    assert outcomes[good] * 2 >= count
    assert longest < MOST_SECONDS
