"""The folder in which mutmut works: a copy of the sources and the tests, laid out and configured as it wants."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/mutants"
FOLDERS = ("tests", "lambdas", "infra", "local", "commands", "detectors", "examples", "docs")
COPIED = (*FOLDERS, "distributary.toml", "cdk.json", "app.py")
LEFT_OUT = shutil.ignore_patterns("deployed", "node_modules", "__pycache__", ".hypothesis", "mutants")
PROFILE = """
from hypothesis import settings

settings.register_profile("mutants", deadline=None, derandomize=True, database=None, max_examples=20)
settings.load_profile("mutants")
"""
"""Of Hypothesis, for every test: the same few examples each time, however slow the machine is."""

ONE_STAGE = """

@pytest.fixture(scope="session")
def synthesised(new_app, configurations):
    @cache
    def template(stage="dev"):
        stack = DistributaryStack(new_app(), stage, configuration=configurations[stage])
        return Template.from_stack(stack).to_json()

    return template
"""
"""In place of the fixture that synthesises and checks six stacks: the one that a test asks for, unchecked."""

LEFT_UNCHECKED = """

def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "checked" not in item.fixturenames]
"""
"""Without the tests that ask for six checked stacks: they take half a minute for each mutant."""


@dataclass(frozen=True)
class Module:
    """A row of modules.toml: a source, the tests that must notice, how many mutants to run, in how many processes.

    `checked`: the tests of the six checked stacks are among them.
    """

    name: str
    source: Path
    tests: list[str]
    sample: int = 100_000
    processes: int = 2
    all_tests: bool = False
    checked: bool = False

    @property
    def folder(self) -> Path:
        """Where mutmut works on it."""
        return BUILD / "work" / self.name.replace("/", "-")


def module(name: str, row: dict[str, Any]) -> Module:
    """A row of modules.toml as a value: `infra/x` is a construct's file, every other name a module of the library."""
    constructs = name.startswith("infra/")
    folder = ROOT / ("infra/distributary_cdk" if constructs else "lambdas/distributary")
    return Module(name, folder / f"{name.removeprefix('infra/')}.py", **row)


def lay_out(module: Module) -> None:
    """Make the module's folder anew; its package is in `src`, from where mutmut takes its modules' names."""
    shutil.rmtree(module.folder, ignore_errors=True)
    module.folder.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, module.folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, module.folder / name)
    source = str(module.source.relative_to(ROOT))
    root, package, _ = source.split("/", 2)
    shutil.copytree(module.folder / root / package, module.folder / "src" / package)
    source = source.replace(root, "src", 1)
    (module.folder / "conftest.py").write_text(PROFILE)
    with (module.folder / "tests/infra/conftest.py").open("a") as conftest:
        conftest.write(ONE_STAGE + ("" if module.checked else LEFT_UNCHECKED))
    (module.folder / "pyproject.toml").write_text(_configuration(module, source))


def _configuration(module: Module, source: str) -> str:
    tool = {
        "source_paths": ["/".join(source.split("/")[:2])],
        "only_mutate": [source],
        "also_copy": ["conftest.py", *COPIED],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "no:xdist"],
        "pytest_add_cli_args_test_selection": [f"tests/{path}" for path in module.tests],
        "timeout_constant": 3.0,
        "track_dependencies": False,
        "use_git_change_detection": False,
    }
    tests = {
        "pythonpath": [".", "src", "lambdas", "infra"],
        "addopts": ["--import-mode=importlib"],
        "markers": ["covers: names a rule", "deployed: runs deployed"],
    }
    return _table("tool.mutmut", tool) + _table("tool.pytest", tests)


def _table(name: str, values: dict[str, Any]) -> str:
    """A TOML table; JSON's strings, lists and booleans are TOML's."""
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
