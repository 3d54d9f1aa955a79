import pytest

from local.aws.dependencies import in_order, mentioned


def test_what_a_part_of_a_template_refers_to_is_mentioned():
    """By Ref, GetAtt, DependsOn, and inside Fn::Sub."""
    written = {
        "DependsOn": ["A"],
        "Properties": {"One": {"Ref": "B"}, "Two": {"Fn::GetAtt": ["C", "Arn"]}, "Three": {"Fn::Sub": "${D.Arn}/${E}"}},
    }

    assert set("ABCDE") <= mentioned(written)


@pytest.mark.parametrize(
    ("resources", "order"),
    [
        ({"A": {"Ref": "B"}, "B": {}}, ["B", "A"]),
        ({"A": {}, "B": {"DependsOn": "A"}}, ["A", "B"]),
        ({"A": {"Ref": "C"}, "B": {}, "C": {"Ref": "B"}}, ["B", "C", "A"]),
        ({"A": {"Ref": "B"}, "B": {"Ref": "A"}}, ["B", "A"]),
    ],
)
def test_each_comes_after_what_it_refers_to(resources, order):
    """A circle, which AWS refuses, ends all the same."""
    assert in_order(resources, resources.keys()) == order


def test_only_those_that_are_asked_for_are_ordered():
    """The others exist already, or never will."""
    assert in_order({"A": {"Ref": "B"}, "B": {"Ref": "C"}, "C": {}}, {"A", "C"}) == ["A", "C"]
