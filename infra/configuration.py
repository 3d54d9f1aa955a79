"""What `distributary.toml` says about one stage, as typed values; every fault is listed with its place."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from distributary.errors import BadDefinition, SettingsError
from distributary.rules import Rules
from distributary.settings import Settings
from infra.entrance import Http
from infra.iot_rule import read_iot_rules
from infra.table import Table, laid_over, within
from infra.table import read as read_table


@dataclass(frozen=True, kw_only=True)
class Firehose:
    """How events reach the bucket. Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html."""

    join: bool = Settings.join
    buffer_seconds: int = within(0, 900, 60)
    buffer_mib: int = within(1, 128, 64)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The bucket's life cycle, in days (0 is never), and what happens to its objects when the stack is deleted."""

    tiering_days: int = within(0, 36_500, 30)
    expire_days: int = within(0, 36_500, 0)
    restore_days: int = within(0, 36_500, 30)
    empty_on_destroy: bool = False


@dataclass(frozen=True, kw_only=True)
class Kinesis:
    """The stream. Retention: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html."""

    mode: Literal["provisioned", "on-demand"] = "on-demand"
    shards: int = within(1, 10_000, 1)
    retention_hours: int = within(24, 8760, 24)
    max_record_kib: int = Settings.max_record_kib


@dataclass(frozen=True, kw_only=True)
class IotEvents:
    """Who answers BatchPutMessage for the third sink."""

    provider: Literal["stack", "endpoint"] = Settings.iot_events_provider
    endpoint: str = Settings.iot_events_endpoint
    strict: bool = Settings.iot_events_strict

    @property
    def at_aws(self) -> bool:
        """Whether AWS's own IoT Events takes the messages."""
        return self.provider == "endpoint" and not self.endpoint


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """How what a sink did not take is brought to it later."""

    pause_seconds: int = Settings.redrive_pause_seconds
    days: float = Settings.redrive_days


@dataclass(frozen=True, kw_only=True)
class Detectors:
    """How detector models run; `grants` are for targets that only an expression knows.

    Concurrency: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.
    """

    min_timer_seconds: int = Settings.min_timer_seconds
    concurrency: int = within(2, 1000, 50)
    declared_only: bool = False
    merge: bool = False
    parameters: Table = field(default_factory=dict)
    grants: tuple[Table, ...] = ()
    debug: tuple[Table, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """Environments that are kept for a function and are the most that it gets; 0: it shares the account's.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html.
    """

    ingest: int = within(0, 100_000, 0)
    run_detectors: int = within(0, 100_000, 0)
    take_messages: int = within(0, 100_000, 0)


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What the functions get. Memory: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

    memory_mb: int = within(128, 10_240, 1024)
    reserved_concurrency: Reserved = field(default_factory=Reserved)
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731] = 30


@dataclass(frozen=True, kw_only=True)
class Releases:
    """How a new version of the endpoint takes over, in the words of CodeDeploy's own configurations."""

    shift: Literal[
        "at-once",
        "canary-10-percent-5-minutes",
        "canary-10-percent-15-minutes",
        "linear-10-percent-every-1-minute",
    ] = "at-once"


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """Who is told when, and from when on; `topic` is the ARN of an SNS topic, empty for nobody."""

    on: bool = True
    topic: str = ""
    period_minutes: int = within(1, 60, 5)
    error_percent: int = within(0, 100, 1)
    p99_seconds: int = within(1, 30, 5)
    slow_minutes: int = within(1, 120, 15)
    queue_age_seconds: int = within(1, 1_209_600, 600)
    refused_keys: int = within(0, 1_000_000, 100)
    spilling_minutes: int = within(1, 120, 15)
    throttled_minutes: int = within(1, 120, 5)
    timeout_percent: int = within(1, 100, 90)
    behind_percent: int = within(1, 100, 50)
    delivery_late_seconds: int = within(1, 86_400, 900)


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Whether the stage has a CloudWatch dashboard."""

    on: bool = True


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One stage: the file's own values with the stage's `[stages.<name>]` laid over them."""

    stage: str
    retain: bool = True
    encryption: Literal["aws-managed", "own-key"] = "aws-managed"
    auth: Literal["keys", "open"] = Settings.auth
    envelope: Literal["cloudevents", "none"] = Settings.envelope
    source: str = Settings.source
    type: str = Settings.type
    max_events: int = Settings.max_events
    stream_alias: str = Settings.stream_alias
    retry_seconds: float = Settings.retry_seconds
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Settings.log_level
    log_sample: float = Settings.log_sample
    firehose: Firehose = Firehose()
    bucket: Bucket = Bucket()
    kinesis: Kinesis = Kinesis()
    iot_events: IotEvents = IotEvents()
    redrive: Redrive = Redrive()
    detectors: Detectors = field(default_factory=Detectors)
    http: Http = field(default_factory=Http)
    functions: Functions = field(default_factory=Functions)
    releases: Releases = Releases()
    alarms: Alarms = Alarms()
    dashboard: Dashboard = Dashboard()
    rules: tuple[Table, ...] = ()
    inputs: Table = field(default_factory=dict)
    iot_rules: tuple[Table, ...] = ()

    def settings(
        self, *, delivery_stream_name: str, stream_name: str, message_queue_url: str, **names: str
    ) -> Settings:
        """What the functions of this stage need to know; `names` are those of the stack's other resources.

        Raises SettingsError for values out of their range.
        """
        return Settings(
            stage=self.stage,
            delivery_stream_name=delivery_stream_name,
            stream_name=stream_name,
            message_queue_url=message_queue_url,
            auth=self.auth,
            jwt_source_claim=self.http.jwt.source_claim if self.http.jwt.issuer else "",
            jwt_sinks_claim=self.http.jwt.sinks_claim,
            envelope=self.envelope,
            source=self.source,
            type=self.type,
            max_events=self.max_events,
            join=self.firehose.join,
            max_record_kib=self.kinesis.max_record_kib,
            stream_alias=self.stream_alias,
            iot_events_provider=self.iot_events.provider,
            iot_events_endpoint=self.iot_events.endpoint,
            iot_events_strict=self.iot_events.strict,
            retry_seconds=self.retry_seconds,
            redrive_pause_seconds=self.redrive.pause_seconds,
            redrive_days=self.redrive.days,
            log_level=self.log_level,
            log_sample=self.log_sample,
            min_timer_seconds=self.detectors.min_timer_seconds,
            **names,
        )


