import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from distributary_cdk.checks import CheckedApp

ROOT = Path(__file__).parent.parent.parent
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]


@pytest.fixture
def app(tmp_path, monkeypatch):
    """An app that is checked, without the CDK's own two seconds of validation."""
    monkeypatch.delenv("CDK_VALIDATION", raising=False)
    return CheckedApp(context=FLAGS, outdir=str(tmp_path), builtin_cloud_formation_validation=False)


def test_every_stage_passes(checked):
    """No stage has a finding that is not acknowledged, with either encryption."""
    reports = json.loads(Path(checked.outdir, "validation-report.json").read_text())["pluginReports"]

    assert [violation["ruleName"] for report in reports for violation in report["violations"]] == []


def test_a_finding_fails_the_synthesis(app):
    """A bucket that anybody may read without TLS is not synthesised."""
    s3.Bucket(cdk.Stack(app, "stack"), "Leak")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_validation_can_be_left_out(app, monkeypatch, tmp_path):
    """`make up` synthesises without it."""
    monkeypatch.setenv("CDK_VALIDATION", "false")
    unchecked = CheckedApp(context=FLAGS, outdir=str(tmp_path / "other"))
    s3.Bucket(cdk.Stack(unchecked, "stack"), "Leak")

    assert unchecked.synth()
