"""Which version of each model runs: raised by a deployment, after its functions, where a definition has changed."""

import json
from collections.abc import Callable, Mapping
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
_PAUSE = 1
_ANSWER_SECONDS = 10


def publish(hashes: Mapping[str, str], store: DetectorTable) -> dict[str, str]:
    """Activates each model (name → hash of its definition) that is not the active one under the next number.

    Gives all models' numbers. A rollback is such a change too: its definitions get new numbers. Raises SinkUnavailable.
    """
    active = store.versions(hashes)
    for name, sha256 in hashes.items():
        before = active.get(name)
        if before is None or before.sha256 != sha256:
            active[name] = Version(str(int(before.number) + 1 if before else 1), sha256)
            store.activate(name, active[name], before)
    return {name: version.number for name, version in active.items()}


def publish_once_settled(hashes: Mapping[str, str], store: DetectorTable, clock: Clock) -> None:
    """Publishes; what IAM denies is asked again for 20 s, everything else is raised at once. Raises SinkUnavailable."""
    until = clock.monotonic() + SETTLES_WITHIN
    while True:
        try:
            publish(hashes, store)
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
            publish_once_settled(event["ResourceProperties"]["Models"], store, clock)
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
