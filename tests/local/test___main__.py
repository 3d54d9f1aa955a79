import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from local import __main__ as up

ROOT = Path(__file__).parents[2]
FAULTS = """
[everything-fails]
operation = "*"
effect    = "refuse_calls"
error     = "ServiceUnavailable"
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\noperation = '*'\neffect = 'reset_before'\nshare = 30", "a.share: must be a number above 0, at most 1"),
        ("[a", "Expected ']'"),
        (None, "No such file"),
    ],
)
def test_bad_faults_end_it_before_anything_starts(tmp_path, monkeypatch, capsys, text, said):
    """The message names the file and the place."""
    file = tmp_path / "faults.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(sys, "argv", ["local", "--port", "0", "--aws-port", "0", "--faults", str(file)])

    assert up.main() == 1
    printed = capsys.readouterr().err
    assert str(file) in printed
    assert said in printed


@pytest.mark.deployed
def test_faults_of_a_file_are_set_when_everything_is_deployed(tmp_path):
    """A file in which everything fails does not stop the deployment; after it, every call does fail."""
    file = tmp_path / "faults.toml"
    file.write_text(FAULTS)
    command = [sys.executable, "-m", "local", "--port", "0", "--aws-port", "0", "--faults", str(file)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambdas'}"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout.readline, "")
            endpoint = next(found[1] for line in lines if (found := re.search(r"Embedded AWS +(http\S+)", line)))
            with pytest.raises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(f"{endpoint}/bucket/key", timeout=10)
            with urllib.request.urlopen(f"{endpoint}/_distributary/faults", timeout=10) as answer:
                listed = json.load(answer)["faults"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    assert raised.value.code == 503
    assert listed["everything-fails"]["injected"] >= 1
    assert process.returncode == 0
