"""`make up`: runs the product on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from local.deployment import NotCreated, StepFailed
from local.faults import BadFaults
from local.stack import LocalStack, PortTaken

EXAMPLE = """
Ready after {seconds:.1f} s.

  Endpoint      {endpoint}
  Embedded AWS  {aws_endpoint}   (any AWS SDK or CLI: AWS_ENDPOINT_URL={aws_endpoint}, any credentials)

Try:
  curl -i {endpoint}/v1/events -H 'content-type: application/json' -d '{{"deviceId": "d-1", "temperature": 21.5}}'

Function logs follow. Ctrl-C stops everything; its data is gone then."""


def main() -> int:
    """The exit status: 0 after Ctrl-C or SIGTERM, 1 where it could not start."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Runs the product on this machine.")
    parser.add_argument("--port", type=int, default=8080, help="of the endpoint (8080); 0: a free one")
    parser.add_argument("--aws-port", type=int, default=4566, help="of the embedded AWS (4566); 0: a free one")
    parser.add_argument("--faults", type=Path, help="a TOML file of faults that the embedded AWS is to have")
    options = parser.parse_args()
    try:
        run(options.port, options.aws_port, fault_tables(options.faults) if options.faults else {})
    except (KeyboardInterrupt, SystemExit):
        print("\nStopped.")
    except BadFaults as error:
        print(f"{options.faults}:\n{error}", file=sys.stderr)
        return 1
    except (PortTaken, StepFailed, NotCreated) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fault_tables(file: Path) -> dict[str, Any]:
    """The tables of the file; raises BadFaults where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFaults([str(error)]) from error


def run(port: int, aws_port: int, faults: dict[str, Any]) -> None:
    """Runs it until something ends it."""
    started = time.monotonic()
    print("Starting an AWS on this machine and deploying the stack into it:", flush=True)
    with LocalStack(port, aws_port, faults=faults, say=lambda line: print(line, flush=True)) as stack:
        seconds = time.monotonic() - started
        print(EXAMPLE.format(seconds=seconds, endpoint=stack.endpoint, aws_endpoint=stack.aws_endpoint), flush=True)
        signal.pause()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C while it stops
        sys.exit(main())
