"""Functions as they deploy: asset and environment, out of the template that the CDK app writes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
STAGE = "prod"


@dataclass(frozen=True)
class Deployed:
    """A function of the stack: the folder that its asset is zipped from, and its settings."""

    asset: Path
    environment: Mapping[str, str]


def synthesise(assembly: Path) -> None:
    """Writes the stack of stage `prod` into `assembly`, with the samples, so that all three legs are measured."""
    assembly.mkdir(parents=True, exist_ok=True)
    settings = assembly / "bench.toml"
    folders = json.dumps([str(ROOT / "examples/detectors")])
    shipped = (ROOT / "distributary.toml").read_text(encoding="utf-8")
    settings.write_text(f"{shipped}\n[stages.{STAGE}.detectors]\nfolders = {folders}\n", encoding="utf-8")
    chosen = {"stage": STAGE, "config": str(settings)}
    context = {"CDK_CONTEXT_JSON": json.dumps(chosen), "CDK_VALIDATION": "false"}
    environment = {**os.environ, **context, "CDK_OUTDIR": str(assembly)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, stderr=subprocess.PIPE)


def function(assembly: Path, name: str, stub_url: str) -> Deployed:
    """The function with this name in the outputs (`Ingest`), its resources named as the stub takes them."""
    template = _read(assembly / f"distributary-{STAGE}.template.json")
    resource = template["Resources"][template["Outputs"][f"{name}FunctionName"]["Value"]["Ref"]]["Properties"]
    asset = resource["Code"]["S3Key"].removesuffix(".zip")
    source = _read(assembly / f"distributary-{STAGE}.assets.json")["files"][asset]["source"]["path"]
    variables = {
        name: value if isinstance(value, str) else _stand_in(template, value, stub_url)
        for name, value in resource["Environment"]["Variables"].items()
    }
    return Deployed(assembly / source, variables)


def _stand_in(template: Mapping[str, Any], value: Mapping[str, Any], stub_url: str) -> str:
    """What a value that only AWS knows is here: a queue's URL, or any name."""
    logical_id: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    is_queue = "Ref" in value and template["Resources"][logical_id]["Type"] == "AWS::SQS::Queue"
    return f"{stub_url}/123456789012/{logical_id}.fifo" if is_queue else logical_id


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
