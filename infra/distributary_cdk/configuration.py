"""What `distributary.toml` says about one stage, as typed values; `distributary_cdk.configuration_file` reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from distributary.access.key_store import AccessSettings, KeySettings
from distributary.aws.bucket import BucketSettings
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.http.aws_api.endpoint import AwsApiSettings
from distributary.ingest.envelope import EventSettings
from distributary.iot_events.runtime.detector_settings import DetectorChoices
from distributary.events import SinkName
from distributary.settings import LogSettings, Settings, StageSettings
from distributary.sinks.firehose import FirehoseChoices
from distributary.sinks.iot_events import IotEventsChoices
from distributary.sinks.kinesis import KinesisChoices
from distributary.sinks.registry import KINDS, SINK_NAMES
from distributary_cdk.entrance import Http
from distributary_cdk.table import Table, within


@dataclass(frozen=True, kw_only=True)
class Firehose(FirehoseChoices):
    """How events reach the bucket. Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html."""

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
class Kinesis(KinesisChoices):
    """The stream. Retention: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html."""

    mode: Literal["provisioned", "on-demand"] = "on-demand"
    shards: int = within(1, 10_000, 1)
    retention_hours: int = within(24, 8760, 24)


@dataclass(frozen=True, kw_only=True)
class Detectors(DetectorChoices):
    """How detector models run; `grants` are for targets that only an expression knows.

    Concurrency: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.
    """

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
class Configuration(LogSettings, AccessSettings, EventSettings, AwsApiSettings, DeliverySettings):
    """One stage: the file's own values with the stage's `[stages.<name>]` laid over them."""

    stage: str
    sinks: tuple[str, ...] = SINK_NAMES
    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    retain: bool = True
    encryption: Literal["aws-managed", "own-key"] = "aws-managed"
    firehose: Firehose = Firehose()
    bucket: Bucket = Bucket()
    kinesis: Kinesis = Kinesis()
    iot_events: IotEventsChoices = field(default_factory=IotEventsChoices)
    redrive: RedriveSettings = field(default_factory=RedriveSettings)
    detectors: Detectors = field(default_factory=Detectors)
    http: Http = field(default_factory=Http)
    functions: Functions = field(default_factory=Functions)
    releases: Releases = Releases()
    alarms: Alarms = Alarms()
    dashboard: Dashboard = Dashboard()
    rules: tuple[Table, ...] = ()
    inputs: Table = field(default_factory=dict)
    iot_rules: tuple[Table, ...] = ()

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

    def settings(self, **names: str) -> list[Settings]:
        """What the functions of this stage need to know, part by part; `names` are those of the stack's resources.

        Raises SettingsError for values out of their range.
        """
        urls = {
            sink: {
                "retry_queue_url": names.get(f"{sink}_spill_url", ""),
                "dead_letter_queue_url": names.get(f"{sink}_set_aside_url", ""),
            }
            for sink in self.deployed_sinks
        }
        jwt = self.http.jwt
        return [
            part(StageSettings, self, stage=self.stage),
            part(EventSettings, self),
            part(DeliverySettings, self),
            part(AwsApiSettings, self),
            part(
                KeySettings,
                self,
                key_table_name=names.get("key_table_name", ""),
                key_secret_arn=names.get("key_secret_arn", ""),
                jwt_source_claim=jwt.source_claim if jwt.issuer else "",
                jwt_sinks_claim=jwt.sinks_claim,
            ),
            BucketSettings(bucket_name=names.get("bucket_name", "")),
            self.redrive,
            *(
                part(KINDS[sink].settings, getattr(self, sink, None), **urls[sink], **names)
                for sink in self.deployed_sinks
            ),
        ]


S = TypeVar("S", bound=Settings)


def part(kind: type[S], chosen: Settings | None, **names: Any) -> S:
    """A part of the settings: what the owner has chosen, and names of resources; names of other parts are left out."""
    known = {each.name for each in fields(kind)}
    own = {each.name: getattr(chosen, each.name) for each in fields(chosen) if each.name in known} if chosen else {}
    return kind(**own | {name: value for name, value in names.items() if name in known})
