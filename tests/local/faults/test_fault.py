import json
from pathlib import Path

import pytest

from local.faults.fault import BadFaults, Fault, read

CASES = json.loads((Path(__file__).parents[2] / "cases/fault_definitions.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_definition_is_read_or_every_place_that_is_wrong_is_named(case):
    """What is wrong comes with its place, all of it at once; what is right becomes a fault under its name."""
    try:
        wrong, names = [], list(read(case["tables"]))
    except BadFaults as error:
        wrong, names = error.places, []

    assert wrong == case["wrong"]
    assert names == ([] if wrong else list(case["tables"]))


@pytest.mark.parametrize(
    ("pattern", "falls_upon"),
    [("kinesis.PutRecords", [True, False, False]), ("kinesis.*", [True, True, False]), ("*", [True, True, True])],
)
def test_an_operation_may_be_one_or_all_of_a_service_or_all(pattern, falls_upon):
    """The pattern decides which calls it can fall upon."""
    fault = Fault(pattern, "reset_before")
    calls = [("kinesis", "PutRecords"), ("kinesis", "PutRecord"), ("sqs", "PutRecords")]

    assert [fault.concerns(*call) for call in calls] == falls_upon


def test_a_resource_narrows_it():
    """Only resources whose name matches are met."""
    fault = Fault("sqs.*", "reset_before", resource="*Messages*")

    assert fault.concerns_resource("stack-IotEventsMessages1A2B.fifo")
    assert not fault.concerns_resource("stack-Spill1A2B")
