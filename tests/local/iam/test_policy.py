import json
from pathlib import Path

import pytest

from local.iam.condition import NotEvaluated
from local.iam.policy import Principal, Request, decide, parsed

CASES = json.loads((Path(__file__).parents[2] / "cases/local/iam_policies.json").read_text())
GOOD = [case for case in CASES if "refused" not in case]
BAD = [case for case in CASES if "refused" in case]
ROLE = Principal(role="arn:aws:iam::1:role/r", session="f")
QUEUE = "arn:aws:sqs:us-east-1:1:q"
SENDING = Request("sqs:SendMessage", QUEUE, {})
ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
DENY = {**ALLOW, "Effect": "Deny"}


def policy(*statements, name="policy"):
    """The parsed policy of these statements."""
    return parsed(name, json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_a_statement_allows(case) -> None:
    """Action, resource and every condition must match."""
    asked = Request(
        case.get("action", "sqs:SendMessage"),
        case.get("resource", QUEUE),
        {key: tuple(values) for key, values in case.get("context", {}).items()},
    )

    decision = decide(ROLE, asked, policy(case["statement"]))

    assert bool(decision.permissions) is case["allowed"]
    assert decision.denied == ("" if case["allowed"] else "identity-based")


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_what_is_not_evaluated_is_refused(case) -> None:
    """When the policy is read, with its name and what to look at: deciding it wrongly would be silent."""
    with pytest.raises(NotEvaluated, match=case["refused"]):
        policy(case["statement"])


def test_the_decision_names_every_permission_that_allows() -> None:
    """Policy, statement, action and resource, as they are written."""
    decision = decide(ROLE, SENDING, policy({**ALLOW, "Action": ["sqs:Send*", "sqs:SendMessage"]}, ALLOW))

    assert [(*one,) for one in decision.permissions] == [
        ("policy", 0, "sqs:Send*", QUEUE),
        ("policy", 0, "sqs:SendMessage", QUEUE),
        ("policy", 1, "sqs:SendMessage", QUEUE),
    ]


def test_a_deny_wins() -> None:
    """Whatever else allows, and wherever it stands."""
    everybody = {**DENY, "Principal": "*"}

    for decision, kind in (
        (decide(ROLE, SENDING, policy(ALLOW, DENY)), "identity-based"),
        (decide(ROLE, SENDING, policy(ALLOW), policy(everybody)), "resource-based"),
    ):
        assert (decision.denied, decision.explicit, decision.permissions) == (kind, True, ())


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::1:role/r"]}, True),
        ({"AWS": "arn:aws:sts::1:assumed-role/r/f"}, True),
        ({"AWS": "arn:aws:iam::1:role/other"}, False),
        ({"AWS": "arn:aws:iam::1:root"}, False),
        ({"Service": "iot.amazonaws.com"}, False),
    ],
)
def test_a_resources_policy_alone_allows_whom_it_names(principal, allowed) -> None:
    """The account as a whole is not the role: its own policies must allow it then."""
    decision = decide(ROLE, SENDING, (), policy({**ALLOW, "Principal": principal}))

    assert (not decision.denied) is allowed


@pytest.mark.parametrize(
    ("own", "key", "denied"),
    [
        (ALLOW, {"AWS": "arn:aws:iam::1:root"}, ""),
        (ALLOW, {"AWS": "1"}, ""),
        (None, {"AWS": "arn:aws:iam::1:root"}, "identity-based"),
        (ALLOW, {"AWS": "arn:aws:iam::2:root"}, "resource-based"),
    ],
)
def test_a_keys_policy_must_allow_too(own, key, denied) -> None:
    """Be it the account as a whole, whose roles' policies then decide."""
    decision = decide(ROLE, SENDING, policy(own) if own else (), policy({**ALLOW, "Principal": key}), by_resource=True)

    assert decision.denied == denied


def test_a_service_is_allowed_by_a_resources_policy_alone() -> None:
    """By its name, under the policy's conditions."""
    service = Principal(service="iot.amazonaws.com")
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:iot:us-east-1:1:rule/r"}}
    trusting = policy({**ALLOW, "Principal": {"Service": "iot.amazonaws.com"}, "Condition": source})

    decisions = [
        decide(
            service,
            SENDING._replace(context={"aws:sourcearn": (f"arn:aws:iot:us-east-1:1:rule/{rule}",)}),
            (),
            trusting,
        )
        for rule in ("r", "s")
    ]

    assert [one.denied for one in decisions] == ["", "resource-based"]
