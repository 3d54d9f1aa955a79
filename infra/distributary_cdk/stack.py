"""The one stack of a stage: names the constructs, wires them, grants what each role needs."""

import aws_cdk as cdk
from constructs import Construct

from distributary_cdk.alarms import Alarms
from distributary_cdk.api import Api
from distributary_cdk.configuration import Configuration
from distributary_cdk.dashboard import Dashboard
from distributary_cdk.detectors import Detectors
from distributary_cdk.function import Function
from distributary_cdk.iot_events import IotEvents
from distributary_cdk.iot_rules import IotRules
from distributary_cdk.keys import Keys
from distributary_cdk.release import Release
from distributary_cdk.spill import Spill
from distributary_cdk.streams import Streams

_FUNCTIONS = {"Ingest": "ingest", "CheckHealth": "check_health", "Redrive": "redrive"}


class DistributaryStack(cdk.Stack):
    """One endpoint and the three streams behind it."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        description = "Distributary: one HTTPS endpoint, three AWS streams"
        super().__init__(scope, name, description=description, termination_protection=configuration.retain)
        streams = Streams(self, "Streams", configuration=configuration)
        iot_events = IotEvents(self, "IotEvents", configuration=configuration)
        keys = Keys(self, "Keys", configuration=configuration)
        spill = Spill(self, "Spill", configuration=configuration, bucket=streams.bucket)
        names = streams.names | keys.names | spill.names
        settings = configuration.settings(message_queue_url=iot_events.queue_url, **names)
        rules = IotRules(self, "IotRules", configuration=configuration, settings=settings, feed=iot_events, spill=spill)
        detectors = Detectors(
            self, "Detectors", configuration=configuration, feed=iot_events, keys=keys, settings=settings
        )
        functions = {
            folder: Function(self, name, folder=folder, configuration=configuration, settings=settings)
            for name, folder in _FUNCTIONS.items()
        } | detectors.functions
        ingest, check_health, redrive = functions["ingest"], functions["check_health"], functions["redrive"]
        for part in (streams, iot_events, spill):
            part.grant_write(ingest)
            part.grant_write(redrive)
            part.grant_look(check_health)
        for grant in (streams.grant_api, spill.grant_claim, keys.grant_read):
            grant(ingest)
        spill.grant_park(detectors.functions)
        spill.feed(redrive)
        release = Release(self, "Release", function=ingest, configuration=configuration)
        api = Api(self, "Api", functions={**functions, "ingest": release.alias}, configuration=configuration)
        Alarms(self, "Alarms", configuration=configuration)
        Dashboard(self, "Dashboard", configuration=configuration)
        outputs = {"Stage": configuration.stage, "MessageQueueUrl": iot_events.queue_url} | release.outputs
        parts = (api.outputs, streams.outputs, spill.outputs, keys.outputs, detectors.outputs, rules.outputs)
        for found in (*parts, *(function.outputs for function in functions.values())):
            outputs |= found
        for key in filter(outputs.get, outputs):
            cdk.CfnOutput(self, key, value=outputs[key])
