"""What the props of a Distributary may not say together: each fault with its place."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from distributary.errors import SettingsError
from distributary.http.events_api.kept import extension
from distributary.ingest.rule_faults import faults_of
from distributary_cdk.rule_expressions import ATTRIBUTES, Expression

if TYPE_CHECKING:
    from distributary_cdk.configuration import Configuration

# What the parts of the settings call otherwise than the file does.
_PLACES = {"jwt_source_claim": "http.jwt"}

# How long and how often the retry queues hand a message out, as `distributary_cdk.queue` makes them.
_QUEUE_DAYS = 14
_MOST_RECEIVES = 1000
# Some receipts end with a short pause, and any pause may lack a quarter: `distributary.delivery.redrive`.
_EARLY_RECEIVES = 111
_SHORTEST = 0.75


# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html; the CDK reads no other ARN's parts.
_TOPIC = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")


def contradictions(configuration: "Configuration") -> Iterator[str]:
    """Each as `place: what is wrong`, by the names that the settings have in `distributary.toml`."""
    yield from _of_settings(configuration)
    explain = partial(_expression_faults, configuration)
    yield from faults_of([*configuration.rules], configuration.inputs, configuration.sinks, explain)
    yield from configuration.sink_faults()
    yield from _alike(configuration)
    if configuration.iot_rules and "iot_events" not in configuration.sinks:
        yield "iot_rules: send to inputs, and iot_events is not among the sinks of this stage"
    if configuration.http.domain.name and configuration.stage == "local":
        yield "http.domain: this machine has none; give it to one stage, as [stages.prod.http.domain]"
    if configuration.http.front == "function-url" and not configuration.functions.reserved_concurrency.ingest:
        yield (
            "functions.reserved_concurrency.ingest: must be at least 1 with http.front = 'function-url', which has no "
            "throttle: without it anybody could take every environment of the account"
        )
    if 0 < configuration.functions.reserved_concurrency.run_detectors < configuration.detectors.concurrency:
        yield "functions.reserved_concurrency.run_detectors: must be at least detectors.concurrency"
    if configuration.envelope == "none" and configuration.http.keep_headers:
        yield "http.keep_headers: needs envelope = 'cloudevents', which has a place for them"
    if configuration.auth == "open" and configuration.stage == "prod":
        yield "auth = 'open': is not for prod, where only keys are let in"
    yield from _given_up_too_soon(configuration)
    if configuration.retain and configuration.bucket.empty_on_destroy:
        yield "bucket.empty_on_destroy: contradicts retain = true"
    yield from _of_others(configuration)


def _expression_faults(configuration: "Configuration", text: str, rule: Mapping[str, Any]) -> Iterator[str]:
    """As `rule_expressions` has them; the rule's input says which paths events have."""
    attributes = ATTRIBUTES | {extension(header) for header in configuration.http.keep_headers}
    declared = configuration.inputs.get(str(rule.get("input")), {}).get("attributes", ())
    paths = [path for path in declared if isinstance(path, str)]
    yield from Expression(text, attributes, paths).faults()


def _of_settings(configuration: "Configuration") -> Iterator[str]:
    """What the library finds wrong with each part of the settings."""
    for make in configuration.parts(stage="any").values():
        try:
            make()
        except SettingsError as error:
            for fault in error.faults:
                name, rest = re.match(r"(\w+)(.*)", fault, re.DOTALL).groups()  # type: ignore[union-attr]  # begins so
                yield f"{_PLACES.get(name, name)}{rest}"


def _alike(configuration: "Configuration") -> Iterator[str]:
    names = [rule.name for rule in configuration.iot_rules]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"iot_rules[{number}].name = {name!r}: there is another rule of this name"


def _of_others(configuration: "Configuration") -> Iterator[str]:
    """What is said of resources that are not this stack's."""
    topic = configuration.alarms.topic
    if topic and not _TOPIC.fullmatch(topic):
        yield f"alarms.topic = {topic!r}: must be the ARN of an SNS topic, as arn:aws:sns:eu-west-1:123456789012:calls"


def _given_up_too_soon(configuration: "Configuration") -> Iterator[str]:
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
