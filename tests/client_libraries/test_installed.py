"""The client libraries, installed from the checkout as docs/how-to/clients/client-libraries.md says."""

import shutil
import subprocess
import sys
from pathlib import Path

from snippets import snippet

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path) -> str:
    """What a program printed. Fails the test where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_both_install_and_import(tmp_path) -> None:
    """By the commands of the page, into a folder of the test's own."""
    shutil.copytree(ROOT / "clients", tmp_path / "clients")  # a build writes beside its sources
    code = snippet("client-libraries", "install")
    pip = f"uv pip install --quiet --python {sys.executable} --target {tmp_path}/packages"
    npm = "npm install --no-audit --no-fund --offline --install-links"
    run("bash", "-euc", code.replace("pip install", pip).replace("npm install", npm), cwd=tmp_path)

    imported = "import sys; sys.path.insert(0, 'packages'); import distributary_client as one; print(one.__file__)"
    module = "import { Client } from 'distributary-client'; console.log(typeof Client);"
    assert "packages/distributary_client.py" in run(sys.executable, "-c", imported, cwd=tmp_path)
    assert run("node", "--input-type=module", "-e", module, cwd=tmp_path) == "function\n"
    assert [one.name for one in (tmp_path / "node_modules/distributary-client").iterdir() if one.suffix == ".js"] == [
        "distributary-client.js"
    ]
