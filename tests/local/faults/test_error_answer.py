import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

CASES = json.loads((Path(__file__).parents[2] / "cases/fault_errors.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_sdk_reads_the_error_as_if_the_service_had_sent_it(served, parameters, case):
    """Code, status and exception are those of AWS, in the protocol of the service; the message names the fault."""
    given = {"status": case["given"]} if "given" in case else {}
    served.faults.put({"outage": {"operation": "*", "effect": "refuse_calls", "error": case["error"], **given}})
    client = served.client(case["service"])

    with pytest.raises(getattr(client.exceptions, case["exception"], ClientError)) as raised:
        getattr(client, case["method"])(**parameters(case["method"]))

    response = raised.value.response
    assert response["Error"]["Code"] == case["error"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == case["status"]
    assert response["Error"]["Message"] == "refused on purpose by the fault outage"
    assert served.aws.requests == []
