"""The house rules that no linter knows."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "impl"}
SOURCES = (
    *("lambdas/distributary", "infra/distributary_cdk", "local", "commands", "distributary_testing"),
    "clients/python",
)


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows, or would: what is ignored does not count."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in output.splitlines() if (ROOT / line).is_file()]


def test_no_file_has_a_grab_bag_name() -> None:
    """utils, helpers, common and their like say nothing about what is inside."""
    bags = [
        path
        for path in tracked()
        if REFUSED_NAMES & {part.lower() for part in re.split(r"[/._]", str(path.relative_to(ROOT)))}
    ]

    assert bags == []


def test_every_source_module_has_a_charter() -> None:
    """Each module opens with one sentence."""
    modules = [path for source in SOURCES for path in tracked(f"{source}/**/*.py", f"{source}/*.py")]
    silent = [path for path in modules if path.read_text() and not ast.get_docstring(ast.parse(path.read_text()))]

    assert modules
    assert silent == []


def test_every_test_module_mirrors_a_source() -> None:
    """tests/<package>/test_<module>.py stands for a module of that package."""
    homes = {source.rsplit("/", 1)[-1]: source for source in SOURCES} | {"infra": "infra/distributary_cdk"}
    strays = []
    for path in tracked("tests/**/test_*.py"):
        parts = path.relative_to(ROOT / "tests").parts
        if parts[0] not in homes:
            continue
        module = path.stem.removeprefix("test_")
        folder = ROOT.joinpath(homes[parts[0]], *parts[1:-1])
        names = {one.stem for one in folder.glob("*.py")} | {one.name for one in folder.glob("*") if one.is_dir()}
        if not any(module == name or module.startswith(f"{name}_") for name in names):
            strays.append(path)

    assert strays == []


@pytest.mark.parametrize("path", tracked("lambdas/*/handler.py"), ids=lambda path: path.parent.name)
def test_a_handler_is_wiring_only(path: Path) -> None:
    """A handler defines no class and no logic: at most 25 statements at its top level, imports apart."""
    statements = [
        node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert not [node for node in statements if isinstance(node, ast.ClassDef)]
    assert len(statements) <= 25


def test_the_stack_stays_short() -> None:
    """infra/distributary_cdk/stack.py names constructs and wires them, in at most 60 lines; app.py takes 20."""
    assert len((ROOT / "infra/distributary_cdk/stack.py").read_text().splitlines()) <= 60
    assert len((ROOT / "app.py").read_text().splitlines()) <= 20


def test_no_construct_is_looked_for() -> None:
    """Parts are passed, and tell their alarms, graphs and outputs. One child is looked for: the CDK makes it."""
    looking = re.compile(r"\.(find_all|find_child|try_find_child)\((.*?)\)")
    found = {
        (path.name, call, what) for path in tracked("infra/**/*.py") for call, what in looking.findall(path.read_text())
    }

    assert found == {("firehose.py", "find_child", '"S3Destination"')}


def test_no_machine_is_named() -> None:
    """No file names a path of the machine it was written on."""
    machine = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+)/")
    texts = [path for path in tracked() if path.suffix in {".py", ".md", ".toml", ".json", ".txt", ".in", ".yml", ""}]
    named = [
        path for path in texts if path.name != "test_layout.py" and machine.search(path.read_text(errors="replace"))
    ]

    assert named == []


def test_decisions_are_numbered_without_gaps() -> None:
    """docs/adr/ counts from 1, each number once, and a decision's heading bears its number."""
    decisions = sorted(tracked("docs/adr/*.md"))

    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [path.read_text().partition(". ")[0] for path in decisions] == [
        f"# {int(one.name[:4])}" for one in decisions
    ]


def test_no_test_waits_without_end_for_a_process() -> None:
    """`with subprocess.Popen(…)` does, if an assertion inside it fails: `own_process` kills what it has started."""
    waiting = [
        path
        for path in tracked("tests/*.py", "tests/**/*.py")
        for statement in ast.walk(ast.parse(path.read_text()))
        if isinstance(statement, ast.With) and path.name != "own_process.py"
        if any("subprocess.Popen" in ast.unparse(item.context_expr) for item in statement.items)
    ]

    assert waiting == []
