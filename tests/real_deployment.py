"""The project's own stack under the real CLI, in an embedded AWS of its own."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from own_process import own_process
from small_app import APP

from local.deployment import Cdk, aws_at

ROOT = Path(__file__).parents[1]
_STEP_SECONDS = 180
_SERVED = """
import sys
from pathlib import Path
from local.stack import LocalStack
with LocalStack(project=Path(sys.argv[1]), say=lambda line: print(line, file=sys.stderr)) as stack:
    print(stack.aws_endpoint, flush=True)
    sys.stdin.read()
"""


@contextmanager
def embedded_aws(workspace: Path) -> Iterator[str]:
    """The URL of an embedded AWS in a process of its own, bootstrapped, with nothing of ours in it."""
    folder = workspace / "small"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    (folder / "template.json").write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    with deployed(folder, workspace) as url:
        yield url


@contextmanager
def deployed(project: Path, workspace: Path) -> Iterator[str]:
    """The URL of an embedded AWS in a process of its own, with stage `local` of the project in it."""
    command = [sys.executable, "-c", _SERVED, str(project)]
    errors = workspace / "errors.txt"
    with own_process(command, errors) as process:
        url = process.stdout.readline().strip()
        assert url, errors.read_text()[-4000:]
        yield url


class Stage(Cdk):
    """The real CLI, and one stage of a project."""

    def __init__(self, workspace, stage, project=ROOT):
        workspace.mkdir()
        super().__init__(workspace, project)
        object.__setattr__(self, "stage", stage)

    @property
    def stack(self):
        """The stack's name."""
        return f"distributary-{self.stage}"

    def synth(self, endpoint=""):
        """Synthesises the stage, which may ask the AWS at `endpoint` what is deployed."""
        variables = {"CDK_VALIDATION": "false", **(aws_at(endpoint) if endpoint else {})}
        arguments = ["synth", "--quiet", "--context", f"stage={self.stage}", "--output", str(self.assembly)]
        return self._step("cdk synth", arguments, variables, self.project)

    def destroy(self, endpoint):
        """Deletes the stack."""
        arguments = ["destroy", "--all", "--force", "--app", str(self.assembly)]
        return self._step("cdk destroy", arguments, aws_at(endpoint), self.workspace)


def done(step):
    """What the CLI printed, once it has ended."""
    with step:
        step.finished(lambda _: None, within=_STEP_SECONDS)
    return step.output()


def set_faults(aws: str, faults: dict) -> None:
    """These faults and no others."""
    url = f"{aws}/_distributary/faults"
    for method, body in (("DELETE", None), *((("PUT", json.dumps(faults).encode()),) if faults else ())):
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method), timeout=10) as answer:
            assert answer.status == 200
