"""The one stack of a stage: names the constructs, wires them, collects their outputs, alarms and graphs."""

from collections import ChainMap
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from distributary_cdk.alarms import Alarms
from distributary_cdk.api import Api
from distributary_cdk.configuration import Configuration
from distributary_cdk.dashboard import Dashboard
from distributary_cdk.detectors import Detectors
from distributary_cdk.encryption import own_key
from distributary_cdk.functions import CheckHealth, Ingest, Redrive
from distributary_cdk.iot_rules import IotRules
from distributary_cdk.keys import Keys
from distributary_cdk.release import Release
from distributary_cdk.sinks.iot_events import IotEvents
from distributary_cdk.sinks.registry import SINKS
from distributary_cdk.sinks.sink import Shared
from distributary_cdk.storage import Storage


class DistributaryStack(cdk.Stack):
    """One endpoint and the sinks behind it."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        description = "Distributary: one HTTPS endpoint, three AWS streams"
        super().__init__(scope, name, description=description, termination_protection=configuration.retain)
        key = own_key(self, configuration)
        made: dict[str, Any] = {"configuration": configuration, "key": key}
        streams = Construct(self, "Streams")
        storage = Storage(streams, **made)
        shared = Shared(storage=storage, streams=streams, retry_queues=Construct(self, "Spill"), **made)
        sinks = [kind(self, shared) for kind in SINKS if kind.name in configuration.deployed_sinks]
        written = [sink for sink in sinks if sink.name in configuration.sinks]
        iot_events = next((sink for sink in sinks if isinstance(sink, IotEvents)), None)
        keys = Keys(self, "Keys", **made)
        names = dict(ChainMap(storage.names, keys.names, *(sink.names for sink in sinks)))
        made["settings"] = configuration.settings(**names)
        rules = IotRules(self, "IotRules", iot_events=iot_events, **made)
        detectors = Detectors(self, "Detectors", iot_events=iot_events, keys=keys, storage=storage, **made)
        ingest = Ingest(self, "Ingest", sinks=written, storage=storage, keys=keys, **made)
        check_health = CheckHealth(self, "CheckHealth", sinks=written, **made)
        redrive = Redrive(self, "Redrive", sinks=sinks, **made)
        release = Release(self, "Release", function=ingest, configuration=configuration)
        functions = {"ingest": release.alias, "check_health": check_health, **detectors.functions}
        api = Api(self, "Api", functions=functions, configuration=configuration, key=key)
        parts = (api, storage, *sinks, keys, rules, detectors, ingest, check_health, redrive, release)
        alarms = Alarms(self, "Alarms", configuration=configuration, parts=parts).made
        every = [release.brake, *alarms] if release.brake else alarms
        Dashboard(self, "Dashboard", configuration=configuration, parts=parts, alarms=every, http_api=api.http_api)
        cdk.CfnOutput(self, "Stage", value=configuration.stage)
        cdk.CfnOutput(self, "Sinks", value=",".join(configuration.deployed_sinks))
        if configuration.keep:
            cdk.CfnOutput(self, "KeptSinks", value=",".join(configuration.keep))
        for output, value in ((output, value) for part in parts for output, value in part.outputs.items() if value):
            cdk.CfnOutput(self, output, value=value)
