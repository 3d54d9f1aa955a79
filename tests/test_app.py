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


PLANT = """
[[rules]]
sinks = ["kinesis"]
[inputs.pressure]
attributes = ["id"]
[stages.plant]
retain = false
"""


def test_another_file_has_its_folders_beside_it(tmp_path):
    """By context: its stages, its detector models and its inputs, and none of the project's."""
    (tmp_path / "plant.toml").write_text(PLANT)
    (tmp_path / "detectors").mkdir()
    model = json.loads((ROOT / "examples/detectors/device_heartbeat.json").read_text())
    (tmp_path / "detectors/mine.json").write_text(json.dumps({**model, "detectorModelName": "mine"}))

    run = synthesise(tmp_path / "cdk.out", {"stage": "plant", "config": str(tmp_path / "plant.toml")})

    assert run.returncode == 0, run.stderr
    template = json.loads((tmp_path / "cdk.out/distributary-plant.template.json").read_text())
    [published] = [one for one in template["Resources"].values() if one["Type"] == "Custom::DetectorModels"]
    assert list(published["Properties"]["Models"]) == ["mine"]


def test_faults_of_another_file_have_its_name(tmp_path):
    """And those of its models their own."""
    (tmp_path / "plant.toml").write_text(PLANT.replace("kinesis", "kafka"))
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors/noise.json").write_text("{")

    said = []
    for wrong in (True, False):
        if not wrong:
            (tmp_path / "plant.toml").write_text(PLANT)
        run = synthesise(tmp_path / "cdk.out", {"stage": "plant", "config": str(tmp_path / "plant.toml")})
        assert run.returncode == 1
        said.append(run.stderr.splitlines()[-1])

    assert said[0].startswith("plant.toml: line 3: rules[0].sinks: 'kafka' is none of")
    assert said[1].startswith("detectors/noise.json: ")


def test_flags_are_the_recommended_ones():
    """Every feature flag that the pinned CLI recommends is set, to the value that it recommends."""
    recommended = ROOT / "node_modules/aws-cdk/lib/init-templates/.recommended-feature-flags.json"

    assert json.loads((ROOT / "cdk.json").read_text())["context"] == json.loads(recommended.read_text())
