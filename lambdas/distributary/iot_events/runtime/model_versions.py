"""Which version of each model runs: raised by a deployment, after its functions, where a definition has changed.

A deployment that takes a model away from its detectors is refused unless its owner has confirmed that.
"""

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

from distributary.clock import Clock
from distributary.errors import SinkUnavailable
from distributary.iot_events.runtime.detector_item import Version
from distributary.iot_events.runtime.detector_table import DetectorTable

PHYSICAL_ID = "detector-models"
# Seconds. The first deployment asks with a role that was made a moment ago, and IAM settles within some seconds:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
SETTLES_WITHIN = 20
ROLLBACK_SECONDS = 3 * 3600
"""A model that was added so recently may go: CloudFormation, which gives no reason, may be taking that addition back.

Longer than a stack's update takes, CodeDeploy's shifts of a quarter of an hour included.
"""
_PAUSE = 1
_ANSWER_SECONDS = 10


class DetectorsWouldStop(Exception):
    """Models that have detectors are no longer among those of the stage, and nobody has confirmed that."""

    def __init__(self, models: Collection[str]) -> None:
        super().__init__(
            f"{', '.join(models)}: its detectors would stop, since no file of the stage has the model now. To keep "
            "it, put the file back or name its folder in [detectors] folders. To stop it: [detectors] remove = "
            f"{json.dumps([*models])} (docs/how-to/upgrade.md)"
        )


def publish(
    hashes: Mapping[str, str], store: DetectorTable, *, known: Collection[str] = (), now: int = 0
) -> dict[str, str]:
    """Activates each model (name → hash of its definition) that is not the active one under the next number.

    Gives all models' numbers. A rollback is such a change too: its definitions get new numbers. Models that are not
    `known`, as those that the stage has had until now are, are noted as added at `now`. Raises SinkUnavailable.
    """
    active = store.versions(hashes)
    for name, sha256 in hashes.items():
        before = active.get(name)
        number = int(before.number) + (before.sha256 != sha256) if before else 1
        version = Version(str(number), sha256, before.added if before and name in known else now)
        if version != before:
            store.activate(name, version, before)
            active[name] = version
    return {name: version.number for name, version in active.items()}


def refuse_to_stop(gone: Collection[str], store: DetectorTable, now: int) -> None:
    """Raises DetectorsWouldStop for models that go and have detectors, and SinkUnavailable."""
    long_there = [name for name, one in store.versions(gone).items() if now - one.added >= ROLLBACK_SECONDS]
    if stopping := [name for name in long_there if store.has_detectors(name)]:
        raise DetectorsWouldStop(stopping)


def change_models(event: Mapping[str, Any], store: DetectorTable, now: int) -> None:
    """From the models of the request's old properties to those of its new ones."""
    wanted, known = event["ResourceProperties"], event.get("OldResourceProperties", {}).get("Models", {})
    refuse_to_stop(known.keys() - wanted["Models"].keys() - {*wanted.get("Remove", ())}, store, now)
    publish(wanted["Models"], store, known=known, now=now)


def once_settled(change: Callable[[], None], clock: Clock) -> None:
    """Makes the change; what IAM denies is asked again for 20 s, everything else is raised at once."""
    until = clock.monotonic() + SETTLES_WITHIN
    while True:
        try:
            change()
        except SinkUnavailable as error:
            if "AccessDenied" not in error.code or clock.monotonic() >= until:
                raise
            clock.sleep(_PAUSE)
        else:
            return


def resource_answer(event: Mapping[str, Any], store: DetectorTable, clock: Clock) -> dict[str, Any]:
    """CloudFormation's answer to a custom resource's request; deleting leaves the versions as they are.

    The request names the definitions, not this function: in a rollback CloudFormation may ask before it has put the
    function back. No numbers are in the answer, which takes 4,096 bytes.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    names = ("StackId", "RequestId", "LogicalResourceId")
    about = {name: event[name] for name in names} | {"PhysicalResourceId": event.get("PhysicalResourceId", PHYSICAL_ID)}
    try:
        if event["RequestType"] != "Delete":
            once_settled(partial(change_models, event, store, int(clock.time())), clock)
    except Exception as error:  # noqa: BLE001 - without an answer CloudFormation waits for an hour
        return {**about, "Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"[:1000]}
    return {**about, "Status": "SUCCESS"}


def publisher(store: DetectorTable, clock: Clock) -> Callable[[Mapping[str, Any], object], None]:
    """A Lambda handler for the custom resource: it sends its answer to where CloudFormation waits for it."""

    def handle(event: Mapping[str, Any], _context: object = None) -> None:
        body = json.dumps(resource_answer(event, store, clock)).encode()
        request = Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})  # noqa: S310 - CloudFormation's own URL
        with urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310 - likewise
            pass

    return handle
