"""What a stage's rules make of events, without a stack: the plan that `POST /v1/events/plan` gives."""

import json
from typing import Any

from distributary.aws.bucket import Bucket
from distributary.aws.clients import Clients
from distributary.clock import Clock
from distributary.delivery.claim_check import ClaimCheck
from distributary.http.events_api.addressed import EventReader
from distributary.http.events_api.kept import HttpSettings
from distributary.http.events_api.plan import PlanEndpoint
from distributary.http.request import Request
from distributary.ingest.envelope import EventSettings
from distributary.ingest.plan import Planner
from distributary.ingest.rules import Rules
from distributary.iot_events.input import read_inputs
from distributary.iot_events.message_queue import unnoted
from distributary.iot_events.routing import Readers
from distributary.sinks.registry import KINDS, open_sinks
from distributary.sinks.sink import SinkContext
from distributary_cdk.configuration import Configuration
from distributary_cdk.detector_models import models_of

JSON = "application/json"
_NOWHERE = {"AWS_REGION": "us-east-1"}  # the clients that sinks are made with call nobody here


class RulePlan:
    """The rules, sinks and detector models of one stage. Raises BadDefinition for models that are wrong."""

    def __init__(self, configuration: Configuration) -> None:
        models = models_of(configuration)
        parts, clock = configuration.parts(stage=configuration.stage or "any"), Clock()
        readers = Readers(models.readers)
        context = SinkContext(Clients(_NOWHERE), clock, read_inputs(models.inputs), readers, unnoted)
        settings: Any = {KINDS[name].settings: parts[KINDS[name].settings]() for name in configuration.sinks}
        planner = Planner(
            Rules.from_tables([*configuration.rules], models.inputs, configuration.sinks),
            open_sinks(configuration.sinks, settings.__getitem__, context),
            envelope=configuration.envelope,
            claim_check=ClaimCheck(Bucket(lambda: None, ""), clock),
        )
        of_events: Any = parts[EventSettings]()
        of_http: Any = parts[HttpSettings]()
        self._clock = clock
        self._endpoint = PlanEndpoint(EventReader(of_events, of_http, clock), planner)

    def of(self, body: bytes, content_type: str = JSON, query: str = "") -> dict[str, Any]:
        """The answer: `events` with an entry for each; a problem, with its `code`, for a body that cannot be taken."""
        headers = {"content-type": content_type}
        request = Request("POST", "/v1/events/plan", headers, query, body, time=self._clock.time())
        answer: dict[str, Any] = json.loads(self._endpoint.answer(request).body)
        return answer
