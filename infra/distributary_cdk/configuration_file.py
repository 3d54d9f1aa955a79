"""`distributary.toml` read, its stages laid over it and checked; every fault is listed with its place."""

import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from distributary.errors import BadDefinition, DistributaryError, SettingsError
from distributary.ingest.rules import Rules
from distributary_cdk.configuration import Configuration
from distributary_cdk.iot_rule import read_iot_rules
from distributary_cdk.table import Table, laid_over
from distributary_cdk.table import read as read_table

# What the settings call otherwise than the file does.
_PLACES = {"jwt_source_claim": "http.jwt"}

# How long and how often the spill queues hand a message out, as `distributary_cdk.queue` makes them.
_QUEUE_DAYS = 14
_MOST_RECEIVES = 1000
# Some receipts end with a short pause, and any pause may lack a quarter: `distributary.delivery.redrive`.
_EARLY_RECEIVES = 111
_SHORTEST = 0.75


# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html; the CDK reads no other ARN's parts.
_TOPIC = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_FILE = "distributary.toml"
# Folders whose files have their names in the faults of what they hold.
_FOLDERS = ("detectors/", "inputs/")


def said(error: DistributaryError) -> str:
    """What is wrong with what the owner wrote, a line for each fault, which names the file that it is in."""
    faults = getattr(error, "faults", (str(error),))
    named = (_FILE, *_FOLDERS)
    lines = [fault if fault.startswith(named) else f"{_FILE}: {fault}" for fault in faults]
    return "\n".join(["The stack cannot be synthesised:", *lines])


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
        Rules.from_tables([*configuration.rules], configuration.inputs, configuration.sinks)
    except BadDefinition as error:
        yield from error.faults
    yield from configuration.sink_faults()
    yield from configuration.http.faults()
    faults: list[str] = []
    read_iot_rules(configuration.iot_rules, faults)
    yield from faults
    if configuration.iot_rules and "iot_events" not in configuration.sinks:
        yield "iot_rules: send to inputs, and iot_events is not among the sinks of this stage"
    if configuration.http.domain.name and configuration.stage == "local":
        yield "http.domain: this machine has none; give it to one stage, as [stages.prod.http.domain]"
    if 0 < configuration.functions.reserved_concurrency.run_detectors < configuration.detectors.concurrency:
        yield "functions.reserved_concurrency.run_detectors: must be at least detectors.concurrency"
    if configuration.auth == "open" and configuration.stage == "prod":
        yield "auth = 'open': is not for prod, where only keys are let in"
    yield from _given_up_too_soon(configuration)
    if configuration.retain and configuration.bucket.empty_on_destroy:
        yield "bucket.empty_on_destroy: contradicts retain = true"
    yield from _of_others(configuration)


def _of_others(configuration: Configuration) -> Iterator[str]:
    """What is said of resources that are not this stack's."""
    topic = configuration.alarms.topic
    if topic and not _TOPIC.fullmatch(topic):
        yield f"alarms.topic = {topic!r}: must be the ARN of an SNS topic, as arn:aws:sns:eu-west-1:123456789012:calls"


def _given_up_too_soon(configuration: Configuration) -> Iterator[str]:
    """What waits must be there, and be tried, until it is too old."""
    least, why = _QUEUE_DAYS, "for so long may waiting records lie there"
    if configuration.envelope == "cloudevents":
        in_stream = math.ceil(configuration.kinesis.retention_hours / 24)
        least += in_stream
        why = (
            f"{why}, and the data of large events must outlast their envelopes, which the stream keeps for {in_stream} "
            "days more (kinesis.retention_hours)"
        )
    if 0 < configuration.bucket.expire_days < least:
        yield f"bucket.expire_days: must be 0 or at least {least}, {why}"
    pause, days = configuration.redrive.pause_seconds, configuration.redrive.days
    if pause < 1 or configuration.stage == "local":
        return
    if _EARLY_RECEIVES + days * 86_400 / (_SHORTEST * pause) > _MOST_RECEIVES:
        yield f"redrive.pause_seconds: SQS gives up after {_MOST_RECEIVES} tries, before `days`: pause longer"
