"""`make cost`: what a load costs, and what would make it cheaper; with a stage, what its events really cost."""

import argparse
import sys
from collections.abc import Sequence

from commands.cost.measured import Measured, measure
from commands.cost.questions import add_load_arguments, load_of
from commands.cost.screens import of_load, of_stage
from commands.ending import ended
from commands.stage import StageNotFoundError, add_arguments, chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if there is something to show."""
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__)
    add_arguments(parser)
    parser.set_defaults(stage=None)
    parser.add_argument("--days", type=int, choices=range(1, 64), default=7, metavar="DAYS", help="of a stage (7)")
    add_load_arguments(parser)
    options = parser.parse_args(arguments)
    if not (options.stage or options.stack):
        print(of_load(load_of(options)))
        return 0
    try:
        found: Measured = measure(chosen(options), days=options.days)
    except StageNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(of_stage(found))
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
