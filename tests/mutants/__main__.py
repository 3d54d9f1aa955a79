"""`cd tests && python -m mutants [MODULE…]`: mutate each module of modules.toml, and record what its tests noticed.

One module runs at a time, with a low priority. What came of it is written to results.json and
docs/explanation/mutants.md at once.
The command fails if a survivor has no reason in survivors.toml, or if a module did not finish in its time.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mutants.page import PAGE, RESULTS, Survivors, page, rows
from mutants.workspace import BUILD, ROOT, Module, lay_out, module

HERE = Path(__file__).parent


def chosen(names: list[str]) -> list[Module]:
    """The modules of these names, or all. Ends the program at a name that modules.toml does not have."""
    known = rows()
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(
            f"make mutants: no module {', '.join(unknown)} in tests/mutants/modules.toml: it has {', '.join(known)}"
        )
    return [module(name, known[name]) for name in names or known]


def run(module: Module, minutes: float) -> dict[str, Any] | None:
    """What became of the module's mutants; None if mutmut failed or its time was over."""
    lay_out(module)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MUTANT_UNDER_TEST")}
    # The library stands there for the processes that tests start; the tests themselves find it by pytest's own path.
    paths = os.pathsep.join(map(str, (BUILD / "packages", module.folder / "lambdas")))
    environment |= {"PYTHONPATH": paths, "CDK_VALIDATION": "false"}
    tests = "all" if module.all_tests else "covering"
    command = [sys.executable, HERE / "one_module.py", str(module.sample), str(module.processes), tests]
    try:
        subprocess.run(
            ["nice", "-n", "5", *command], cwd=module.folder, env=environment, timeout=60 * minutes, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{module.name}: not finished: {error}", file=sys.stderr)  # noqa: T201
        return None
    result = json.loads((module.folder / "result.json").read_text())
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "tests": module.tests, **result}


def record(name: str, result: Mapping[str, Any]) -> None:
    """Put the result of a module in the place of its last one, in results.json and on the page."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = result
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(results, Survivors.read(), rows()))


def main() -> None:
    """Run them; the exit status is the number of modules with something to do, 100 at most."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="names in tests/mutants/modules.toml; all without")
    parser.add_argument("--minutes", type=float, default=30, help="the longest that one module may take")
    given = parser.parse_args()
    open_ends = 0
    for each in chosen(given.modules):
        print(f"{each.name}: {each.source.relative_to(ROOT)}", flush=True)  # noqa: T201
        result = run(each, given.minutes)
        if result:
            record(each.name, result)
        reasons = Survivors.read()
        unexplained = [mutant for mutant in result["survivors"] if not reasons.why(each.name, mutant)] if result else []
        for mutant in unexplained:
            print(f"  {mutant['function']} ({mutant['status']})\n    - {mutant['was']}\n    + {mutant['is']}")  # noqa: T201
        open_ends += not result or bool(unexplained)
    sys.exit(min(open_ends, 100))


if __name__ == "__main__":
    main()
