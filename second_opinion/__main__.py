"""`make second-opinion`: stage `local` with the deployed tests, then `dev` and `prod`, on an emulator of others."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from commands.ending import ended
from local.deployment import PROJECT, StepFailed
from second_opinion.attempt import StaleListError, attempt
from second_opinion.emulator import Emulator, NotStarted, bootstrap
from second_opinion.gate import Results, differences, record, recorded, results, unexplained
from second_opinion.plugin import LEFT_OUT

TESTS_SECONDS = 1800
STAGES = ("dev", "prod")


def main() -> int:
    """The exit status: 0 if the recorded tests pass, each other has its reason, and both stages are created."""
    parser = argparse.ArgumentParser(prog="python -m second_opinion", description=__doc__)
    parser.add_argument("--record", action="store_true", help="record the tests that pass now")
    options = parser.parse_args()
    try:
        now = run_tests()
        problems = judge(now, make_anew=options.record) + create_stages()
    except (NotStarted, StepFailed, StaleListError, subprocess.TimeoutExpired) as error:
        problems = [str(error)]
    print("\n".join(problems) or f"\nAs recorded: {len(now.passed)} tests pass; {' and '.join(STAGES)} are created.")
    return bool(problems)


def judge(now: Results, *, make_anew: bool) -> list[str]:
    """What differs from the record, which is made anew if that is asked for and anything passed at all."""
    reasons = unexplained(now.failed, LEFT_OUT["fails"])
    if not now.passed:
        return ["no test passed: nothing is recorded", *reasons]
    if make_anew:
        record(now.passed)
        return reasons
    return [*differences(now.passed, recorded()), *reasons]


def run_tests() -> Results:
    """Runs the deployed tests that apply. Raises TimeoutExpired."""
    print(
        "Stage local on ministack, with the deployed tests that apply (some fail: docs/explanation/second-opinion.md)",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-q", "--tb=line", "-p", "second_opinion.plugin", f"--junitxml={report}"]
        with subprocess.Popen([sys.executable, "-m", "pytest", *options, "tests/deployed"], cwd=PROJECT) as tests:
            try:
                tests.wait(TESTS_SECONDS)
            except subprocess.TimeoutExpired:
                tests.terminate()  # the plugin ends the emulator then
                raise
        return results(report) if report.exists() else Results()


def create_stages() -> list[str]:
    """Creates the other stages; what went wrong."""
    problems = []
    with Emulator() as emulator:
        bootstrap(emulator)
        for stage in STAGES:
            left_out = LEFT_OUT[stage]
            print(f"Stage {stage} on ministack,", "without" if left_out else "whole", flush=True)
            print(*(f"  {name}: {why}\n" for name, why in left_out.items()), sep="", end="")
            problems += attempt(emulator, stage, left_out)
    return problems


if __name__ == "__main__":
    sys.exit(ended(main))
