import json
import tomllib
from pathlib import Path

import pytest

from local.deployment import Cdk
from second_opinion import attempt
from second_opinion.attempt import StaleListError, reduce


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


def test_what_is_left_out_is_there(tmp_path) -> None:
    """The list names resources of the stage as it is synthesised now: `make second-opinion` is run more seldom."""
    left_out = tomllib.loads((Path(attempt.__file__).with_name("left_out.toml")).read_text())["prod"]
    cdk = Cdk(tmp_path)
    with cdk.synth("prod") as synthesis:
        synthesis.finished(lambda _: None, within=180)

    assert left_out
    reduce(cdk.assembly / "distributary-prod.template.json", left_out)
