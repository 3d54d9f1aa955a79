"""The client libraries, installed from the checkout as docs/how-to/clients/client-libraries.md says."""

import subprocess
import sys
from pathlib import Path

from snippets import snippet

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path, **environment: str) -> str:
    """What a program printed. Fails the test where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_both_install_and_import(tmp_path) -> None:
    """By the commands of the page, into a folder of the test's own."""
    code = snippet("client-libraries", "install").replace("./clients", str(ROOT / "clients"))
    pip = f"uv pip install --quiet --python {sys.executable} --target {tmp_path}/packages"
    npm = "npm install --no-audit --no-fund --offline --install-links"
    run("bash", "-euc", code.replace("pip install", pip).replace("npm install", npm), cwd=tmp_path)

    imported = f"import sys; sys.path[:] = ['{tmp_path}/packages', *sys.path]; import distributary_client as one; print(one.__file__)"
    module = "import { Client } from 'distributary-client'; console.log(typeof Client);"
    assert run(sys.executable, "-c", imported, cwd=tmp_path).startswith(str(tmp_path))
    assert run("node", "--input-type=module", "-e", module, cwd=tmp_path) == "function\n"
    assert [one.name for one in (tmp_path / "node_modules/distributary-client").iterdir() if one.suffix == ".js"] == [
        "distributary-client.js"
    ]
