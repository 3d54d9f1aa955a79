"""A function: a folder of lambdas/ with its asset, its own role, its log group and its settings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary.errors import SettingsError
from distributary.functions.needs import NEEDS
from distributary.functions.stage_sinks import DEPLOYED_SINKS, WRITTEN_SINKS, StageSinks
from distributary.settings import Settings, StageSettings
from distributary.sinks.registry import KINDS, SINK_NAMES, SINKS
from distributary_cdk.bundle import LAMBDAS, bundle, digest, write
from distributary_cdk.bytecode import PYTHON, Files
from distributary_cdk.configuration import Configuration
from distributary_cdk.detector_models import bundled_by
from distributary_cdk.findings import acknowledge
from distributary_cdk.log_group import log_group
from distributary_cdk.part import GRAPH_PERIOD, MINUTE, Graph, Part, Watch, period
from distributary_cdk.permission import allow
from distributary_cdk.removal_policy import KEPT_BUT_FOR_A_FAILED_CREATION
from distributary_cdk.routes import absent, served

# Lambda's limit on all names and values together:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_ENVIRONMENT_BYTES = 4096
# What a name or URL that only the deployment knows may take: the longest is a queue's URL.
_UNKNOWN_BYTES = 160
# API Gateway waits 30 s for an answer.
TIMEOUT = cdk.Duration.seconds(29)
# They send to the queues that they are fed from; Lambda would stop such a chain after 16 rounds:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
_FEED_THEMSELVES = {"redrive", "run_detectors", "carry_out", "wake_detectors"}

_NOT_TRACED = "One log line a request has its ids and times; X-Ray would cost five times the request."
_SYNCHRONOUS = "A dead-letter queue is for asynchronous calls: API Gateway and event sources call synchronously."


class Function(Part, lambda_.Function):
    """The deployed form of `lambdas/<folder>`: Python on arm64, which may write its own log and nothing else.

    `graphed` says that events go through it, so that its errors and throttles are graphs as well as alarms;
    `no_dead_letters` why it has no dead-letter queue.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        folder: str,
        configuration: Configuration,
        settings: Sequence[Settings],
        seconds: int = 0,
        key: kms.IKey | None = None,
        graphed: bool = False,
        no_dead_letters: str = _SYNCHRONOUS,
    ) -> None:
        logs = log_group(scope, f"{name}Logs", configuration, key)
        role = iam.Role(scope, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        allow(role, logs.log_group_arn, "logs:CreateLogStream", "logs:PutLogEvents")
        super().__init__(
            scope,
            name,
            description=f"Distributary: {folder.replace('_', ' ')}",
            runtime=getattr(lambda_.Runtime, f"PYTHON_{PYTHON.replace('.', '_')}"),
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handle",
            code=_code(LAMBDAS / folder, bundled(configuration) | bundled_by(folder, configuration)),
            environment=checked_environment(environment_of(folder, settings, configuration.sinks, configuration.keep)),
            reserved_concurrent_executions=getattr(configuration.functions.reserved_concurrency, folder, 0) or None,
            memory_size=configuration.functions.memory_mb,
            timeout=cdk.Duration.seconds(seconds) if seconds else TIMEOUT,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if folder in _FEED_THEMSELVES else None,
            role=role,
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,  # the only one with levels
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,  # beyond it, Lambda would drop metrics
            system_log_level_v2=lambda_.SystemLogLevel[configuration.functions.system_log_level],
            # Where versions are made at all, an earlier one is what a release is taken back to; one of a failed
            # deployment would keep Lambda from publishing the same code again.
            current_version_options=lambda_.VersionOptions(removal_policy=KEPT_BUT_FOR_A_FAILED_CREATION),
        )
        self._limits, self._name, self._graphed = configuration.alarms, name, graphed
        self._seconds = seconds or TIMEOUT.to_seconds()
        acknowledge(self, "Serverless-LambdaDLQ", no_dead_letters)
        acknowledge(self, "Serverless-LambdaTracing", _NOT_TRACED)
        # What commands must know, under names such as `HealthFunctionName`.
        label = name.removeprefix("Check")
        self.outputs = {f"{label}FunctionName": self.function_name, f"{label}LogGroupName": logs.log_group_name}

    def alarms(self) -> Iterator[Watch]:
        """Alarms for errors, for throttled calls, and for runs that almost reach the timeout."""
        limits = self._limits
        every = period(limits)
        yield Watch("function-errors", self, self.metric_errors(statistic="Sum", period=every), 0)
        throttles = self.metric_throttles(statistic="Sum", period=MINUTE)
        yield Watch("function-throttles", self, throttles, 0, limits.throttled_minutes)
        longest = self._seconds * 10 * limits.timeout_percent
        yield Watch("function-slow", self, self.metric_duration(statistic="Maximum", period=every), longest)

    def graphs(self) -> Iterator[Graph]:
        """Errors and throttles of a function that events go through."""
        if self._graphed:
            yield Graph("Functions", "Errors", [self.metric_errors(label=self._name, period=GRAPH_PERIOD)])
            yield Graph("Functions", "Throttles", [self.metric_throttles(label=self._name, period=GRAPH_PERIOD)])


def environment_of(
    folder: str, settings: Sequence[Settings], sinks: Sequence[str] = SINK_NAMES, kept: Sequence[str] = ()
) -> dict[str, str]:
    """The variables of one function: the parts that it reads, its sinks' among them, and no others.

    `sinks` are those that the stage writes to, `kept` those that it keeps until they are empty.
    """
    needs = NEEDS[folder]
    of_stage = {WRITTEN_SINKS: [*sinks], DEPLOYED_SINKS: [*sinks, *kept]}
    wanted_sinks = of_stage[needs.sinks] if isinstance(needs.sinks, str) else needs.sinks
    names = [kind.name for kind in SINKS if kind.name in wanted_sinks]
    wanted: set[type[Settings]] = {StageSettings, *needs.settings, *(KINDS[name].settings for name in names)}
    parts = [one for one in settings if type(one) in wanted]
    parts += [StageSinks(sinks=tuple(names))] if StageSinks in wanted else []
    if missing := wanted - {type(one) for one in parts}:
        raise SettingsError([f"{folder} lacks {', '.join(sorted(one.__name__ for one in missing))}"])
    return {name: value for one in parts for name, value in one.to_env().items()}


def checked_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The same variables. Raises SettingsError if they may exceed what Lambda takes."""
    sizes = (_UNKNOWN_BYTES if cdk.Token.is_unresolved(value) else len(value.encode()) for value in variables.values())
    total = sum(sizes) + sum(map(len, variables))
    if total > _ENVIRONMENT_BYTES:
        raise SettingsError([f"the functions' environment takes {total} bytes; Lambda takes {_ENVIRONMENT_BYTES}"])
    return dict(variables)


def bundled(configuration: Configuration) -> dict[str, Any]:
    """What travels as a file: the routes (for 404 and 405), the rules and the inputs."""
    front, senders = configuration.http.front, configuration.http.webhook_origins
    return {
        "routes": [route._asdict() for route in served(front, webhooks=bool(senders))],
        "webhook_origins": senders,
        "absent": [route._asdict() for route in absent(front)],
        "rules": configuration.rules,
        "inputs": configuration.inputs,
    }


def _code(folder: Path, configuration: Mapping[str, Any]) -> lambda_.Code:
    files = bundle(folder, configuration)
    # The image is never used: CDK asks for one even where the bundle is made on this machine.
    nowhere = cdk.DockerImage.from_registry("unused")
    bundling = cdk.BundlingOptions(image=nowhere, local=_Local(files))
    return lambda_.Code.from_asset(str(folder), asset_hash=digest(files), bundling=bundling)


@jsii.implements(cdk.ILocalBundling)
class _Local:
    """Bundling without Docker: the files are known already."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Write the files. True: there is nothing left for Docker to do."""
        write(self._files, Path(output_dir))
        return True
