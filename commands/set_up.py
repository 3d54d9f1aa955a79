"""`make setup`: installs what the other commands need into .venv and node_modules, pinned and checked by hash.

Runs before anything is installed: it imports the standard library only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from commands.ending import ended

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
UV = ["--requirement", "requirements-uv.txt"]
ALL = ["--requirement", "requirements.txt"]
NPM = {
    # npm waits 10 s and 60 s before it tries again, and says nothing meanwhile. A client's own settings come first.
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fetch_timeout": "20000",
    "npm_config_loglevel": "error",
}
UNREACHABLE = (
    "Behind a proxy: export HTTPS_PROXY=http://<host>:<port>\n"
    "With a registry of your company: export npm_config_registry=https://<host>/<path>"
)
ADVICE = {
    ("ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "ERR_SOCKET_TIMEOUT", "FETCH_ERROR"): (
        f"npm cannot reach its registry. {UNREACHABLE}"
    ),
    ("CERT", "SELF_SIGNED", "ISSUER", "UNABLE_TO_VERIFY"): (
        "npm does not trust the certificate that it was shown: your company's CA, most likely.\n"
        "Name the file that holds it: export NODE_EXTRA_CA_CERTS=/path/to/ca.pem"
    ),
    ("E401", "E403", "E407", "Proxy response (40"): (
        "The registry or the proxy refuses you. Put its credentials into ~/.npmrc (npm login --registry=https://<host>)\n"
        "or into the proxy's address: export HTTPS_PROXY=http://<user>:<password>@<host>:<port>"
    ),
}
"""What to do, by what npm's error message contains."""


class SetUpFailed(Exception):
    """A step failed; the message says what to do. The tool itself has said why."""


def arguments() -> argparse.Namespace:
    """What was asked for on the command line: `step`, and `folder` of the step `npm`."""
    parser = argparse.ArgumentParser(prog="python -m commands.set_up", description=__doc__)
    parser.add_argument(
        "step", choices=("python", "cdk", "npm"), help="python: .venv, cdk: node_modules, npm: a folder's"
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="whose package-lock.json npm installs")
    return parser.parse_args()


def main() -> int:
    """The exit status: 0, or 1 where a step failed."""
    options = arguments()
    steps: dict[str, Callable[[], None]] = {
        "python": install_packages,
        "cdk": install_cdk,
        "npm": partial(npm_ci, options.folder),
    }
    try:
        steps[options.step]()
    except KeyboardInterrupt:
        print("\nInterrupted: the same command begins anew.", file=sys.stderr)
        return 1
    except SetUpFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def install_packages(place: Path = ROOT / ".venv") -> None:
    """Makes the virtual environment anew, whatever an interrupted set-up left there. Raises SetUpFailed.

    Never through a link: what it leads to is another checkout's, which would be emptied.
    """
    if place.is_symlink():
        raise SetUpFailed(
            f"{place.name} is a link to {place.resolve()}: remove the link, and set-up makes one of its own"
        )
    print("Setting up 1 of 2: Python packages into .venv (seconds, once)", flush=True)
    venv.create(place, clear=True, with_pip=True)
    pip = [str(place / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes"]
    uv = [str(place / "bin/uv"), "pip", "install", "--python", str(place / "bin/python"), "--require-hashes"]
    if _run([*pip, "--quiet", "--only-binary=:all:", *UV], {}) and _run([*uv, *ALL], _as_pip(pip[:3])):
        return
    print("uv cannot do it here: pip does, which takes a minute or two", flush=True)
    if not _run([*pip, *ALL], {}):
        raise SetUpFailed(
            "pip could not install the Python packages: the reason is above. Behind a proxy: export "
            "HTTPS_PROXY=http://<host>:<port>\nWith an index or a CA of your company: export PIP_INDEX_URL=… PIP_CERT=…"
        )


def install_cdk() -> None:
    """Installs the CDK CLI into node_modules. Raises SetUpFailed."""
    print("Setting up 2 of 2: the CDK CLI into node_modules (seconds, once)", flush=True)
    npm_ci(ROOT)


def npm_ci(place: Path, patience: float = 15) -> None:
    """Installs what a folder's package-lock.json pins. Raises SetUpFailed.

    Says every `patience` seconds that npm still waits.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        with subprocess.Popen(["npm", "ci"], cwd=place, env={**NPM, **os.environ}, stderr=said) as npm:
            _wait(npm, patience)
        said.seek(0)
        reason = "".join(line for line in said if not line.startswith("npm error     at "))
    if npm.returncode:
        raise SetUpFailed(f"{reason}\n{advice(reason)}")


def advice(said: str) -> str:
    """What to do about an error of npm, by what npm said."""
    for signs, words in ADVICE.items():
        if any(sign in said for sign in signs):
            return words
    return "npm could not install its packages: the reason is above."


def _wait(npm: subprocess.Popen[bytes], patience: float) -> None:
    """Waits for npm's end, ten minutes at most: a proxy that never answers would hold it for ever."""
    for waited in range(1, int(600 / patience)):
        try:
            npm.wait(patience)
        except subprocess.TimeoutExpired:
            print(f"  npm waits for its registry, {waited * patience:g} s so far. {UNREACHABLE}", flush=True)
        else:
            return
    npm.kill()


def _run(command: list[str], environment: dict[str, str]) -> bool:
    try:
        return subprocess.run(command, cwd=ROOT, env={**environment, **os.environ}, check=False).returncode == 0
    except OSError:  # a program that this machine cannot run
        return False


def _as_pip(pip: list[str]) -> dict[str, str]:
    """The settings that lead uv to the index and the CA that pip is set to, which uv does not read."""
    asked = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
    found = dict(line.split("=", 1) for line in asked.splitlines() if "=" in line)
    said = {name.rpartition(".")[2]: value.strip("'") for name, value in found.items()}
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    return {"UV_SYSTEM_CERTS": "true", **{uv: said[pip] for pip, uv in names.items() if pip in said}}


if __name__ == "__main__":
    sys.exit(ended(main))
