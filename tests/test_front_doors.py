"""Each package of the library says what others may import of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "lambdas" / "distributary"
PACKAGES = [path.parent for path in sorted(LIBRARY.rglob("__init__.py")) if path.parent != LIBRARY]
USERS = ("lambdas", "infra", "local", "commands", "distributary_testing", "bench", "second_opinion")


def name_of(path: Path) -> str:
    """The dotted name of a module or package of the library."""
    return ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts)


def public(package: Path) -> list[str]:
    """What the package's `__all__` lists."""
    tree = ast.parse((package / "__init__.py").read_text())
    [found] = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    return ast.literal_eval(found)


def imports(path: Path) -> Iterator[str]:
    """The modules of the library that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("distributary."):
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if (LIBRARY.parent / module.replace(".", "/")).with_suffix(".py").exists() else node.module


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_an_init_loads_nothing(package: Path) -> None:
    """It is a charter and a list: a function loads what it uses, and nothing for having come in here."""
    charter, names = ast.parse((package / "__init__.py").read_text()).body

    assert isinstance(charter, ast.Expr)
    assert isinstance(names, ast.Assign)
    assert public(package) == sorted(set(public(package)))
    assert {*public(package)} <= {path.stem for path in package.glob("*.py")}


def test_every_folder_of_modules_is_a_package() -> None:
    """One without an `__init__` would be open on every side."""
    assert {path.parent for path in LIBRARY.rglob("*.py")} == {*PACKAGES, LIBRARY}


def test_nobody_imports_a_private_module() -> None:
    """From outside of a package only what its `__all__` names."""
    doors = {name_of(package): public(package) for package in PACKAGES}
    files = [path for user in USERS for path in (ROOT / user).rglob("*.py") if "node_modules" not in path.parts]
    broken = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in imports(path)
        for package, _, name in [module.rpartition(".")]
        if package in doors and name not in doors[package] and path.parent != LIBRARY.parent / package.replace(".", "/")
    ]

    assert len(files) > 300
    assert broken == []


def test_no_two_public_names_are_alike() -> None:
    """A name means one thing in the library, a class, a function or a value.

    `build` is each function's own, `KIND` each sink's, `R` any return type.
    """
    found: dict[str, list[str]] = {}
    for path in LIBRARY.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            for name in names_of(node):
                if not name.startswith("_"):
                    found.setdefault(name, []).append(name_of(path))

    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert twice.keys() == {"build", "KIND", "R"}, twice


def names_of(node: ast.stmt) -> list[str]:
    """The names that a statement of a module defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []
