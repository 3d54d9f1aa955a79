"""`make rollback`: the endpoint runs the version before the present one again, or the one that is given."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from commands.ending import ended
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen

SHIFTING = """A release is on its way: version {old} still has {share:.0%} of the calls. Take it back by ending it:
  aws deploy list-deployments --include-only-statuses InProgress
  aws deploy stop-deployment --auto-rollback-enabled --deployment-id <that one>"""


class NoRollbackError(Exception):
    """Why the endpoint stays at the version that it has."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the endpoint runs another version now."""
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--to", type=int, metavar="VERSION", help="also a later one, to go forward again")
    options = parser.parse_args(arguments)
    try:
        stage = chosen(options)
        before, now = roll_back(stage, options.to)
    except (NoRollbackError, StageNotFoundError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The endpoint of stage {stage.name} runs version {now} now instead of {before}, at once for every call.")
    print(f'Back again: make rollback STAGE={stage.name} ARGS="--to {before}"')
    print("It stays so until `make deploy` releases a version that is new.")
    return 0


def roll_back(stage: Stage, to: int | None = None) -> tuple[int, int]:
    """Point the alias to version `to`, or else to the one before; the version before and now.

    Raises NoRollbackError where there is no such version, or where a release is on its way; what boto3 raises.
    """
    client, function = stage.client("lambda"), stage.outputs["IngestFunctionName"]
    alias = client.get_alias(FunctionName=function, Name=stage.outputs["IngestAliasName"])
    before = int(alias["FunctionVersion"])
    if weights := (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        raise NoRollbackError(SHIFTING.format(old=before, share=1 - sum(weights.values())))
    now = _target(_versions(client, function), before, to)
    client.update_alias(
        FunctionName=function, Name=alias["Name"], FunctionVersion=str(now), RevisionId=alias["RevisionId"]
    )
    return before, now


def _versions(client: Any, function: str) -> list[int]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return sorted(int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"].isdecimal())


def _target(versions: list[int], present: int, to: int | None) -> int:
    there_are = f"There are the versions {', '.join(map(str, versions))}; the endpoint runs {present}."
    if to is None:
        earlier = [version for version in versions if version < present]
        if not earlier:
            raise NoRollbackError(f"There is no version before the present one to go back to. {there_are}")
        return earlier[-1]
    if to == present or to not in versions:
        raise NoRollbackError(f"The endpoint cannot be brought to version {to}. {there_are}")
    return to


if __name__ == "__main__":
    sys.exit(ended(main))
