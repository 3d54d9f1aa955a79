import json
import sys
import tarfile
import zipfile

import pytest

from commands import release
from commands.release import ReleaseError, build, check

CLIENTS = (
    "python/distributary_client.py",
    "python/pyproject.toml",
    "javascript/distributary-client.js",
    "javascript/package.json",
)
TODAY = "# Changelog\n\n## [1.2.3] - 2026-11-26\n\n### Fixed\n\n## [1.2.2] - 2026-10-01\n"


def test_a_version_that_the_changelog_begins_with_can_be_released():
    """With its day, as Keep a Changelog has it."""
    check(TODAY, "1.2.3")
    check(TODAY.replace("1.2.3", "2.0.0-rc.1"), "2.0.0-rc.1")


@pytest.mark.parametrize(
    ("changelog", "version", "words"),
    [
        (TODAY, "1.2.4", r"begins with '## \[1.2.3\] - 2026-11-26': must be '## \[1.2.4\] - YYYY-MM-DD'"),
        (TODAY, "1.2", "VERSION = '1.2'"),
        (TODAY, "01.2.3", "VERSION = '01.2.3'"),
        (TODAY.replace(" - 2026-11-26", ""), "1.2.3", r"begins with '## \[1.2.3\]'"),
        (TODAY.replace("1.2.3] - 2026-11-26", "Unreleased]"), "1.2.3", r"begins with '## \[Unreleased\]'"),
        ("# Changelog\n", "1.2.3", "has no section"),
    ],
)
def test_others_cannot(changelog, version, words):
    """The message says what stands there and what must."""
    with pytest.raises(ReleaseError, match=words):
        check(changelog, version)


def test_the_command_writes_nothing_where_they_disagree(monkeypatch, tmp_path, capsys):
    """It ends with one line."""
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["release"])

    assert release.main() == 1
    assert capsys.readouterr().err.startswith("CHANGELOG.md begins with '## [Unreleased]'")
    assert [one.name for one in tmp_path.iterdir()] == ["CHANGELOG.md"]


def test_what_a_release_is(tmp_path):
    """The constructs and the library in a wheel, all sources in an sdist, and every pinned package in the SBOM."""
    version = release.VERSION

    files = build(tmp_path, version)

    assert [one.name for one in files] == [
        f"distributary-{version}-py3-none-any.whl",
        f"distributary-{version}.cdx.json",
        f"distributary-{version}.tar.gz",
    ]
    wheel, sbom, sdist = files
    assert "distributary_cdk/lambdas/ingest/handler.py" in zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as archive:
        names = set(archive.getnames())
    assert f"distributary-{version}/setup.py" in names
    assert {f"distributary-{version}/clients/{name}" for name in CLIENTS} <= names
    told = json.loads(sbom.read_text())
    pinned = (release.ROOT / "lambdas/requirements.txt").read_text()
    assert (told["bomFormat"], told["metadata"]["component"]["version"]) == ("CycloneDX", version)
    assert told["components"]
    assert all(f"{one['name']}=={one['version']}" in pinned for one in told["components"])
    assert {"botocore", "jmespath", "aws-lambda-powertools"} <= {one["name"] for one in told["components"]}
