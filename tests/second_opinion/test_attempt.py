import json

import pytest

from second_opinion.attempt import StaleListError, _path, reduce


def resource(path, **more):
    """A resource as the CDK writes it."""
    return {"Type": "AWS::SQS::Queue", "Metadata": {"aws:cdk:path": f"distributary-dev/{path}/Resource"}, **more}


@pytest.fixture
def template(tmp_path):
    """The file of a template of three resources, one of which waits for the two others."""
    file = tmp_path / "distributary-dev.template.json"
    resources = {"A1": resource("A"), "B1": resource("Deep/B"), "C1": resource("C", DependsOn=["A1", "B1"])}
    file.write_text(json.dumps({"Resources": resources}))
    return file


def test_what_is_left_out_is_gone_from_the_template(template) -> None:
    """And from what waits for it."""
    left = reduce(template, ["Deep/B"])

    assert list(left["Resources"]) == ["A1", "C1"]
    assert left["Resources"]["C1"]["DependsOn"] == ["A1"]
    assert json.loads(template.read_text()) == left


def test_a_name_that_the_stage_does_not_have_is_refused(template) -> None:
    """The list must not outlive what it names."""
    with pytest.raises(StaleListError, match=r"distributary-dev\.template\.json has no Deep/D: take it out"):
        reduce(template, ["A", "Deep/D"])


def test_a_path_is_that_below_the_stacks_one_construct():
    """Its id `Default` is in no logical id, and in no name of the list."""
    paths = ("distributary-prod/Default/Alarms/ApiHttpServerErrors/Resource", "other/Streams/Bucket/Resource")

    assert [_path({"Metadata": {"aws:cdk:path": path}}) for path in paths] == [
        "Alarms/ApiHttpServerErrors",
        "Streams/Bucket",
    ]
