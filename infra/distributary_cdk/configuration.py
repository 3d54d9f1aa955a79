"""The props of a Distributary: what its owner configures, in Python or in `distributary.toml`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema

from distributary.access.key_store import AccessSettings, KeySettings
from distributary.aws.bucket import BucketSettings
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.events import SinkName
from distributary.http.aws_api.endpoint import AwsApiSettings
from distributary.http.events_api.kept import HttpSettings
from distributary.ingest.envelope import EventSettings
from distributary.iot_events.runtime.detector_settings import DetectorChoices
from distributary.settings import LogSettings, Settings, StageSettings
from distributary.sinks.firehose import FirehoseChoices
from distributary.sinks.iot_events import IotEventsChoices
from distributary.sinks.kinesis import KinesisChoices
from distributary.sinks.registry import KINDS, SINK_NAMES
from distributary_cdk.contradictions import contradictions
from distributary_cdk.entrance import HttpProps
from distributary_cdk.iot_rule import IotRule
from distributary_cdk.prop_types import WHOLE, Given, Table, Tables, Texts, within
from distributary_cdk.props import props

Parts = dict[type[Settings], Callable[[], Settings]]
Stream = Annotated[kinesis.IStream | None, Given("a Kinesis stream", ("stream_arn",)), SkipJsonSchema()]
S3Bucket = Annotated[s3.IBucket | None, Given("an S3 bucket", ("bucket_arn",)), SkipJsonSchema()]
Topic = Annotated[sns.ITopic | None, Given("an SNS topic", ("topic_arn",)), SkipJsonSchema()]
Key = Annotated[kms.IKey | None, Given("a KMS key", ("key_arn",)), SkipJsonSchema()]
Folder = Annotated[Path | None, Given("the Path of a folder", ("glob",)), SkipJsonSchema()]
Folders = Annotated[
    Path | Sequence[Path] | None,
    Given("the Path of a folder, or a list of them", ("glob",), several=True),
    SkipJsonSchema(),
]
MODEL_FOLDERS = ("detectors",)
"""Where the models of a configuration file are unless it names other folders."""


@props
class FirehoseProps(FirehoseChoices):
    """How events reach the bucket. Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html."""

    buffer_seconds: int = within(0, 900, 60)
    """Firehose writes an object after this time, or at `buffer_mib`, whichever comes first."""
    buffer_mib: int = within(1, 128, 64)
    """Firehose writes an object at this size in MiB, before compression."""


@props
class BucketProps:
    """The bucket's life cycle, in days (0 is never), and what happens to its objects when the stack is deleted."""

    tiering_days: int = within(0, 36_500, 30)
    """Objects move to S3 Intelligent-Tiering after so many days; 0: never. None move where they are deleted by then.
    """
    expire_days: int = within(0, 36_500, 0)
    """Objects are deleted after so many days; 0: never."""
    restore_days: int = within(0, 36_500, 30)
    """Deleted or overwritten objects can be restored for so many days, by S3 versions; 0: not at all."""
    empty_on_destroy: bool = False
    """Delete the objects with the stack; not together with `retain`."""
    bucket: S3Bucket = None
    """A bucket that exists already, instead of a new one: its life cycle is yours to set."""


@props
class KinesisProps(KinesisChoices):
    """The stream. Retention: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html."""

    mode: Literal["provisioned", "on-demand"] = "on-demand"
    """`provisioned` has a fixed number of shards."""
    shards: int = within(1, 10_000, 1)
    """Only with mode `provisioned`: 1 MiB and 1,000 records a second each."""
    retention_hours: int = within(24, 8760, 24)
    """How long the stream keeps a record; beyond 24 costs extra."""
    stream: Stream = None
    """A stream that exists already, instead of a new one: mode, shards, retention and record size are yours to set."""


@props
class IotEventsProps(IotEventsChoices):
    """Who answers BatchPutMessage for the third sink."""


@props
class RedriveProps(RedriveSettings):
    """How what a sink did not take is brought to it later."""


@props
class DetectorsProps(DetectorChoices):
    """How detector models run; `grants` are for targets that only an expression knows.

    Concurrency: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.
    """

    concurrency: int = within(2, 1000, 50)
    """Batches of messages, and of actions, that are handled at the same time; wake-ups have 10 at most."""
    folders: Texts = MODEL_FOLDERS
    """The folders of the detector models, as seen from this file; `detectors` may be missing. In Python: `models`."""
    remove: Texts = ()
    """Models that the stage no longer has: without this confirmation, no deployment takes a model from its detectors.
    """
    declared_only: bool = False
    """Models read only the attributes that an input declares."""
    merge: bool = False
    """Lay a message over the last one of its input, instead of replacing it."""
    parameters: Table = Field(default_factory=dict)
    """Values for the parameters of CloudFormation templates among the models."""
    grants: Tables = ()
    """Permissions for targets that only an expression knows: `{actions = ["iot:Publish"], resource = "arn:…"}`."""
    debug: Tables = ()
    """Detectors whose every cycle is logged: `{model = "…", key = "…"}`; without `key`, all of the model."""


