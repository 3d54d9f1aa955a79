from second_opinion.gate import differences, passed

REPORT = """<testsuites><testsuite>
<testcase classname="tests.deployed.test_api" name="test_a[POST /]"/>
<testcase classname="tests.deployed.test_api" name="test_b"><properties/><system-out>said</system-out></testcase>
<testcase classname="tests.deployed.test_api" name="test_c"><failure message="no"/></testcase>
<testcase classname="tests.deployed.test_api" name="test_d"><error message="at setup"/></testcase>
<testcase classname="tests.deployed.test_api" name="test_e"><skipped/></testcase>
</testsuite></testsuites>"""


def test_the_tests_that_passed_are_those_without_a_failure_an_error_or_a_skip(tmp_path) -> None:
    """By module, name and case; what a test printed or recorded makes no difference."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    assert passed(report) == {"tests.deployed.test_api::test_a[POST /]", "tests.deployed.test_api::test_b"}


def test_a_test_that_passes_no_more_and_one_that_does_now_are_both_named() -> None:
    """A test that vanished is one that passes no more."""
    assert differences({"same", "new"}, {"same", "old"}) == [
        "no longer passes, or is gone: old",
        "passes and is not recorded: new",
    ]
    assert differences({"same"}, {"same"}) == []
