"""The construct: one endpoint and the streams behind it, as part of any stack."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from distributary.errors import SettingsError
from distributary_cdk.alarms import Alarms
from distributary_cdk.api import Api
from distributary_cdk.checks import accept
from distributary_cdk.configuration import Configuration
from distributary_cdk.dashboard import Dashboard
from distributary_cdk.detectors import Detectors
from distributary_cdk.encryption import let_logs_use
from distributary_cdk.function import Function
from distributary_cdk.home import Home, place_in_stack, unique_name
from distributary_cdk.iot_events import IotEvents
from distributary_cdk.iot_rules import IotRules
from distributary_cdk.keys import Keys
from distributary_cdk.release import Release
from distributary_cdk.spill import Spill
from distributary_cdk.streams import Streams
from distributary_cdk.version import VERSION

_FUNCTIONS = {"Ingest": "ingest", "CheckHealth": "check_health", "Redrive": "redrive"}

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
        self.key = configuration.key
        if self.key:
            let_logs_use(self.key, cdk.Stack.of(self))
        brought = {"kinesis": configuration.kinesis.stream, "s3": configuration.bucket.bucket}
        self.keys_of_others = {service: one.encryption_key for service, one in brought.items() if one}
        if configuration.bucket.bucket:
            self.arns_of_others = {"Streams/Bucket": configuration.bucket.bucket.bucket_arn}
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
        self._streams, self._api, self._asks_for_keys = streams, api, configuration.auth == "keys"
        outputs = {
            "Version": VERSION,
            "Stage": configuration.stage,
            "MessageQueueUrl": iot_events.queue_url,
        } | release.outputs
        parts = (api.outputs, streams.outputs, spill.outputs, keys.outputs, detectors.outputs, rules.outputs)
        for found in (*parts, *(function.outputs for function in functions.values())):
            outputs |= found
        self._add_outputs(outputs)
        accept(self)

    @property
    def endpoint(self) -> str:
        """The base URL that clients post to, without a slash at its end."""
        return self._api.endpoint

    @property
    def stream(self) -> kinesis.IStream:
        """The Kinesis stream that events go to."""
        return self._streams.stream

    @property
    def bucket(self) -> s3.IBucket:
        """The bucket that Firehose delivers to."""
        return self._streams.bucket

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
