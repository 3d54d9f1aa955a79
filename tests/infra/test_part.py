import pytest

from distributary_cdk.part import Part, period, periods


def test_a_part_has_nothing_to_tell():
    """Unless it says so."""
    part = Part()

    assert (dict(part.outputs), [*part.alarms()], [*part.graphs()]) == ({}, [], [])


def test_period(configured):
    """Of an alarm's metric, as the stage says."""
    assert period(configured(alarms={"period_minutes": 7}).alarms).to_minutes() == 7


@pytest.mark.parametrize(("minutes", "number"), [(15, 3), (4, 1), (1, 1), (13, 3)])
def test_periods(configured, minutes, number):
    """The nearest number of periods, one at least."""
    assert periods(minutes, configured(alarms={"period_minutes": 5}).alarms) == number
