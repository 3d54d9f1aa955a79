import re

import pytest

from chaos.scenario import addressed, load, shortened
from local.faults import read

SCENARIOS = load()
OUTPUTS = {"MessageQueueUrl": "http://localhost:1/123456789012/messages.fifo"}


def test_the_matrix_has_twelve_scenarios_with_names_of_their_own():
    """They are numbered from 1."""
    assert [one.number for one in SCENARIOS] == list(range(1, 13))
    assert len({one.name for one in SCENARIOS}) == 12


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: str(one.number))
def test_a_scenario_is_sound(scenario):
    """All events are sent, its faults can be set, and draw the same in each run; something does go wrong."""
    faults = [addressed(step.faults or {}, OUTPUTS) for step in scenario.steps]

    assert sum(step.share for step in scenario.steps) == 1
    assert all(read(tables) is not None for tables in faults)
    assert scenario.kill or any(faults)
    shared = [fault for tables in faults for fault in tables.values() if fault.get("share", 1) < 1]
    assert all("seed" in fault for fault in shared)
    assert scenario.kill is None or scenario.kill.during in {"sending", "draining"}


def test_a_resource_gets_its_name_from_the_stacks_outputs():
    """The name is the end of a URL or an ARN; for an output that is missing the fault falls upon nothing."""
    faults = {"a": {"resource": "{MessageQueueUrl}", "share": 0.3}, "b": {"resource": "*Spill*"}}

    assert addressed(faults, OUTPUTS) == {
        "a": {"resource": "messages.fifo", "share": 0.3},
        "b": {"resource": "*Spill*"},
    }
    assert addressed(faults, {})["a"]["resource"] == "{MessageQueueUrl}"


def test_the_short_form_is_three_scenarios_with_short_outages():
    """What ends by itself ends sooner, and few processes are killed; nothing else changes."""
    short = shortened(SCENARIOS)
    seconds = [
        fault["seconds"] for one in short for step in one.steps for fault in step.faults.values() if "seconds" in fault
    ]

    assert len(short) == 3
    assert seconds
    assert max(seconds) < 5
    assert [one.kill.times for one in short if one.kill] == [3]


def test_the_issues_words_and_the_data_agree_on_the_outages():
    """A scenario that says how long it lasts, lasts that long."""
    for scenario in SCENARIOS:
        said = re.search(r"for (\d+) s$", scenario.name)
        lasting = [
            fault["seconds"] for step in scenario.steps for fault in (step.faults or {}).values() if "seconds" in fault
        ]
        assert said is None or set(lasting) == {int(said[1])}
