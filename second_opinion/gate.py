"""Whether the same tests passed as were recorded."""

from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree as ET

OTHERWISE = {"failure", "error", "skipped"}
RECORDED = Path(__file__).with_name("passing.txt")


def passed(report: Path) -> set[str]:
    """The ids of the tests that passed, out of pytest's JUnit report: `tests.deployed.test_api::test_…[case]`."""
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - pytest wrote it just now
    return {
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if not OTHERWISE & {child.tag for child in case}
    }


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
