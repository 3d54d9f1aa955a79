"""`make up`: the product on this machine until Ctrl-C, with a key named `local`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from commands.ending import ended, say
from commands.key_ring import KeyRing, KeyRingError
from commands.keys import curl
from commands.stage import Stage
from distributary.access.key import Key, for_everything
from local.aws import STREAM_MIB
from local.deployment import NotCreated, StepFailed
from local.faults import BadFaults
from local.functions import CONCURRENCY, BadInterpreter, RuntimeNotInstalled
from local.gateway import BadKeys
from local.stack import LocalStack, PortRefused

if TYPE_CHECKING:
    from collections.abc import Callable

_CONCURRENCY_QUOTA = 1000
_LARGEST_STREAM_MIB = 1024 * 1024

READY = """
Ready after {seconds:.1f} s.

  Endpoint      {endpoint}
  Embedded AWS  {aws_endpoint}   (AWS SDKs: AWS_ENDPOINT_URL={aws_endpoint}; AWS CLI: --endpoint-url; any credentials)

Try{about_key}:
{example}

Function logs follow. Ctrl-C stops everything; its data is gone then."""


def main() -> int:
    """The exit status: 0 after Ctrl-C or SIGTERM, 1 where it could not start."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="of the endpoint (8080); 0: a free one")
    parser.add_argument("--aws-port", type=int, default=4566, help="of the embedded AWS (4566); 0: a free one")
    parser.add_argument("--faults", type=Path, help="a TOML file of faults that the embedded AWS is to have")
    parser.add_argument("--jwks", type=Path, help="a JSON Web Key Set: the keys of the issuer whose JWTs it takes")
    parser.add_argument(
        "--concurrency",
        type=whole_number("CONCURRENCY", _CONCURRENCY_QUOTA, "as accounts have"),
        default=CONCURRENCY,
        help=f"requests of a function at once ({CONCURRENCY})",
    )
    parser.add_argument(
        "--stream-mib",
        type=whole_number("STREAM_MIB", _LARGEST_STREAM_MIB, "the memory to hold a stream's records"),
        default=STREAM_MIB,
        help=f"MiB that a stream holds until its oldest records end ({STREAM_MIB})",
    )
    options = parser.parse_args()
    try:
        run(options, fault_tables(options.faults) if options.faults else {})
    except (KeyboardInterrupt, SystemExit):
        print("\nStopped.", file=sys.stderr)  # the reader of the other may be gone, as `tee` is after Ctrl-C
    except BadFaults as error:
        print(f"{options.faults}:\n{error}", file=sys.stderr)
        return 1
    except (BadKeys, BadInterpreter, RuntimeNotInstalled, PortRefused, StepFailed, NotCreated) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fault_tables(file: Path) -> dict[str, Any]:
    """The tables of the file; raises BadFaults where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFaults([str(error)]) from error


def whole_number(variable: str, most: int, why: str) -> Callable[[str], int]:
    """Reads the variable's text: from 1 to `most`; raises ArgumentTypeError, which says `why`, for any other."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{variable}={text}: must be a whole number from 1 to {most}, {why}")
        return int(text)

    return read


def run(options: argparse.Namespace, faults: dict[str, Any]) -> None:
    """Runs it until something ends it."""
    started = time.monotonic()
    say("Starting an AWS on this machine and deploying the stack into it:")
    stack_of = partial(
        LocalStack,
        options.port,
        options.aws_port,
        jwks=options.jwks,
        concurrency=options.concurrency,
        stream_mib=options.stream_mib,
    )
    with stack_of(faults=faults, say=say) as stack:
        say(ready(Stage("local", stack.outputs, stack.aws_endpoint), time.monotonic() - started))
        signal.pause()


def ready(stage: Stage, seconds: float) -> str:
    """What to do with the stage that started in so many seconds: its addresses, and one event to post."""
    about_key, example = _example(stage)
    return READY.format(
        seconds=seconds,
        endpoint=stage.endpoint,
        aws_endpoint=stage.aws_endpoint,
        about_key=about_key,
        example=example,
    )


def _example(stage: Stage) -> tuple[str, str]:
    """What its key may do, and a command that posts an event with it."""
    if "KeyTableName" not in stage.outputs:
        return "", curl(stage)
    try:
        key, secret = _local_key(stage)
    except (BotoCoreError, ClientError, KeyRingError) as error:  # where faults are wanted, this may be one
        return "", f"  no key could be made: {error}"
    return f" (the key {key.name!r} has every right and may send any source)", curl(stage, key, secret)


def _local_key(stage: Stage) -> tuple[Key, str]:
    """A key for everything; whoever reaches this machine's embedded AWS could make another."""
    return KeyRing(stage).create(for_everything("local"))


if __name__ == "__main__":
    sys.exit(ended(main))  # a second Ctrl-C while it stops ends it at once
