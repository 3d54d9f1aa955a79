"""Time-outs, memory, queues and concurrency: the library's from its constants, the others from the template."""

from collections.abc import Iterator, Mapping
from typing import Any

from commands.reference.blocks import code, table
from commands.reference.template import functions, named, of_type, text
from distributary.access import key_store
from distributary.aws import timeouts
from distributary.delivery import breaker, delivery
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.http import health
from distributary.http.events_api import endpoint
from distributary.iot_events.runtime import management, message_batch, wake_ups

DAY = 86_400
REQUEST_SECONDS = 29


def blocks(template: Mapping[str, Any]) -> Mapping[str, str]:
    """The tables of times by their block."""
    names = {named(name): name for name in template["Resources"]}
    return {
        "times": table(("what", "how long", "stands in"), _times()),
        "functions": table(("function", "time-out", "memory", "reserved concurrency"), _functions(template)),
        "queues": table(
            ("queue (logical id)", "invisible for", "kept for", "receives", "then goes to"), _queues(template)
        ),
        "event-sources": table(("queue", "function", "batch", "batches at once"), _sources(template, names)),
        "throttles": table(("route", "requests a second", "burst"), _throttles(template)),
        "life-cycle": table(("objects under", "deleted after", "moved to Intelligent-Tiering after"), _kept(template)),
    }


def _times() -> Iterator[tuple[str, str, str]]:
    """Each time that the library keeps to, with the module of its constant."""
    retry, pause = DeliverySettings.retry_seconds, RedriveSettings.pause_seconds
    most = REQUEST_SECONDS - timeouts.KEEPING - timeouts.ANSWER
    aws, module = "`lambdas/distributary/aws/timeouts.py`", "`lambdas/distributary/{}.py`".format
    soon, times = timeouts.TRANSIENT_BACKOFF, (delivery.BACKOFF_SECONDS, delivery.BACKOFF_CAP_SECONDS)
    yield "a call to AWS: connect / read", f"{timeouts.CONNECT:g} s / {timeouts.READ:g} s", aws
    yield (
        "attempts of a call, the first included",
        f"{timeouts.ATTEMPTS}; in between up to {timeouts.BACKOFF:g} s if throttled, else {soon:g} s",
        aws,
    )
    yield "the longest call", f"{timeouts.CALL:g} s", "`timeouts.CALL`"
    yield (
        f"the longest put of a sink (an IoT Events batch starts calls for {timeouts.ROUNDS:g} s)",
        f"{timeouts.PUT:g} s",
        "`timeouts.PUT`",
    )
    yield (
        "sending refused records again",
        f"`retry_seconds` = {retry:g} s; pauses from [0, {times[0]:g} s) doubling to [0, {times[1]:g} s)",
        module("delivery/delivery"),
    )
    yield "the end of deliveries in a request", f"{retry + timeouts.PUT:g} s, at most {most:g} s", "`delivery.deadline`"
    yield "left for retry queues and dead letters", f"{timeouts.KEEPING:g} s", "`timeouts.KEEPING`"
    yield "left for the answer", f"{timeouts.ANSWER:g} s", "`timeouts.ANSWER`"
    yield "reading a key", f"{timeouts.READ_KEY:g} s", "`timeouts.READ_KEY`"
    yield "a key that was read is used for", f"{key_store.FRESH_SECONDS:g} s", module("access/key_store")
    yield (
        "circuit breaker: failures in a row / seconds open",
        f"{breaker.FAILURES} / {breaker.OPEN_SECONDS:g} s, in each environment, for each sink",
        module("delivery/breaker"),
    )
    yield "`Retry-After` of `not-stored`", f"{endpoint.RETRY_AFTER_SECONDS} s", module("http/events_api/endpoint")
    yield "the pause between two deliveries of `redrive`", f"1 s doubling to {pause:,} s", module("delivery/redrive")
    yield "`redrive` gives a record up after", f"{RedriveSettings.days:g} days", module("delivery/redrive")
    yield "health is checked", f"at most every {health.LOOKED_AT_SECONDS:g} s", module("http/health")
    yield (
        "a detector's message that failed is tried again after",
        f"1 s doubling to {message_batch.LONGEST_MESSAGE_PAUSE} s",
        module("iot_events/runtime/message_batch"),
    )
    yield (
        "a timer up to this is a delayed message, a longer one a schedule",
        f"{wake_ups.MAX_DELAY} s",
        module("iot_events/runtime/wake_ups"),
    )
    yield (
        "sequence numbers of a deleted detector are kept",
        f"{management.TOMBSTONE_SECONDS // DAY} days",
        module("iot_events/runtime/management"),
    )


def _functions(template: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for folder, one in sorted(functions(template).items()):
        reserved = one.get("ReservedConcurrentExecutions")
        yield code(folder), f"{one['Timeout']} s", f"{one['MemorySize']} MB", str(reserved or "none")


def _queues(template: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, one in of_type(template, "AWS::SQS::Queue"):
        policy = one.get("RedrivePolicy")
        receives = f"{policy['maxReceiveCount']:,}" if policy else "no limit"
        target = code(text(policy["deadLetterTargetArn"])) if policy else ""
        days = one["MessageRetentionPeriod"] // DAY
        yield code(name), f"{one.get('VisibilityTimeout', 30)} s", f"{days} days", receives, target


def _sources(template: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    folders = {id(one): folder for folder, one in functions(template).items()}
    for _, one in of_type(template, "AWS::Lambda::EventSourceMapping"):
        function = template["Resources"][names[text(one["FunctionName"])]]["Properties"]
        at_once = str(one.get("ScalingConfig", {}).get("MaximumConcurrency", ""))
        yield code(text(one["EventSourceArn"])), code(folders[id(function)]), str(one["BatchSize"]), at_once


def _throttles(template: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    [(_, stage)] = of_type(template, "AWS::ApiGatewayV2::Stage")
    default = stage["DefaultRouteSettings"]
    own = {code(route): one for route, one in stage["RouteSettings"].items()}
    for route, one in {"every route without its own": default, **own}.items():
        yield route, str(one["ThrottlingRateLimit"]), str(one["ThrottlingBurstLimit"])


def _kept(template: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    [(_, bucket)] = of_type(template, "AWS::S3::Bucket")
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        if "Prefix" not in rule:
            continue
        moved = next((f"{one['TransitionInDays']} days" for one in rule.get("Transitions", ())), "never")
        days = rule.get("ExpirationInDays")
        yield code(rule["Prefix"]), f"{days} days" if days else "never", moved
