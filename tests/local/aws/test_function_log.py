from types import SimpleNamespace

import pytest

from local.aws import function_log
from local.aws.function_log import FunctionLogs
from local.iam.denial import Denied
from local.iam.policy import Decision, Principal, Request

SPEC = SimpleNamespace(role="role", name="work", log_group="group")
STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:group:log-stream:s"


class Rights:
    """Allows these actions; `asked` has each that was asked for."""

    def __init__(self, *allowed: str) -> None:
        self.allowed, self.asked = allowed, []

    def check_role(self, role: str, session: str, action: str, resource: str) -> None:
        self.asked.append((role, session, action, resource))
        if action not in self.allowed:
            raise Denied(Principal(role="::::1:r"), Request(action, resource, {}), Decision(denied="identity-based"))


@pytest.fixture
def kept(monkeypatch):
    """What reached CloudWatch."""
    lines: list[tuple[str, ...]] = []
    monkeypatch.setattr(function_log.cloud_watch, "keep", lambda *line: lines.append(line))
    return lines


def test_lines_are_written_in_the_name_of_the_functions_role(kept) -> None:
    """The first makes the stream, which is a permission of its own."""
    rights = Rights("logs:CreateLogStream", "logs:PutLogEvents")
    logs = FunctionLogs(rights)

    logs.keep(SPEC, "s", "one")
    logs.keep(SPEC, "s", "two")

    assert kept == [("group", "s", "one"), ("group", "s", "two")]
    assert rights.asked == [
        ("role", "work", f"logs:{action}", STREAM) for action in ("CreateLogStream", "PutLogEvents", "PutLogEvents")
    ]


@pytest.mark.parametrize("missing", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_what_the_role_may_not_write_is_lost(kept, missing) -> None:
    """As at AWS, where nothing says so but the empty log."""
    logs = FunctionLogs(Rights(*{"logs:CreateLogStream", "logs:PutLogEvents"} - {missing}))

    logs.keep(SPEC, "s", "one")

    assert kept == []
