"""Which sinks a deployed stack has: a sink that was taken out of `sinks` stays until `remove` confirms it."""

import os
from collections.abc import Callable
from dataclasses import replace

from distributary.errors import SettingsError
from distributary.events import SinkName
from distributary.sinks.registry import SINK_NAMES
from distributary_cdk.configuration import Configuration

BEFORE_THE_OUTPUT: tuple[SinkName, ...] = ("firehose", "kinesis", "iot_events")
"""The sinks of a stack that has no output `Sinks`: it was deployed before sinks could be left out."""

SinksOf = Callable[[str], tuple[SinkName, ...]]


def keeping_deployed(configuration: Configuration, stack: str, sinks_of: SinksOf) -> Configuration:
    """The configuration that also keeps each deployed sink which `remove` does not name.

    `sinks_of` is called only if the configuration says nothing of some sink. Raises SettingsError.
    """
    unsaid = {*SINK_NAMES} - {*configuration.sinks, *configuration.remove, *configuration.keep}
    if not unsaid or _is_always_new(configuration):
        return configuration
    kept = tuple(name for name in sinks_of(stack) if name in unsaid)
    return replace(configuration, keep=(*configuration.keep, *kept))


def deployed_sinks(stack: str) -> tuple[SinkName, ...]:
    """The sinks of a deployed stack, as its outputs tell; empty if there is no such stack.

    Raises SettingsError if CloudFormation cannot be asked.
    """
    # Loaded where they are used: most synths ask nobody.
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
    session = boto3.Session(region_name=os.environ.get("CDK_DEFAULT_REGION"))
    try:
        account = session.client("sts", config=config).get_caller_identity()["Account"]
        if os.environ.get("CDK_DEFAULT_ACCOUNT", account) != account:
            raise _unknown(f"the credentials are of account {account}, not of the one that the CDK deploys to")
        [found] = session.client("cloudformation", config=config).describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return ()
        raise _unknown(str(error)) from error
    except BotoCoreError as error:
        raise _unknown(str(error)) from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    return tuple(outputs["Sinks"].split(",")) if "Sinks" in outputs else BEFORE_THE_OUTPUT


def _is_always_new(configuration: Configuration) -> bool:
    """True if the stage is this machine's, which begins without a stack, and no AWS is there to be asked."""
    return configuration.stage == "local" and "AWS_ENDPOINT_URL" not in os.environ


def _unknown(why: str) -> SettingsError:
    fault = (
        f"sinks: whether the deployed stack has others is not known ({why}): name each sink that is not in `sinks` "
        "in `remove` (delete it and its pending records) or in `keep` (keep it until it is empty)"
    )
    return SettingsError([fault])
