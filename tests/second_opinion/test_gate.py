import pytest

from second_opinion import __main__ as command
from second_opinion import gate
from second_opinion.gate import Results, differences, results, unexplained

REPORT = """<testsuites><testsuite>
<testcase classname="tests.deployed.test_api" name="test_a[POST /]"/>
<testcase classname="tests.deployed.test_api" name="test_b"><properties/><system-out>said</system-out></testcase>
<testcase classname="tests.deployed.test_api" name="test_c"><failure message="no"/></testcase>
<testcase classname="tests.deployed.test_api" name="test_d"><error message="at setup"/></testcase>
<testcase classname="tests.deployed.test_api" name="test_e"><skipped/></testcase>
<testcase classname="tests.deployed.test_api" name="test_f"/>
<testcase classname="tests.deployed.test_api" name="test_f"><error message="at teardown"/></testcase>
</testsuite></testsuites>"""
HERE = "tests.deployed.test_api"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """The recorded list, which holds one test; and no test has a reason to fail but test_c."""
    file = tmp_path / "passing.txt"
    file.write_text(f"{HERE}::test_a\n")
    monkeypatch.setattr(gate, "RECORDED", file)
    monkeypatch.setitem(command.LEFT_OUT, "fails", {"test_c": "for this reason"})
    return file


def test_each_test_of_a_report_passed_or_failed_or_was_skipped(tmp_path) -> None:
    """By module, name and case; a test that fails in its teardown is in the report twice, and failed."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    found = results(report)

    assert found.passed == {f"{HERE}::test_a[POST /]", f"{HERE}::test_b"}
    assert found.failed == {f"{HERE}::test_c", f"{HERE}::test_d", f"{HERE}::test_f"}


def test_a_test_that_passes_no_more_and_one_that_does_now_are_both_named() -> None:
    """A test that vanished is one that passes no more."""
    assert differences({"same", "new"}, {"same", "old"}) == [
        "no longer passes, or is gone: old",
        "passes and is not recorded: new",
    ]
    assert differences({"same"}, {"same"}) == []


def test_a_failure_without_a_reason_and_a_reason_without_a_failure_are_both_named() -> None:
    """One reason is for all cases of a test; a new test that fails was never in the list of those that pass."""
    failed = {f"{HERE}::test_c[1]", f"{HERE}::test_c[2]", f"{HERE}::test_new[a::b]"}

    assert unexplained(failed, {"test_c", "test_mended"}) == [
        f"fails without a reason in left_out.toml: {HERE}::test_new[a::b]",
        "does not fail, take it out of left_out.toml: test_mended",
    ]
    assert unexplained(failed, {"test_c", "test_new"}) == []


def test_the_recorded_tests_and_a_failure_with_its_reason_pass(record) -> None:
    """And each kind of difference does not."""
    now = Results(frozenset({f"{HERE}::test_a"}), frozenset({f"{HERE}::test_c"}))

    assert command.judge(now, make_anew=False) == []
    assert len(command.judge(Results(now.passed | {"more"}, now.failed), make_anew=False)) == 1
    assert len(command.judge(Results(now.passed, now.failed | {"more"}), make_anew=False)) == 1


def test_a_record_made_anew_holds_what_passes_and_excuses_no_failure(record) -> None:
    """A failure without a reason stays one."""
    now = Results(frozenset({"x::test_b"}), frozenset({"x::test_c", "x::test_new"}))

    assert command.judge(now, make_anew=True) == ["fails without a reason in left_out.toml: x::test_new"]
    assert record.read_text() == "x::test_b\n"


def test_a_run_in_which_nothing_passes_is_not_recorded(record) -> None:
    """As when the stage cannot be created: an empty list would let every later run pass that does as little."""
    assert "no test passed: nothing is recorded" in command.judge(Results(), make_anew=True)
    assert record.read_text() == f"{HERE}::test_a\n"