@props
class ReservedProps:
    """Environments that are kept for a function and are the most that it gets; 0: it shares the account's.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html.
    """

    ingest: int = within(0, 100_000, 0)
    """Of the function behind the endpoint."""
    run_detectors: int = within(0, 100_000, 0)
    """Of the function that runs detectors; at least `detectors.concurrency`."""
    take_messages: int = within(0, 100_000, 0)
    """Of the function that topic rules call."""


@props
class FunctionsProps:
    """What the functions get. Memory: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

    memory_mb: int = within(128, 10_240, 1024)
    """Memory in MB; CPU grows with it, and 1769 is one core."""
    reserved_concurrency: ReservedProps = ReservedProps()
    log_days: Annotated[Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731], WHOLE] = 30
    """How many days CloudWatch keeps the functions' logs."""
    system_log_level: Literal["DEBUG", "INFO", "WARN"] = "WARN"
    """What Lambda itself logs: `WARN` is failed calls, `INFO` also a start and a report with memory for each call."""


@props
class ReleasesProps:
    """How a new version of the endpoint takes over, in the words of CodeDeploy's own configurations."""

    shift: Literal[
        "at-once",
        "canary-10-percent-5-minutes",
        "canary-10-percent-15-minutes",
        "linear-10-percent-every-1-minute",
    ] = "at-once"
    """`at-once`, or in steps: calls move back by themselves when the new version fails."""


@props
class AlarmsProps:
    """Who is notified, and from which value on; `topic` is the ARN of an SNS topic, empty for nobody."""

    on: bool = True
    """Whether there are alarms, at $0.10 a month for each metric."""
    topic: str = ""
    """The ARN of an SNS topic that is notified; empty: none."""
    period_minutes: int = within(1, 60, 5)
    """The period over which each metric is summed up."""
    error_percent: int = within(0, 100, 1)
    """Requests answered 5xx, or failed puts of Firehose, in percent."""
    p99_seconds: int = within(1, 30, 5)
    """The 99th percentile of the latency of answers, in seconds."""
    slow_minutes: int = within(1, 120, 15)
    """How long answers are slow, or puts fail, before the alarm."""
    queue_age_seconds: int = within(1, 1_209_600, 600)
    """The age of the oldest message in a queue."""
    refused_keys: int = within(0, 1_000_000, 100)
    """Requests of one period that are refused for their key."""
    spilling_minutes: int = within(1, 120, 15)
    """How long a sink refuses records before the alarm."""
    throttled_minutes: int = within(1, 120, 5)
    """How many minutes in a row calls are throttled before the alarm."""
    timeout_percent: int = within(1, 100, 90)
    """The longest call of a function, in percent of its timeout."""
    behind_percent: int = within(1, 100, 50)
    """How far consumers of the stream are behind, in percent of its retention."""
    delivery_late_seconds: int = within(1, 86_400, 900)
    """How much older than its buffer a record may grow before Firehose has delivered it."""


@props
class DashboardProps:
    """Whether the stage has a CloudWatch dashboard."""

    on: bool = True
    """Whether there is a dashboard: an account's first three are free, each further one is $3 a month."""


