import base64
import hashlib
import json
import os
import zipfile

import pytest

from commands import set_up
from commands.set_up import SetUpFailed, advice, install_packages, npm_ci

UV = """#!/bin/sh
echo "$UV_DEFAULT_INDEX $*" > {calls}
exit {status}
"""


def wheel(folder, name, *, script=None):
    """A wheel of the package's name, with a command of its name where there is a script; the line that requires it."""
    files = {f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"}
    files[f"{name}-1.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files |= {f"{name}-1.data/scripts/{name}": script} if script else {f"{name}.py": "installed = True"}
    digests = {path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for path, text in files.items()}
    record = f"{name}-1.dist-info/RECORD"
    lines = [f"{path},sha256={digest.rstrip(b'=').decode()}," for path, digest in digests.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""])
    file = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return f"{name}==1 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project that requires a package `small`, from an index of its own, and a uv that only notes its arguments."""

    def made(*, status):
        script = UV.format(calls=tmp_path / "calls", status=status)
        (tmp_path / "requirements-uv.txt").write_text(wheel(tmp_path, "uv", script=script))
        (tmp_path / "requirements.txt").write_text(wheel(tmp_path, "small"))
        monkeypatch.setattr(set_up, "ROOT", tmp_path)
        for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "INDEX_URL": "https://index.example"}.items():
            monkeypatch.setenv(f"PIP_{name}", value)
        monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
        return tmp_path

    return made


def test_uv_installs_after_an_interrupted_set_up(project) -> None:
    """What was left half made is gone; uv is told the index that pip is set to."""
    folder = project(status=0)
    half_made = folder / ".venv/lib/python3/site-packages/small-1.dist-info"
    half_made.mkdir(parents=True)

    install_packages(folder / ".venv")

    assert not half_made.exists()
    index, *arguments = (folder / "calls").read_text().split()
    assert index == "https://index.example"
    assert arguments[:2] == ["pip", "install"]
    assert arguments[-3:] == ["--require-hashes", "--requirement", "requirements.txt"]


def test_pip_installs_where_uv_cannot(project, capfd) -> None:
    """And it says so, because that takes longer."""
    folder = project(status=2)

    install_packages(folder / ".venv")

    assert list((folder / ".venv").rglob("site-packages/small.py"))
    assert "pip does" in capfd.readouterr().out


def test_a_hash_that_differs_is_refused(project) -> None:
    """By pip as by uv."""
    folder = project(status=2)
    (folder / "requirements.txt").write_text(f"small==1 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(SetUpFailed, match="pip could not install"):
        install_packages(folder / ".venv")


@pytest.fixture
def node_project(tmp_path, monkeypatch):
    """A folder that needs a package which npm has nowhere else than in its registry: port 9, where nothing answers."""
    locked = {"version": "1.0.0", "integrity": f"sha512-{base64.b64encode(bytes(64)).decode()}"}
    packages = {"": {"dependencies": {"nowhere-else": "1.0.0"}}, "node_modules/nowhere-else": locked}
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"nowhere-else": "1.0.0"}}))
    (tmp_path / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return tmp_path


def test_a_registry_that_cannot_be_reached_is_named_with_what_to_set(node_project) -> None:
    """The reason in the words of npm, without the places in its sources, and two ways out."""
    with pytest.raises(SetUpFailed) as raised:
        npm_ci(node_project)

    said = str(raised.value)
    assert "connect ECONNREFUSED 127.0.0.1:9" in said
    assert "HTTPS_PROXY=" in said
    assert "npm_config_registry=" in said
    assert "node:net" not in said


def test_npm_that_is_silent_is_not(tmp_path, monkeypatch, capfd) -> None:
    """A line each time that patience is at its end."""
    (tmp_path / "npm").write_text("#!/bin/sh\nsleep 1\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    npm_ci(tmp_path, patience=0.3)

    assert "npm waits for its registry, 0.3 s so far. Behind a proxy: export HTTPS_PROXY=" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("said", "to_set"),
    [
        ("npm error code ENOTFOUND", "HTTPS_PROXY="),
        ("npm error code FETCH_ERROR\nnpm error network timeout at: http://npm.example/aws-cdk", "HTTPS_PROXY="),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS="),
        ("npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "NODE_EXTRA_CA_CERTS="),
        ("npm error code E401", "~/.npmrc"),
        ("npm error code EINTEGRITY", "the reason is above"),
    ],
)
def test_each_reason_has_its_way_out(said, to_set) -> None:
    """By npm's error code."""
    assert to_set in advice(said)


def test_an_environment_behind_a_link_is_left_alone(tmp_path) -> None:
    """It is another checkout's."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "kept").touch()
    (tmp_path / ".venv").symlink_to(theirs)

    with pytest.raises(SetUpFailed, match="remove the link"):
        install_packages(tmp_path / ".venv")

    assert (theirs / "kept").exists()
