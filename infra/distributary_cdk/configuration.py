"""The props of a Distributary: what its owner configures, in Python or in `distributary.toml`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema

from distributary.settings import Settings
from distributary_cdk.contradictions import contradictions
from distributary_cdk.entrance import HttpProps
from distributary_cdk.iot_rule import IotRule
from distributary_cdk.props import WHOLE, Given, Number, Table, Tables, Texts, props, within

Stream = Annotated[kinesis.IStream | None, Given("a Kinesis stream", ("stream_arn",)), SkipJsonSchema()]
S3Bucket = Annotated[s3.IBucket | None, Given("an S3 bucket", ("bucket_arn",)), SkipJsonSchema()]
Topic = Annotated[sns.ITopic | None, Given("an SNS topic", ("topic_arn",)), SkipJsonSchema()]
Key = Annotated[kms.IKey | None, Given("a KMS key", ("key_arn",)), SkipJsonSchema()]
Folder = Annotated[Path | None, Given("the Path of a folder", ("glob",)), SkipJsonSchema()]


@props
class FirehoseProps:
    """How events reach the bucket. Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html."""

    join: bool = Settings.join
    delimiter: Literal["newline", "none"] = Settings.firehose_delimiter
    aliases: Texts = Settings.firehose_aliases
    buffer_seconds: int = within(0, 900, 60)
    buffer_mib: int = within(1, 128, 64)


@props
class BucketProps:
    """The bucket's life cycle, in days (0 is never), and what happens to its objects when the stack is deleted."""

    tiering_days: int = within(0, 36_500, 30)
    expire_days: int = within(0, 36_500, 0)
    restore_days: int = within(0, 36_500, 30)
    empty_on_destroy: bool = False
    bucket: S3Bucket = None
    """A bucket that exists already, instead of a new one: its life cycle is yours to set."""


@props
class KinesisProps:
    """The stream. Retention: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html."""

    mode: Literal["provisioned", "on-demand"] = "on-demand"
    shards: int = within(1, 10_000, 1)
    retention_hours: int = within(24, 8760, 24)
    max_record_kib: int = Settings.max_record_kib
    aliases: Texts = Settings.kinesis_aliases
    stream: Stream = None
    """A stream that exists already, instead of a new one: mode, shards, retention and record size are yours to set."""


@props
class IotEventsProps:
    """Who answers BatchPutMessage for the third sink."""

    provider: Literal["stack", "endpoint"] = Settings.iot_events_provider
    endpoint: str = Settings.iot_events_endpoint
    strict: bool = Settings.iot_events_strict

    @property
    def at_aws(self) -> bool:
        """Whether AWS's own IoT Events takes the messages."""
        return self.provider == "endpoint" and not self.endpoint


@props
class RedriveProps:
    """How what a sink did not take is brought to it later."""

    pause_seconds: int = Settings.redrive_pause_seconds
    days: Number = Settings.redrive_days


@props
class DetectorsProps:
    """How detector models run; `grants` are for targets that only an expression knows.

    Concurrency: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.
    """

    min_timer_seconds: int = Settings.min_timer_seconds
    concurrency: int = within(2, 1000, 50)
    declared_only: bool = False
    merge: bool = False
    parameters: Table = Field(default_factory=dict)
    grants: Tables = ()
    debug: Tables = ()


@props
class ReservedProps:
    """Environments that are kept for a function and are the most that it gets; 0: it shares the account's.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html.
    """

    ingest: int = within(0, 100_000, 0)
    run_detectors: int = within(0, 100_000, 0)
    take_messages: int = within(0, 100_000, 0)


@props
class FunctionsProps:
    """What the functions get. Memory: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

    memory_mb: int = within(128, 10_240, 1024)
    reserved_concurrency: ReservedProps = ReservedProps()
    log_days: Annotated[Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731], WHOLE] = 30


@props
class ReleasesProps:
    """How a new version of the endpoint takes over, in the words of CodeDeploy's own configurations."""

    shift: Literal[
        "at-once",
        "canary-10-percent-5-minutes",
        "canary-10-percent-15-minutes",
        "linear-10-percent-every-1-minute",
    ] = "at-once"


@props
class AlarmsProps:
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


@props
class DashboardProps:
    """Whether the stage has a CloudWatch dashboard."""

    on: bool = True


@props
class Configuration:
    """One stage: the file's own values with the stage's `[stages.<name>]` laid over them."""

    stage: Annotated[str, SkipJsonSchema()] = ""
    """What metrics and log lines name it by; without it, the stack's name and the construct's place in it."""
    retain: bool = True
    encryption: Literal["aws-managed", "own-key"] = "aws-managed"
    auth: Literal["keys", "open"] = Settings.auth
    envelope: Literal["cloudevents", "none"] = Settings.envelope
    source: str = Settings.source
    type: str = Settings.type
    max_events: int = Settings.max_events
    stream_alias: str = Settings.stream_alias
    retry_seconds: Number = Settings.retry_seconds
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Settings.log_level
    log_sample: Number = Settings.log_sample
    firehose: FirehoseProps = FirehoseProps()
    bucket: BucketProps = BucketProps()
    kinesis: KinesisProps = KinesisProps()
    iot_events: IotEventsProps = IotEventsProps()
    redrive: RedriveProps = RedriveProps()
    detectors: DetectorsProps = DetectorsProps()
    http: HttpProps = HttpProps()
    functions: FunctionsProps = FunctionsProps()
    releases: ReleasesProps = ReleasesProps()
    alarms: AlarmsProps = AlarmsProps()
    dashboard: DashboardProps = DashboardProps()
    rules: Tables = ()
    inputs: Table = Field(default_factory=dict)
    iot_rules: Annotated[Sequence[IotRule], AfterValidator(tuple)] = ()

    models: Folder = None
    """The folder with the detector models, a JSON file each; none: no models."""
    input_files: Folder = None
    """The folder with inputs in files of AWS's own form, beside those of `inputs`."""
    alarm_topic: Topic = None
    """The topic that alarms are sent to, instead of `alarms.topic`."""
    key: Key = None
    """The KMS key that encrypts all that is stored, instead of one that `encryption` makes."""

    def faults(self) -> Iterator[str]:
        """What contradicts itself, by setting."""
        return contradictions(self)

    def settings(
        self, *, delivery_stream_name: str, stream_name: str, message_queue_url: str, stage: str = "", **names: str
    ) -> Settings:
        """What the functions of this stage need to know; `names` are those of the stack's other resources.

        Raises SettingsError for values out of their range.
        """
        return Settings(
            stage=stage or self.stage,
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
            firehose_aliases=tuple(self.firehose.aliases),
            kinesis_aliases=tuple(self.kinesis.aliases),
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
