"""What every test may use: the case files under tests/cases, and the folder itself on the path for their builders."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from local.functions import BadInterpreter, find_interpreter
from local.loopback import reach_directly

TESTS = Path(__file__).parent
DEPLOYED = TESTS / "deployed"
GROUPS = {
    "tests/deployed/": "the deployed stack",  # one for all; its start is a fifth of the whole run
    **dict.fromkeys(
        [f"tests/infra/test_{name}.py" for name in ("alarms", "checks", "dashboard", "stack")], "the templates"
    ),
    "tests/local/aws/test_services_beside_moto.py": "beside moto",  # one of each side is enough
    **dict.fromkeys(  # the longest of all: begun before what is short
        [
            *(
                f"tests/local/test_deployment_{name}.py"
                for name in ("fewer_sinks", "installed", "real", "toy_sink", "upgrade")
            )
        ],
        "deployments",
    ),
    **dict.fromkeys(["tests/local/test_stack.py", "tests/test_app.py"], "processes"),
}
SAID_BY_A_FUNCTION = "sys.version of a deployed function"
sys.path.insert(0, str(TESTS))
reach_directly()
# The machine that runs these tests may be busy: no test fails for the time that passes. Every run draws the same
# examples, so that a failure comes from a change. `pytest --hypothesis-profile=random` searches further.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
if settings.get_current_profile_name() == "default":  # not where a mutation run has chosen its own
    settings.load_profile("repeatable")


def pytest_report_header() -> list[str]:
    """Which Python runs the tests, and which the functions of a local stack."""
    try:
        return [f"sys.version: {sys.version}", str(find_interpreter())]
    except BadInterpreter as error:
        raise pytest.UsageError(str(error)) from error


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeats what a deployed function said of its Python."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == SAID_BY_A_FUNCTION:
                terminalreporter.write_line(f"{name}: {value}")


def pytest_itemcollected(item: pytest.Item) -> None:
    """What needs the deployed stack can be chosen, or left out, with `-m`."""
    if DEPLOYED in item.path.parents:
        item.add_marker(pytest.mark.deployed)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Gives each group to one worker, the largest first: under pytest 9.2 `loadgroup` of xdist 3.8 does nothing."""
    return Together(config, log)


class Together(LoadScopeScheduling):
    """Tests of one group run one after the other in one worker, all others by themselves in any."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for start, group in GROUPS.items() if nodeid.startswith(start)), nodeid)
