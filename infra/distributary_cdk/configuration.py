"""What `distributary.toml` says about one stage, as typed values; `distributary_cdk.configuration_file` reads them."""

from dataclasses import dataclass, field
from typing import Literal

from distributary.settings import Settings
from distributary_cdk.entrance import Http
from distributary_cdk.table import Table, within


@dataclass(frozen=True, kw_only=True)
class Firehose:
    """How events reach the bucket. Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html."""

    join: bool = Settings.join
    delimiter: Literal["newline", "none"] = Settings.firehose_delimiter
    aliases: tuple[str, ...] = Settings.firehose_aliases
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
    aliases: tuple[str, ...] = Settings.kinesis_aliases


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
            firehose_aliases=self.firehose.aliases,
            kinesis_aliases=self.kinesis.aliases,
            firehose_delimiter=self.firehose.delimiter,
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
