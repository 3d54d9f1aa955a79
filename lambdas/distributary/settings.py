"""The settings that travel from the stack to its functions: infra writes them, handlers read them, nobody else."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from distributary.errors import SettingsError
from distributary.events import SinkName

VARIABLE_PREFIX = "DISTRIBUTARY_"
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
STREAM_NAME = re.compile("[a-zA-Z0-9_.-]+")
LONGEST_DELIVERY_STREAM_NAME = 64
LONGEST_STREAM_NAME = 128


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one stage's functions need to know: names, URLs and scalars (rules travel as a file, `rules.py`)."""

    stage: str
    delivery_stream_name: str
    stream_name: str
    message_queue_url: str
    """The FIFO queue of accepted IoT Events messages; empty with provider `endpoint`."""
    key_table_name: str = ""
    key_secret_arn: str = ""
    """Where keys and their master secret are; both empty with auth `open`."""

    auth: Literal["keys", "open"] = "keys"
    """Whether a caller needs a key: `open` lets anyone in."""
    jwt_source_claim: str = ""
    """The claim of a JWT that names the `source` of its events; empty where `/v1/events` takes keys."""
    jwt_sinks_claim: str = ""
    """The claim that names the sinks it may write to; empty for all of them."""
    bucket_name: str = ""
    """Where large data, what is spilled and dead letters lie, beside the events themselves."""
    firehose_spill_url: str = ""
    """The queue of what waits for Firehose; likewise the next two."""
    kinesis_spill_url: str = ""
    iot_events_spill_url: str = ""
    firehose_set_aside_url: str = ""
    """The dead-letter queue of that queue; likewise the next two."""
    kinesis_set_aside_url: str = ""
    iot_events_set_aside_url: str = ""

    message_queue_arn: str = ""
    dead_message_queue_url: str = ""
    detector_table_name: str = ""
    action_queue_url: str = ""
    wake_queue_url: str = ""
    """The delay queue of wake-ups up to 15 minutes away; later ones are schedules of the group."""
    schedule_group_name: str = ""
    schedule_role_arn: str = ""
    wake_dead_letter_arn: str = ""
    min_timer_seconds: int = 60
    """The shortest timer of a detector; AWS IoT Events took none below 60 s."""

    envelope: Literal["cloudevents", "none"] = "cloudevents"
    source: str = "distributary"
    """The CloudEvents `source` of events that bring none."""
    type: str = "distributary.event"
    """The CloudEvents `type` of events that bring none."""
    max_events: int = 5000
    """Events of one request."""
    join: bool = True
    """Join the events of a request into as few Firehose records as fit (Firehose bills each rounded up to 5 KB)."""
    max_record_kib: int = 1024
    """The stream's own maximum record size in KiB, 1,024 to 10,240."""
    stream_alias: str = "events"
    """The name under which clients of the AWS wire may address the streams besides their real names."""
    firehose_aliases: tuple[str, ...] = ()
    """More names of the delivery stream alone; likewise the next for the Kinesis stream."""
    kinesis_aliases: tuple[str, ...] = ()
    firehose_delimiter: Literal["newline", "none"] = "newline"
    """What ends each record that a client of the AWS wire puts to Firehose: a missing newline is added, or nothing."""

    iot_events_provider: Literal["stack", "endpoint"] = "stack"
    iot_events_endpoint: str = ""
    """The URL of another IoT Events Data API; with provider `endpoint`, empty means AWS's own."""
    iot_events_strict: bool = False
    """AWS's limits of a BatchPutMessage, 10 messages of 1,024 bytes, instead of ours."""

    retry_seconds: float = 5.0
    """How long one request goes on re-sending refused records, within its function's own timeout."""
    redrive_pause_seconds: int = 1800
    """The longest pause between two attempts to deliver what was spilled."""
    redrive_days: float = 13.0
    """How old what was spilled may grow before it is a dead letter: its queue forgets it after 14."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_sample: float = 1.0
    """The share of the requests with which all went well that have a line in the log; the others always have one."""

    def __post_init__(self) -> None:
        """Refuse values outside their range, all of them at once."""
        ranges = {
            "min_timer_seconds": (1, 3600),
            "max_events": (1, 100_000),
            "max_record_kib": (1024, 10_240),
            "retry_seconds": (0.0, 25.0),
            "log_sample": (0.0, 1.0),
            "redrive_pause_seconds": (1, 1800),
            "redrive_days": (0.0, 13.0),
        }
        faults = [
            f"{name} = {value!r}: must be from {low} to {high}"
            for name, (low, high) in ranges.items()
            if not low <= (value := getattr(self, name)) <= high
        ]
        faults += [
            f"{name} = {getattr(self, name)!r}: must be one of {', '.join(get_args(hint))}"
            for name, hint in get_type_hints(type(self)).items()
            if get_origin(hint) is Literal and getattr(self, name) not in get_args(hint)
        ]
        faults += _alias_faults("firehose_aliases", self.firehose_aliases, LONGEST_DELIVERY_STREAM_NAME)
        faults += _alias_faults("kinesis_aliases", self.kinesis_aliases, LONGEST_STREAM_NAME)
        faults += [f"{name} is empty" for name in ("stage", "source", "type") if not getattr(self, name)]
        if self.jwt_source_claim and self.auth == "open":
            faults.append("jwt_source_claim contradicts auth = 'open', where nobody is asked who they are")
        if faults:
            raise SettingsError(faults)

    @property
    def spill_urls(self) -> dict[SinkName, str]:
        """The queue of what waits, by sink."""
        return {
            "firehose": self.firehose_spill_url,
            "kinesis": self.kinesis_spill_url,
            "iot_events": self.iot_events_spill_url,
        }

    @property
    def set_aside_urls(self) -> dict[SinkName, str]:
        """The dead-letter queue of each of these."""
        return {
            "firehose": self.firehose_set_aside_url,
            "kinesis": self.kinesis_set_aside_url,
            "iot_events": self.iot_events_set_aside_url,
        }

    def to_env(self) -> dict[str, str]:
        """The environment variables that `from_env` reads back."""
        return {_variable(field.name): _written(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings that `to_env` wrote. Raises SettingsError naming each variable that is missing or unreadable."""
        faults: list[str] = []
        values: dict[str, Any] = {}
        hints = get_type_hints(cls)
        for field in fields(cls):
            text = environment.get(_variable(field.name))
            if text is None:
                if field.default is MISSING:
                    faults.append(f"{_variable(field.name)} is not set")
                continue
            try:
                values[field.name] = _read(hints[field.name], text)
            except ValueError:
                faults.append(f"{_variable(field.name)} = {text!r} is not a {hints[field.name].__name__}")
        if faults:
            raise SettingsError(faults)
        return cls(**values)


def _variable(name: str) -> str:
    return VARIABLE_PREFIX + name.upper()


def _alias_faults(name: str, aliases: tuple[str, ...], longest: int) -> list[str]:
    return [
        f"{name} = {alias!r}: must be 1 to {longest} letters, digits, '_', '.' and '-', as AWS names a stream"
        for alias in aliases
        if not STREAM_NAME.fullmatch(alias) or len(alias) > longest
    ]


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(kind: Any, text: str) -> object:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if get_origin(kind) is tuple:
        return tuple(text.split(",")) if text else ()
    return kind(text) if kind in (int, float) else text
