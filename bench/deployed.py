"""The ingest function as it deploys: its asset and its environment, out of the template that the CDK app writes."""

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


def ingest(assembly: Path, stub_url: str) -> Deployed:
    """The ingest function of stage `prod`, synthesised into `assembly`, its resources named as the stub takes them."""
    context = {"CDK_CONTEXT_JSON": json.dumps({"stage": STAGE}), "CDK_VALIDATION": "false"}
    environment = {**os.environ, **context, "CDK_OUTDIR": str(assembly)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, stderr=subprocess.PIPE)
    template = _read(assembly / f"distributary-{STAGE}.template.json")
    function = template["Resources"][template["Outputs"]["IngestFunctionName"]["Value"]["Ref"]]["Properties"]
    asset = function["Code"]["S3Key"].removesuffix(".zip")
    source = _read(assembly / f"distributary-{STAGE}.assets.json")["files"][asset]["source"]["path"]
    variables = {
        name: value if isinstance(value, str) else _stand_in(template, value["Ref"], stub_url)
        for name, value in function["Environment"]["Variables"].items()
    }
    return Deployed(assembly / source, variables)


def _stand_in(template: Mapping[str, Any], logical_id: str, stub_url: str) -> str:
    """What a Ref to the resource is here: a queue's URL, or any name."""
    is_queue = template["Resources"][logical_id]["Type"] == "AWS::SQS::Queue"
    return f"{stub_url}/123456789012/{logical_id}.fifo" if is_queue else logical_id


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
