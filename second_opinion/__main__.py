"""`make second-opinion`: stage `local` with the deployed tests, then `dev` and `prod`, on an emulator of others."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from local.deployment import PROJECT, StepFailed
from second_opinion.attempt import StaleListError, attempt
from second_opinion.emulator import Emulator, NotStarted, bootstrap
from second_opinion.gate import differences, passed, record, recorded
from second_opinion.plugin import LEFT_OUT

TESTS_SECONDS = 1800
STAGES = ("dev", "prod")


def main() -> int:
    """The exit status: 0 if the recorded tests pass and no others, and both stages are created as far as is said."""
    parser = argparse.ArgumentParser(prog="python -m second_opinion", description=__doc__)
    parser.add_argument("--record", action="store_true", help="record the tests that pass now")
    options = parser.parse_args()
    try:
        now = run_tests()
        problems = [] if options.record else differences(now, recorded())
        if options.record:
            record(now)
        problems += create_stages()
    except (NotStarted, StepFailed, StaleListError, subprocess.TimeoutExpired) as error:
        problems = [str(error)]
    print("\n".join(problems) or f"\nAs recorded: {len(now)} tests pass; {' and '.join(STAGES)} are created.")
    return bool(problems)


def run_tests() -> set[str]:
    """Runs the deployed tests that apply; the ids of those that pass."""
    print(
        "Stage local on ministack, with the deployed tests that apply (some fail: docs/second-opinion.md)", flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        pytest = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=line",
            "-p",
            "second_opinion.plugin",
            f"--junitxml={report}",
        ]
        subprocess.run([*pytest, "tests/deployed"], cwd=PROJECT, timeout=TESTS_SECONDS, check=False)
        return passed(report) if report.exists() else set()


def create_stages() -> list[str]:
    """Creates the other stages; what went wrong."""
    problems = []
    with Emulator() as emulator:
        bootstrap(emulator)
        for stage in STAGES:
            print(
                f"Stage {stage} on ministack, without", *(f"\n  {name}: {why}" for name, why in LEFT_OUT[stage].items())
            )
            problems += attempt(emulator, stage, LEFT_OUT[stage])
    return problems


if __name__ == "__main__":
    sys.exit(main())
