"""Whether the same tests passed as were recorded, and whether each that failed is explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Collection

FAILED = {"failure", "error"}
RECORDED = Path(__file__).with_name("passing.txt")


@dataclass(frozen=True)
class Results:
    """The ids of the tests that passed and of those that failed: `tests.deployed.test_api::test_…[case]`."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


def results(report: Path) -> Results:
    """What pytest's JUnit report holds; tests that were skipped are neither."""
    passed, failed = set(), set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}::{case.get('name')}"
        if FAILED & kinds:
            failed.add(name)
        elif "skipped" not in kinds:
            passed.add(name)
    return Results(frozenset(passed - failed), frozenset(failed))  # one that fails at its end is there twice


def recorded() -> set[str]:
    """The ids that passed when the list was made."""
    return set(RECORDED.read_text(encoding="utf-8").splitlines())


def record(ids: Collection[str]) -> None:
    """Makes the list anew."""
    RECORDED.write_text("".join(f"{one}\n" for one in sorted(ids)), encoding="utf-8")


def differences(now: Collection[str], before: Collection[str]) -> list[str]:
    """A line for each test that passed before and does not now, or the other way round."""
    lost = [f"no longer passes, or is gone: {one}" for one in sorted(set(before) - set(now))]
    return [*lost, *(f"passes and is not recorded: {one}" for one in sorted(set(now) - set(before)))]


def unexplained(failed: Collection[str], explained: Collection[str]) -> list[str]:
    """A line for each test that fails without a reason in the list, and for each reason of a test that does not fail.

    A reason is that of a test with all its cases, by the test's name.
    """
    names = {_name(one) for one in failed}
    new = [f"fails without a reason in left_out.toml: {one}" for one in sorted(failed) if _name(one) not in explained]
    return [*new, *(f"does not fail, take it out of left_out.toml: {one}" for one in sorted(set(explained) - names))]


def _name(test: str) -> str:
    return test.partition("::")[2].partition("[")[0]
