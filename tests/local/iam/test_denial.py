import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.iam.denial import Denied
from local.iam.policy import Decision, Principal, Request

CASES = json.loads((Path(__file__).parents[2] / "cases/local/iam_denials.json").read_text())
WHO = "User: arn:aws:sts::123456789012:assumed-role/worker/task is not authorized to perform: "


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_sdk_reads_the_denial_as_if_the_service_had_sent_it(served, case) -> None:
    """Code, status and words are AWS's, in the protocol of the service; the call reached nobody."""
    with pytest.raises(ClientError) as raised:
        getattr(served.client(case["service"]), case["call"])(**case["with"])

    response = raised.value.response
    assert response["Error"]["Code"] == case["code"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == case["status"]
    assert response["Error"]["Message"] == case.get("words", WHO + case.get("about", ""))
    assert served.reached == []


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision(denied="identity-based"), "because no identity-based policy allows the sqs:SendMessage action"),
        (Decision(denied="resource-based"), "because no resource-based policy allows the sqs:SendMessage action"),
        (Decision(denied="identity-based", explicit=True), "with an explicit deny in an identity-based policy"),
        (Decision(denied="resource-based", explicit=True), "with an explicit deny in a resource-based policy"),
    ],
)
def test_the_words_say_which_policy_denies(decision, words) -> None:
    """As AWS's guide to its messages has them."""
    principal = Principal(role="arn:aws:iam::123456789012:role/worker", session="task")

    error = Denied(principal, Request("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q", {}), decision)

    assert str(error) == f"{WHO}sqs:SendMessage on resource: arn:aws:sqs:us-east-1:1:q {words}"


def test_a_service_is_no_user() -> None:
    """It is named as a policy names it."""
    asked = Request("lambda:InvokeFunction", "*", {})

    error = Denied(Principal(service="iot.amazonaws.com"), asked, Decision(denied="resource-based"))

    assert str(error).startswith("iot.amazonaws.com is not authorized to perform: lambda:InvokeFunction because")
