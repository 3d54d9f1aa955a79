import json
from pathlib import Path

import pytest

from local.faults.batch import BATCHES, Refusal, without

CASES = json.loads((Path(__file__).parents[2] / "cases/fault_merges.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_refused_records_are_taken_out_and_stand_in_the_answer_at_their_places(case):
    """The rest goes on in its order; the answer is that of the whole request, in the API's own shape."""
    batch = BATCHES[case["operation"]]
    refused = {place: Refusal("E", "m", sender_fault=False) for place in case["refused"]}

    assert without(case["request"], batch, refused) == case["forwarded"]
    assert batch.merge(case["request"], case["answer"], refused) == case["merged"]
