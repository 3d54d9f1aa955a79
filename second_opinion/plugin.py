"""Runs tests/deployed against the emulator: `pytest -p second_opinion.plugin`."""

import contextlib
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

import local.stack
from second_opinion.emulator import DeployedStack

LEFT_OUT = tomllib.loads(Path(__file__).with_name("left_out.toml").read_text(encoding="utf-8"))
TEST_SECONDS = 45

local.stack.LocalStack = DeployedStack  # type: ignore[assignment,misc] # before tests/deployed/conftest.py takes it


def pytest_configure() -> None:
    """Ends the emulator where the run is ended from outside."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended from outside"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Leaves out the tests that need what only the embedded AWS has."""
    left_out = [item for item in items if _is_left_out(item)]
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Ends a test that waits for what the emulator never does."""
    with _at_most(TEST_SECONDS):
        return (yield)


@contextlib.contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took longer than {seconds} s")

    former = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def _is_left_out(item: pytest.Function) -> bool:
    """By its module, its name or a fixture that it asks for itself: `local` alone brings all others."""
    asked = set(item._fixtureinfo.argnames)  # noqa: SLF001 - `fixturenames` has those of the fixtures too
    by_name = item.path.name in LEFT_OUT["modules"] or item.originalname in LEFT_OUT["tests"]
    return by_name or bool(asked & set(LEFT_OUT["fixtures"]))