@props
class Configuration(LogSettings, DeliverySettings, AwsApiSettings, EventSettings, AccessSettings):
    """One stage: the file's own values with the stage's `[stages.<name>]` laid over them."""

    stage: Annotated[str, SkipJsonSchema()] = ""
    """What metrics and log lines name it by; without it, the stack's name and the construct's place in it."""
    sinks: Texts = SINK_NAMES
    """The sinks of the stage; a sink that is not named is not deployed."""
    remove: Texts = ()
    """Sinks that a stage had, to be deleted with the records that are still pending for them."""
    keep: Texts = ()
    """Sinks that a stage had: nothing is sent to them any more, and their pending records are still delivered."""
    retain: bool = True
    """Protect the stack from deletion, and keep its data if it is deleted nevertheless."""
    encryption: Literal["aws-managed", "own-key"] = "aws-managed"
    """`aws-managed`: keys of AWS; `own-key`: one new KMS key for all that is stored, $1 a month."""
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
    """Which events go to which sinks; the first rule that takes an event decides. Keys of a rule: `when`, `sinks`,
    `partition_key`, `input`.
    """
    inputs: Table = Field(default_factory=dict)
    """The IoT Events inputs by name, each with `attributes`, and optionally `key`, `dedup`, `late`."""
    tests: Tables = ()
    """Events and what the rules must make of them, checked at each synth. Keys of a test: `name`, `event`, `expect`."""
    iot_rules: Annotated[Sequence[IotRule], AfterValidator(tuple)] = ()

    models: Folders = None
    """The folder with the detector models, or a list of folders, a JSON file for each model; none: no models."""
    input_files: Folder = None
    """The folder with inputs in files of AWS's own form, beside those of `inputs`."""
    alarm_topic: Topic = None
    """The topic that alarms are sent to, instead of `alarms.topic`."""
    key: Key = None
    """The KMS key that encrypts all that is stored, instead of one that `encryption` makes."""

    def faults(self) -> Iterator[str]:
        """What contradicts itself, by setting."""
        return contradictions(self)

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """The folders of `models`."""
        return (self.models,) if isinstance(self.models, Path) else tuple(self.models or ())

    @property
    def deployed_sinks(self) -> tuple[SinkName, ...]:
        """The sinks that the stage writes to, and those that it keeps until they are empty."""
        return tuple(name for name in SINK_NAMES if name in self.sinks or name in self.keep)

    def sink_faults(self) -> Iterator[str]:
        """What is wrong with `sinks`, `remove` and `keep`."""
        if not self.sinks:
            yield f"sinks: must name one of {', '.join(SINK_NAMES)} at least"
        seen: dict[str, str] = {}
        for place in ("sinks", "remove", "keep"):
            for name in getattr(self, place):
                if name not in SINK_NAMES:
                    yield f"{place} = {name!r}: must be one of {', '.join(SINK_NAMES)}"
                elif name in seen:
                    yield f"{place} = {name!r}: stands in {seen[name]} already"
                seen.setdefault(name, place)

    def settings(self, stage: str = "", **names: str) -> list[Settings]:
        """What the functions of this stage need to know, part by part; `names` are those of the stack's resources.

        Raises SettingsError for values out of their range.
        """
        return [make() for make in self.parts(stage, **names).values()]

    def parts(self, stage: str = "", **names: str) -> Parts:
        """How each part is made; making one raises SettingsError for its values out of their range."""
        urls = {
            sink: {
                "retry_queue_url": names.get(f"{sink}_spill_url", ""),
                "dead_letter_queue_url": names.get(f"{sink}_set_aside_url", ""),
            }
            for sink in self.deployed_sinks
        }
        jwt = self.http.jwt
        of_keys = {
            "key_table_name": names.get("key_table_name", ""),
            "key_secret_arn": names.get("key_secret_arn", ""),
            "jwt_source_claim": jwt.source_claim if jwt.issuer else "",
            "jwt_sinks_claim": jwt.sinks_claim,
        }
        return {
            StageSettings: partial(part, StageSettings, self, stage=stage or self.stage),
            EventSettings: partial(part, EventSettings, self),
            HttpSettings: partial(part, HttpSettings, self.http),
            DeliverySettings: partial(part, DeliverySettings, self),
            AwsApiSettings: partial(part, AwsApiSettings, self),
            KeySettings: partial(part, KeySettings, self, **of_keys),
            BucketSettings: partial(BucketSettings, bucket_name=names.get("bucket_name", "")),
            RedriveSettings: partial(part, RedriveSettings, self.redrive),
            **{
                KINDS[sink].settings: partial(
                    part,
                    KINDS[sink].settings,
                    getattr(self, sink, None),
                    **{**unnamed(KINDS[sink].settings), **urls[sink], **names},
                )
                for sink in self.deployed_sinks
            },
        }


def unnamed(kind: type[Settings]) -> dict[str, str]:
    """The names that the stack gives this part, all of them empty: its values are checked before there is a stack."""
    return {each.name: "" for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}


S = TypeVar("S", bound=Settings)


def part(kind: type[S], chosen: object, **names: Any) -> S:
    """A part of the settings: what the owner has chosen, and names of resources; names of other parts are left out."""
    known = {each.name for each in fields(kind)}
    own = {name: getattr(chosen, name) for name in known if hasattr(chosen, name)}
    return kind(**own | {name: value for name, value in names.items() if name in known})
