"""Prints the path of the Python that functions run on here; fails where it is another version than Lambda's."""

import argparse
import sys

from commands.ending import ended
from local.functions import LAMBDA, BadInterpreter, find_interpreter


def main() -> int:
    """The exit status: 0, or 1 where this machine has no Python of Lambda's version."""
    argparse.ArgumentParser(prog="python -m commands.functions_python", description=__doc__).parse_args()
    try:
        found = find_interpreter()
    except BadInterpreter as error:
        print(error, file=sys.stderr)
        return 1
    if found.series != LAMBDA:
        print(f"no Python {LAMBDA} was found on this machine", file=sys.stderr)
        return 1
    print(found.path)
    return 0


if __name__ == "__main__":
    sys.exit(ended(main))
