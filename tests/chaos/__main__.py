"""`make chaos`: deploys a local stack, runs the matrix over it and prints the table."""

import argparse
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from chaos.landed import Landed
from chaos.run import Matrix
from chaos.scenario import Scenario, load, shortened
from chaos.verdict import Verdict, table
from commands.ending import ended
from commands.key_ring import passing_key
from commands.stage import Stage
from local.stack import LocalStack

EVENTS, SHORT_EVENTS = 2000, 200


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every scenario held."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"few scenarios, {SHORT_EVENTS} events each")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="only these scenarios, by their number")
    parser.add_argument("--log", type=Path, help="write the functions' logs to this file")
    options = parser.parse_args(arguments)
    scenarios = shortened(load()) if options.short else load()
    chosen = [scenario for scenario in scenarios if not options.only or scenario.number in options.only]
    started = time.monotonic()
    with ExitStack() as opened:
        log = opened.enter_context(options.log.open("w", encoding="utf-8")) if options.log else None
        verdicts = run(chosen, SHORT_EVENTS if options.short else EVENTS, log)
    print(f"\n{table(verdicts)}\n")
    failed = sum(bool(verdict.faults) for verdict in verdicts)
    print(f"{len(verdicts) - failed} of {len(verdicts)} scenarios held, in {time.monotonic() - started:.0f} s.")
    return 1 if failed or not verdicts else 0


def run(scenarios: Sequence[Scenario], events: int, log: TextIO | None = None) -> list[Verdict]:
    """The verdicts, on a stack that is started for them and stopped."""
    print("Starting an AWS on this machine and deploying the stack into it:", flush=True)
    with LocalStack(say=lambda line: print(line, file=log, flush=True) if log else None) as local:
        print(local.interpreter, flush=True)
        stage = Stage("local", local.outputs, local.aws_endpoint)
        with passing_key(stage, "chaos") as credential:
            return prove(stage, scenarios, events, credential)


def prove(stage: Stage, scenarios: Sequence[Scenario], events: int, credential: Mapping[str, str]) -> list[Verdict]:
    """The verdicts, on a local stage that runs and lets requests with the headers of `credential` in."""
    name = uuid.uuid4().hex[:8]
    matrix = Matrix(stage, Landed(stage, name), run=name, events=events, credential=credential)
    verdicts = []
    for scenario in scenarios:
        print(f"{scenario.number:2} {scenario.name} …", flush=True)
        verdict = matrix.prove(scenario)
        verdicts.append(verdict)
        answers = ", ".join(f"{count} with {status or 'nothing'}" for status, count in sorted(verdict.answers.items()))
        print(f"   {verdict.seconds:.0f} s; answers: {answers}; {verdict.injected} times injected", flush=True)
        for fault in verdict.faults:
            print(f"   FAILED: {fault}", flush=True)
    return verdicts


if __name__ == "__main__":
    sys.exit(ended(main))
