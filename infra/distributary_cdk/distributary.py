"""The construct: one endpoint and the streams behind it, as part of any stack."""

from collections import ChainMap
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from distributary import VERSION
from distributary.errors import SettingsError
from distributary_cdk.alarms import Alarms
from distributary_cdk.configuration import Configuration
from distributary_cdk.dashboard import Dashboard
from distributary_cdk.detectors import Detectors
from distributary_cdk.encryption import own_key
from distributary_cdk.front import front_of
from distributary_cdk.functions import CheckHealth, Ingest, Redrive
from distributary_cdk.home import Home, place_in_stack, unique_name
from distributary_cdk.iot_rules import IotRules
from distributary_cdk.keys import Keys
from distributary_cdk.release import Release
from distributary_cdk.routes import is_cut_off
from distributary_cdk.rule_tests import check_rules
from distributary_cdk.sinks.iot_events import IotEvents
from distributary_cdk.sinks.kinesis import Kinesis
from distributary_cdk.sinks.registry import SINKS
from distributary_cdk.sinks.sink import Shared
from distributary_cdk.storage import Storage

P = ParamSpec("P")


def _with_keywords_of(
    props: Callable[P, Configuration],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, Construct, str, P], None]]:
    """Give a constructor the keywords of the props, so that each is declared once and editors still know them."""

    def decorate(constructor: Callable[..., None]) -> Callable[Concatenate[Any, Construct, str, P], None]:
        def take(self: Any, scope: Construct, name: str, /, *args: P.args, **kwargs: P.kwargs) -> None:
            constructor(self, scope, name, props(*args, **kwargs))

        return take

    return decorate


class Distributary(Home):
    """One endpoint and the streams behind it; its keywords are the fields of `Configuration`.

    Raises SettingsError or BadDefinition with every fault of its keywords, its models and its inputs.
    """

    @_with_keywords_of(Configuration)
    def __init__(self, scope: Construct, name: str, configuration: Configuration) -> None:
        super().__init__(scope, name)
        configuration = replace(configuration, stage=configuration.stage or unique_name(self))
        check_rules(configuration)
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
        by_route: dict[str, CheckHealth] = {}
        if not is_cut_off("check_health", configuration.http.front):
            by_route["check_health"] = CheckHealth(self, "CheckHealth", sinks=written, **made)
        redrive = Redrive(self, "Redrive", sinks=sinks, **made)
        detectors.publish_before([ingest, redrive, *rules.functions])
        release = Release(self, "Release", function=ingest, configuration=configuration)
        others = {**by_route, **detectors.functions}
        front = front_of(self, release=release, ingest=ingest, others=others, configuration=configuration, key=key)
        parts = (front, storage, *sinks, keys, rules, detectors, ingest, *by_route.values(), redrive, release)
        alarms = Alarms(self, "Alarms", configuration=configuration, parts=parts).made
        every = [release.brake, *alarms] if release.brake else alarms
        Dashboard(self, "Dashboard", configuration=configuration, parts=parts, alarms=every, http_api=front.http_api)
        self._stream = next((sink.stream for sink in sinks if isinstance(sink, Kinesis)), None)
        self._bucket, self._front = storage.bucket, front
        self._asks_for_keys = configuration.auth == "keys"
        outputs = {
            "Version": VERSION,
            "Stage": configuration.stage,
            "Sinks": ",".join(configuration.deployed_sinks),
            "KeptSinks": ",".join(configuration.keep),
        }
        for part in parts:
            outputs |= part.outputs
        self._add_outputs(outputs)

    @property
    def endpoint(self) -> str:
        """The base URL that clients post to, without a slash at its end."""
        return self._front.endpoint

    @property
    def stream(self) -> kinesis.IStream:
        """The Kinesis stream that events go to. Raises SettingsError without the sink `kinesis`."""
        if self._stream is None:
            raise SettingsError(["stream: kinesis is not among the sinks"])
        return self._stream

    @property
    def bucket(self) -> s3.IBucket:
        """The bucket that Firehose delivers to."""
        return self._bucket

    def grant_send(self, function: lambda_.Function, key: secretsmanager.ISecret | None = None) -> None:
        """Let the function send events: it gets the endpoint, and may read the secret that holds its key.

        Raises SettingsError without a secret, where the endpoint asks for keys.
        """
        if key:
            key.grant_read(function)
            function.add_environment("DISTRIBUTARY_KEY_ARN", key.secret_arn)
        elif self._asks_for_keys:
            raise SettingsError(["grant_send: needs the secret that holds a key, since auth = 'keys'"])
        function.add_environment("DISTRIBUTARY_ENDPOINT", self.endpoint)

    def _add_outputs(self, outputs: dict[str, str]) -> None:
        """An output of the stack for each that has a value, named for the construct's place in it."""
        prefix = place_in_stack(self).replace("-", "")
        for key in filter(outputs.get, outputs):
            cdk.CfnOutput(self, key, value=outputs[key]).override_logical_id(f"{prefix}{key}")
