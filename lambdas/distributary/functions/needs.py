"""What each function reads of the settings, and which sinks it has: the stack gives it these and no others.

It stands apart from the functions, so that synthesis need not load what only they use.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from distributary.access.key_store import KeySettings
from distributary.aws.bucket import BucketSettings
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.functions.stage_sinks import DEPLOYED_SINKS, WRITTEN_SINKS, StageSinks
from distributary.http.aws_api.endpoint import AwsApiSettings
from distributary.http.events_api.kept import HttpSettings
from distributary.ingest.envelope import EventSettings
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.settings import Settings


class Needs(NamedTuple):
    """One function's parts of the settings; `sinks` are names, `WRITTEN_SINKS` or `DEPLOYED_SINKS`."""

    settings: tuple[type[Settings], ...]
    sinks: str | Collection[str] = ()


NEEDS: Mapping[str, Needs] = {
    "carry_out": Needs((DetectorSettings,), ("iot_events",)),
    "check_health": Needs((StageSinks,), WRITTEN_SINKS),
    "ingest": Needs(
        (KeySettings, EventSettings, HttpSettings, DeliverySettings, BucketSettings, AwsApiSettings, StageSinks),
        WRITTEN_SINKS,
    ),
    "publish_models": Needs((DetectorSettings,), ()),
    "redrive": Needs((RedriveSettings, BucketSettings, StageSinks), DEPLOYED_SINKS),
    "run_detectors": Needs((DetectorSettings, BucketSettings), ()),
    "serve_detectors": Needs((KeySettings, DetectorSettings), ()),
    "take_messages": Needs((DeliverySettings, BucketSettings, StageSinks), ("iot_events",)),
    "wake_detectors": Needs((DetectorSettings,), ()),
}
"""By the function's name."""