# What Settings calls otherwise than the file does.
_PLACES = {
    "min_timer_seconds": "detectors.min_timer_seconds",
    "jwt_source_claim": "http.jwt",
    "max_record_kib": "kinesis.max_record_kib",
    "join": "firehose.join",
    "redrive_pause_seconds": "redrive.pause_seconds",
    "redrive_days": "redrive.days",
}


# How long and how often the spill queues hand a message out, as `infra.queue` makes them.
_QUEUE_DAYS = 14
_MOST_RECEIVES = 1000
# Some receipts end with a short pause, and any pause may lack a quarter: `distributary.redrive`.
_EARLY_RECEIVES = 111
_SHORTEST = 0.75


def read(file: Path, stage: str) -> Configuration:
    """The configuration of a stage. Raises SettingsError with every fault of the file, those of other stages too."""
    try:
        own = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{file.name}: {error}"]) from error
    presets = own.pop("stages", {})
    if not isinstance(presets, dict) or not all(isinstance(preset, dict) for preset in presets.values()):
        raise SettingsError(["stages: must hold a table for each stage, as in [stages.dev]"])
    faults, configurations = _all_stages(own, presets)
    if stage not in presets:
        faults.append(f"stages: there is no {stage!r}; there are {', '.join(presets)}")
    if faults:
        raise SettingsError(faults)
    return configurations[stage]


def _all_stages(own: Table, presets: Table) -> tuple[list[str], dict[str, Configuration]]:
    """The file's faults, then those that a stage brings, under the stage's place; and each stage's configuration."""
    faults, _ = _one_stage(own, "any")
    shared = set(faults)
    configurations = {}
    for stage, preset in presets.items():
        found, configurations[stage] = _one_stage(laid_over(own, preset), stage)
        faults += [f"stages.{stage}.{fault}" for fault in found if fault not in shared]
        # The stage ends the stack's name: CloudFormation takes letters, digits and hyphens there.
        if not re.fullmatch("[a-z0-9-]{1,64}", stage):
            faults.append(f"stages.{stage}: must be 1 to 64 lower-case letters, digits and hyphens")
    return faults, configurations


def _one_stage(table: Table, stage: str) -> tuple[list[str], Configuration]:
    faults: list[str] = []
    configuration = read_table(Configuration, table, faults, stage=stage)
    return [*faults, *_contradictions(configuration)], configuration


def _contradictions(configuration: Configuration) -> Iterator[str]:
    try:
        configuration.settings(delivery_stream_name="any", stream_name="any", message_queue_url="any")
    except SettingsError as error:
        for fault in error.faults:
            name, space, rest = fault.partition(" ")
            yield f"{_PLACES.get(name, name)}{space}{rest}"
    try:
        Rules.from_tables([*configuration.rules], configuration.inputs)
    except BadDefinition as error:
        yield from error.faults
    yield from configuration.http.faults()
    faults: list[str] = []
    read_iot_rules(configuration.iot_rules, faults)
    yield from faults
    if configuration.http.domain.name and configuration.stage == "local":
        yield "http.domain: this machine has none; give it to one stage, as [stages.prod.http.domain]"
    if 0 < configuration.functions.reserved_concurrency.run_detectors < configuration.detectors.concurrency:
        yield "functions.reserved_concurrency.run_detectors: must be at least detectors.concurrency"
    if configuration.auth == "open" and configuration.stage == "prod":
        yield "auth = 'open': is not for prod, where only keys are let in"
    yield from _given_up_too_soon(configuration)
    if configuration.retain and configuration.bucket.empty_on_destroy:
        yield "bucket.empty_on_destroy: contradicts retain = true"
    endpoint, provider = configuration.iot_events.endpoint, configuration.iot_events.provider
    if endpoint and provider != "endpoint":
        yield "iot_events.endpoint: is used with provider = 'endpoint' only"
    if endpoint and not endpoint.startswith(("https://", "http://")):
        yield f"iot_events.endpoint = {endpoint!r}: must be an http or https URL"


def _given_up_too_soon(configuration: Configuration) -> Iterator[str]:
    """What waits must be there, and be tried, until it is too old."""
    if 0 < configuration.bucket.expire_days < _QUEUE_DAYS:
        yield f"bucket.expire_days: must be 0 or at least {_QUEUE_DAYS}, for so long may waiting records lie there"
    pause, days = configuration.redrive.pause_seconds, configuration.redrive.days
    if pause < 1 or configuration.stage == "local":
        return
    if _EARLY_RECEIVES + days * 86_400 / (_SHORTEST * pause) > _MOST_RECEIVES:
        yield f"redrive.pause_seconds: SQS gives up after {_MOST_RECEIVES} tries, before `days`: pause longer"
