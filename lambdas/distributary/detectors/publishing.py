"""Which version of each model runs: raised by a deployment, after its functions, where a definition has changed."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import Request, urlopen

from distributary.detectors.carried import Models
from distributary.detectors.item import Version
from distributary.detectors.store import Store

PHYSICAL_ID = "detector-models"
_ANSWER_SECONDS = 10


def publish(models: Models, store: Store) -> dict[str, str]:
    """Activates each model whose definition is not the active one under the next number; all models' numbers.

    A rollback is such a change too: its definitions get new numbers. Raises SinkUnavailable.
    """
    active = store.versions(models.names())
    for name in models.names():
        before, sha256 = active.get(name), models.sha256(name)
        if before is None or before.sha256 != sha256:
            active[name] = Version(str(int(before.number) + 1 if before else 1), sha256)
            store.activate(name, active[name], before)
    return {name: version.number for name, version in active.items()}


def answer(event: Mapping[str, Any], models: Models, store: Store) -> dict[str, Any]:
    """CloudFormation's answer to a custom resource's request; deleting leaves the versions as they are.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    names = ("StackId", "RequestId", "LogicalResourceId")
    told = {name: event[name] for name in names} | {"PhysicalResourceId": event.get("PhysicalResourceId", PHYSICAL_ID)}
    try:
        data = publish(models, store) if event["RequestType"] != "Delete" else {}
    except Exception as error:  # noqa: BLE001 - without an answer CloudFormation waits for an hour
        return {**told, "Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"[:1000]}
    return {**told, "Status": "SUCCESS", "Data": data}


def publisher(models: Models, store: Store) -> Callable[[Mapping[str, Any], object], None]:
    """A Lambda handler for the custom resource: it sends its answer to where CloudFormation waits for it."""

    def handle(event: Mapping[str, Any], _context: object = None) -> None:
        body = json.dumps(answer(event, models, store)).encode()
        told = Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})  # noqa: S310 - CloudFormation's own URL
        with urlopen(told, timeout=_ANSWER_SECONDS):  # noqa: S310 - likewise
            pass

    return handle
