import pytest
from detector_cases import definition_of

from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.model.used_paths import inputs_of, kept_by_state, prune
from distributary.iot_events.values import write_json


def definition(states):
    """A definition of a model in the short form."""
    (found,) = load_text(write_json(definition_of({"key": "id", "states": states})), name="m")
    return found


def test_the_inputs_of_a_model_are_all_it_names():
    """In conditions, values, topics and payloads, by reference or by currentInput."""
    model = definition(
        {
            "A": {
                "input": [
                    ["$input.a.v > 1 && currentInput('b')", ["set", "x", "$input.c.v"], ["send", "'t/' + $input.d.v"]],
                    [None, ["send", "t", "STRING", "'${$input.e.v}'"]],
                ]
            }
        }
    )

    assert inputs_of(model) == {"a", "b", "c", "d", "e"}


def test_a_state_keeps_what_it_or_a_later_state_may_read():
    """What its own input and exit read, and all of what its transitions lead to; not its own onEnter."""
    model = definition(
        {
            "A": {
                "enter": [["$input.in.enterA > 0"]],
                "input": [["$input.in.inputA > 0"]],
                "go": [["currentInput('other')", "B"]],
            },
            "B": {"enter": [["$input.in.enterB > 0"]], "exit": [["$input.in.exitB > 0"]], "go": [["false", "C"]]},
            "C": {"input": [["$input.in.deep.c[0] > 0 && $input.in.deep.d.e > 1"]]},
        }
    )

    kept = kept_by_state(model, merge=False)

    last = {"in": {"deep": {"c": None, "d": {"e": None}}}}
    assert kept["C"] == last
    assert kept["B"] == {"in": {"exitB": None, **last["in"]}}
    assert kept["A"] == {"in": {"inputA": None, "enterB": None, "exitB": None, **last["in"]}}


def test_nothing_is_kept_where_each_cycle_brings_all_it_reads():
    """One input and no timers; unless payloads are merged."""
    model = definition({"A": {"input": [["$input.in.v > 0"]]}})

    assert kept_by_state(model, merge=False) == {"A": {}}
    assert kept_by_state(model, merge=True) == {"A": {"in": {"v": None}}}


@pytest.mark.parametrize(
    ("payload", "tree", "left"),
    [
        ({"a": 1, "b": 2}, {"a": None}, {"a": 1}),
        ({"a": {"x": 1, "y": 2}, "b": 2}, {"a": {"x": None}}, {"a": {"x": 1}}),
        ({"a": None}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"x": None}}, None),
        ({"a": 5}, {"a": {"x": None}}, None),
        ({"b": 2}, {"a": None}, None),
        ({"a": 1}, None, {"a": 1}),
    ],
)
def test_pruning_keeps_the_tree_and_nothing_else(payload, tree, left):
    """Members that the tree names, as deep as it goes; None where nothing is left."""
    assert prune(payload, tree) == left
