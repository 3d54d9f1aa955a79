import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def synthesise(tmp_path, context):
    """Run the app as the CLI does: its context in the environment, here without a path or credentials to lean on."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    environment = {
        "PATH": os.environ["PATH"],
        "CDK_OUTDIR": str(tmp_path),
        "CDK_CONTEXT_JSON": json.dumps({**flags, **context}),
        "CDK_VALIDATION": "false",
    }
    command = [sys.executable, "app.py"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_stage_from_context(tmp_path):
    """The context chooses the stage, which names the stack; no account and no region is needed."""
    run = synthesise(tmp_path, {"stage": "prod"})

    assert run.returncode == 0, run.stderr
    artifact = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]["distributary-prod"]
    assert artifact["environment"] == "aws://unknown-account/unknown-region"


def test_unknown_stage(tmp_path):
    """A stage that is not configured ends with a sentence, not with a traceback."""
    run = synthesise(tmp_path, {"stage": "staging"})

    assert run.returncode == 1
    assert run.stderr.splitlines()[-2:] == [
        "The stack cannot be synthesised:",
        "distributary.toml: stages: there is no 'staging'; there are dev, prod, local",
    ]


def test_flags_are_the_recommended_ones():
    """Every feature flag that the pinned CLI recommends is set, to the value that it recommends."""
    recommended = ROOT / "node_modules/aws-cdk/lib/init-templates/.recommended-feature-flags.json"

    assert json.loads((ROOT / "cdk.json").read_text())["context"] == json.loads(recommended.read_text())
