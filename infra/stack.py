"""The one stack of a stage: names the constructs, wires them, grants what each role needs."""

import aws_cdk as cdk
from constructs import Construct

from infra.api import Api
from infra.configuration import Configuration
from infra.function import Function
from infra.iot_events import IotEvents
from infra.keys import Keys
from infra.streams import Streams


class DistributaryStack(cdk.Stack):
    """One endpoint and the three streams behind it."""

    def __init__(self, scope: Construct, name: str, *, configuration: Configuration) -> None:
        description = "Distributary: one HTTPS endpoint, three AWS streams"
        super().__init__(scope, name, description=description, termination_protection=configuration.retain)
        streams = Streams(self, "Streams", configuration=configuration)
        iot_events = IotEvents(self, "IotEvents", configuration=configuration)
        keys = Keys(self, "Keys", configuration=configuration)
        settings = configuration.settings(
            delivery_stream_name=streams.delivery_stream.delivery_stream_name,
            stream_name=streams.stream.stream_name,
            message_queue_url=iot_events.queue_url,
            key_table_name=keys.table_name,
            key_secret_arn=keys.secret_arn,
        )
        functions = {
            folder: Function(self, name, folder=folder, configuration=configuration, settings=settings)
            for name, folder in {"Ingest": "ingest", "CheckHealth": "check_health"}.items()
        }
        ingest, check_health = functions["ingest"], functions["check_health"]
        for sink in (streams, iot_events):
            sink.grant_write(ingest)
            sink.grant_look(check_health)
        keys.grant_read(ingest)
        api = Api(self, "Api", functions=functions, cors_origins=configuration.http.cors_origins)
        outputs = {
            "Stage": configuration.stage,
            "Endpoint": api.endpoint,
            "StreamName": streams.stream.stream_name,
            "StreamArn": streams.stream.stream_arn,
            "DeliveryStreamName": streams.delivery_stream.delivery_stream_name,
            "BucketName": streams.bucket.bucket_name,
            "MessageQueueUrl": iot_events.queue_url,
            "KeyTableName": keys.table_name,
            "KeySecretArn": keys.secret_arn,
            "IngestFunctionName": ingest.function_name,
            "HealthFunctionName": check_health.function_name,
            "IngestLogGroupName": ingest.log_group.log_group_name,
            "HealthLogGroupName": check_health.log_group.log_group_name,
            "DeliveryLogGroupName": streams.delivery_logs.log_group_name,
        }
        for key, value in outputs.items():
            if value:
                cdk.CfnOutput(self, key, value=value)
