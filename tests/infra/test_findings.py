import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from distributary_cdk.checks import CheckedApp
from distributary_cdk.configuration import ReleasesProps
from distributary_cdk.configuration_file import read
from distributary_cdk.entrance import JwtProps
from distributary_cdk.findings import acknowledge, acknowledge_wildcard
from distributary_cdk.stack import DistributaryStack

ROOT = Path(__file__).parent.parent.parent
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]
KEY = "aws:cdk:acknowledged-rules"


class Accepted(NamedTuple):
    """What a construct acknowledged."""

    path: str
    finding: str
    reason: str


@pytest.fixture(scope="module")
def checked_without(tmp_path_factory):
    """The findings of an app, path and id, in which nothing was acknowledged; and what would have been."""
    recorded: list[Accepted] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CDK_VALIDATION", raising=False)
        app = CheckedApp(context=FLAGS, outdir=str(tmp_path_factory.mktemp("cdk.out")))
        patch.setattr(cdk.Validations, "of", lambda construct: Recorder(construct, recorded.append))
        local = read(ROOT / "distributary.toml", "local")
        jwt = JwtProps(issuer="https://issuer.example", audience=("a",))
        careful = replace(
            local,
            encryption="own-key",
            releases=ReleasesProps(shift="canary-10-percent-5-minutes"),
            http=replace(local.http, jwt=jwt),
        )
        DistributaryStack(app, "careful", configuration=careful)
        with pytest.raises(RuntimeError, match="ValidationFailed"):
            app.synth()
    reports = json.loads(Path(app.outdir, "validation-report.json").read_text())["pluginReports"]
    found = {
        (construct["constructPath"], violation["ruleName"])
        for report in reports
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }
    return found, recorded


class Recorder:
    """Stands for the validations of a construct, of which nothing is acknowledged."""

    def __init__(self, construct, record: Callable[[Accepted], None]) -> None:
        self._path, self._record = construct.node.path, record

    def acknowledge(self, acknowledgment: cdk.Acknowledgment) -> None:
        """Note it instead."""
        self._record(Accepted(self._path, acknowledgment.id, acknowledgment.reason))


def test_nothing_is_acknowledged_in_vain(checked_without):
    """Each acknowledgement is of a finding at its construct or below it, and no finding is left over."""
    found, recorded = checked_without
    of = {
        accepted: {one for one in found if one[1] == accepted.finding and f"{one[0]}/".startswith(f"{accepted.path}/")}
        for accepted in recorded
    }

    assert [accepted for accepted, findings in of.items() if not findings] == []
    assert found == set().union(*of.values())


def test_every_reason_is_a_sentence(checked_without):
    """It says why, in five words at least."""
    assert [one for one in checked_without[1] if len(one.reason.split()) < 5 or not one.reason.endswith(".")] == []


def acknowledged(construct):
    """The findings that are acknowledged at a construct, as the CDK notes them: cdk-nag takes its prefix off."""
    return [entry.data for entry in construct.node.metadata if entry.type == KEY]


def test_acknowledge(stack):
    """By the exact id, with the reason."""
    bucket = s3.Bucket(stack, "Bucket")
    acknowledge(bucket, "AwsSolutions-S1", "Nobody reads it at all.")

    assert acknowledged(bucket) == [{"Annotation::AwsSolutions-S1": "Nobody reads it at all."}]


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (lambda stack: s3.Bucket(stack, "Bucket").arn_for_objects("a/*"), "<Bucket83908E77.Arn>/a/*"),
        (lambda _: "*", "*"),
        (lambda stack: f"arn:aws:s3:::{cdk.Stack.of(stack).account}/*", "arn:aws:s3:::<AWS::AccountId>/*"),
    ],
)
def test_acknowledge_a_wildcard(stack, resource, text):
    """At the role, in whose policy the ARN stands as cdk-nag writes it."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    acknowledge_wildcard(role, resource(stack), "Nobody knows its names.")

    assert acknowledged(role) == [{f"Annotation::AwsSolutions-IAM5[Resource::{text}]": "Nobody knows its names."}]
