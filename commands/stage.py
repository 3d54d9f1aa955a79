"""A deployed stage, found by its stack's outputs: its endpoint, its names and clients for its AWS."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from commands.region import region
from local import loopback
from local.aws.client import client

LOCAL = "local"
LOCAL_AWS = "http://localhost:4566"
"""Where `make up` has the embedded AWS unless it is told otherwise."""

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=30)


class StageNotFoundError(Exception):
    """No such stage in this account and region, or no credentials to look for it."""


@dataclass(frozen=True)
class Stage:
    """One stage: `outputs` are its stack's, `aws_endpoint` the embedded AWS's address or None for an account."""

    name: str
    outputs: Mapping[str, str]
    aws_endpoint: str | None = None

    @property
    def endpoint(self) -> str:
        """The base URL that clients post to."""
        return self.outputs["Endpoint"].rstrip("/")

    @property
    def front(self) -> str:
        """What takes requests, as `[http] front` says it."""
        return self.outputs.get("Front", "api-gateway")

    @property
    def sinks(self) -> tuple[str, ...]:
        """The sinks that the stage writes to. A stack without the output is older than it, and has all three."""
        kept = self.outputs.get("KeptSinks", "").split(",")
        named = self.outputs.get("Sinks", "firehose,kinesis,iot_events").split(",")
        return tuple(name for name in named if name not in kept)

    def client(self, service: str) -> Any:
        """A boto3 client for the AWS that the stage runs in."""
        return _client(service, self.aws_endpoint)


def retry_queue_output(sink: str) -> str:
    """The output with the URL of a sink's retry queue."""
    return f"{sink.title().replace('_', '')}SpillQueueUrl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command be told its stage, as `chosen` reads it."""
    parser.add_argument("--stage", default="dev", help="the deployed stage (default: dev)")
    parser.add_argument("--stack", help="the stack of a construct in another app, instead of a stage's")
    parser.add_argument("--construct", default="", help="the construct's path in that stack, as in Events")
    parser.add_argument("--aws-endpoint", help=f"an embedded AWS; for the stage {LOCAL}, {LOCAL_AWS} unless said")


def chosen(options: argparse.Namespace) -> Stage:
    """The stage that a command's arguments name. Raises StageNotFoundError with what to do next."""
    aws_endpoint = options.aws_endpoint or (LOCAL_AWS if options.stage == LOCAL else None)
    if aws_endpoint:
        loopback.reach_directly()
    try:
        if options.stack:
            return _of_construct(options.stack, options.construct, aws_endpoint)
        return _find(options.stage, aws_endpoint)
    except (BotoCoreError, ClientError) as error:
        advice = (
            f"Is `make up` running with its AWS at {aws_endpoint}? At another port, add AWS_PORT=<port>."
            if aws_endpoint
            else f"Check AWS_PROFILE and AWS_REGION, or deploy it: make deploy STAGE={options.stage}"
        )
        raise StageNotFoundError(
            f"{options.stack or f'stage {options.stage}'} was not found: {error}\n{advice}"
        ) from error


def _find(name: str, aws_endpoint: str | None) -> Stage:
    return Stage(name, _outputs(f"distributary-{name}", aws_endpoint), aws_endpoint)


def _of_construct(stack: str, construct: str, aws_endpoint: str | None) -> Stage:
    """The construct's outputs, whose names begin with its path. Raises StageNotFoundError where it has none."""
    outputs, prefix = _outputs(stack, aws_endpoint), construct.replace("/", "").replace("-", "")
    own = {key.removeprefix(prefix): value for key, value in outputs.items() if key.startswith(prefix)}
    if "Stage" not in own:
        constructs = sorted(key.removesuffix("IngestAliasName") for key in outputs if key.endswith("IngestAliasName"))
        raise StageNotFoundError(f"{stack} has no construct {construct!r}; it has {', '.join(constructs) or 'none'}")
    return Stage(own["Stage"], own, aws_endpoint)


def _outputs(stack: str, aws_endpoint: str | None) -> dict[str, str]:
    stacks = _client("cloudformation", aws_endpoint).describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stacks[0].get("Outputs", [])}


def _client(service: str, aws_endpoint: str | None) -> Any:
    if aws_endpoint is None:
        return boto3.client(service, region_name=region(), config=_CONFIG)
    return client(service, aws_endpoint, config=_CONFIG)
