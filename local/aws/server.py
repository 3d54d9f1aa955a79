"""The embedded AWS: every service on one port of the loopback interface, its state gone when it stops."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from botocore.config import Config
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from moto.cloudformation.models import cloudformation_backends
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.firehose.models import firehose_backends
from moto.iotdata.models import iotdata_backends
from moto.kinesis.models import kinesis_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends
from werkzeug.serving import make_server

import local.aws.services.shard_listing  # noqa: F401 - it completes moto's answers
from local.aws import STREAM_MIB, due, emptied_bucket, shortcuts
from local.aws.account import MotoAccount
from local.aws.added_operations import added_operations
from local.aws.client import client
from local.aws.connection import Connection, close_connections
from local.aws.custom_resource import CustomResources
from local.aws.journal import Journal
from local.aws.json_protocol import without_flask
from local.aws.resource_type import moto_class
from local.aws.services import dynamodb, iam, in_place_of, kinesis, s3, s3_request
from local.aws.services.api_gateway import ApiGateway
from local.aws.services.cloudformation import CloudFormation
from local.aws.services.firehose import Firehose
from local.aws.services.iot_data import IotData
from local.aws.services.lambda_functions import Lambda
from local.aws.services.scheduler import Scheduler
from local.aws.services.sqs import Sqs
from local.aws.types import TYPES, forget_known_types
from local.aws.unimplemented import answered
from local.deployment import REGION
from local.iam.access import Access, Services, Unchecked
from local.iam.layer import Enforcement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from local.aws.services.lambda_functions import Run
    from local.iam.keys import AccessKey, AccessKeys

    Application = Callable[..., Iterable[bytes]]
    Layer = Callable[[Application], Application]

FLUSH_SECONDS = 0.1
REQUESTS_WAITING = 128
ONE_AT_A_TIME = threading.Lock()  # moto keeps its state in its modules


class AwsServer:
    """Runs inside `with`; only one at a time in a process.

    `run` runs a function; `api_endpoint` gives the URL at which HTTP APIs and function URLs are served; each of
    `layers` wraps the WSGI application, the last one outermost. Calls that are signed with one of `keys` are checked
    against the role's policies, in `access`; without `keys` nobody is checked.
    Each stream holds `stream_bytes` at most; `say` takes a line when one of them first ends records for that.
    """

    def __init__(
        self,
        *,
        run: Run,
        api_endpoint: Callable[[], str],
        port: int = 0,
        layers: Sequence[Layer] = (),
        keys: AccessKeys | None = None,
        stream_bytes: int = STREAM_MIB * 1024**2,
        say: Callable[[str], None] = print,
    ) -> None:
        self.journal = Journal()
        self.access = Access(MotoAccount())
        self._services: Services = self.access if keys else Unchecked()
        self._enforcement = Enforcement(keys, self.access) if keys else None
        emptying = {emptied_bucket.TYPE: partial(emptied_bucket.tell, self.client)}
        self._custom_resources = CustomResources(run, lambda: self.endpoint, emptying)
        self._asked_port = port
        self._kinesis = partial(kinesis.Kinesis, held_bytes=stream_bytes, say=say)
        self._run = run
        self._api_endpoint = api_endpoint
        self._layers = layers
        self._open = ExitStack()
        self._stopping = threading.Event()

    @property
    def endpoint(self) -> str:
        """The URL of all services. Not 127.0.0.1: moto reads templates from S3 only where the URL says localhost."""
        return f"http://localhost:{self.port}"

    def client(self, service: str, region: str = REGION, key: AccessKey | None = None) -> Any:
        """A boto3 client of this server: the operator's, or a role's with its `key`."""
        retries, addressing = {"mode": "standard", "total_max_attempts": 1}, {"addressing_style": "path"}
        config = Config(retries=retries, s3=addressing)
        return client(service, self.endpoint, region=region, config=config, key=key)

    def __enter__(self) -> Self:
        """Starts it; raises OSError where the port is taken, RuntimeError where another one runs in this process."""
        if not ONE_AT_A_TIME.acquire(blocking=False):
            raise RuntimeError("an embedded AWS already runs in this process")
        with ExitStack() as opening:
            opening.callback(ONE_AT_A_TIME.release)
            listener = opening.enter_context(
                socket.create_server(("127.0.0.1", self._asked_port), backlog=REQUESTS_WAITING)
            )
            self.port = listener.getsockname()[1]
            opening.callback(BackendDict.reset)
            self._replace_services(opening)
            self._add_types(opening)
            self._serve(listener, opening)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it: what Firehose still holds is written first, then all is forgotten."""
        self._open.close()

    def _replace_services(self, opening: ExitStack) -> None:
        substitutes: list[tuple[BackendDict[Any], Callable[..., Any]]] = [
            (apigatewayv2_backends, partial(ApiGateway, endpoint=self._api_endpoint)),
            (cloudformation_backends, CloudFormation),
            (dynamodb_backends, dynamodb.DynamoDb),
            (firehose_backends, partial(Firehose, store=due.store, access=self._services)),
            (iotdata_backends, partial(IotData, access=self._services)),
            (kinesis_backends, self._kinesis),
            (lambda_backends, partial(Lambda, run=self._run, access=self._services, endpoint=self._api_endpoint)),
            (scheduler_backends, partial(Scheduler, access=self._services)),
            (sqs_backends, partial(Sqs, journal=self.journal)),
        ]
        for backends, make in substitutes:
            opening.enter_context(in_place_of(backends, make))
        opening.enter_context(added_operations())
        opening.enter_context(shortcuts.in_place())
        opening.enter_context(dynamodb.checked())
        opening.enter_context(iam.following_templates())
        opening.enter_context(s3.completed())
        opening.enter_context(s3_request.bodies_as_sent())
        opening.enter_context(self._custom_resources.in_place())

    def _add_types(self, opening: ExitStack) -> None:
        added = [moto_class(kind, self.client) for kind in TYPES]
        opening.callback(added.clear)  # moto finds classes as long as someone holds them
        forget_known_types()

    def _serve(self, listener: socket.socket, opening: ExitStack) -> None:
        moto = s3_request.headers_checked(answered(without_flask(DomainDispatcherApplication(create_backend_app))))
        checked = self._enforcement(moto) if self._enforcement else moto
        application: Application = self._custom_resources.in_front_of(self.journal.in_front_of(checked))
        for layer in self._layers:
            application = layer(application)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = make_server(
            "127.0.0.1", self.port, application, threaded=True, request_handler=Connection, fd=listener.fileno()
        )
        threading.Thread(target=server.serve_forever, name="embedded AWS", daemon=True).start()
        opening.callback(close_connections, server)
        opening.callback(server.server_close)
        opening.callback(server.shutdown)
        flusher = threading.Thread(target=self._flush, name="firehose", daemon=True)
        flusher.start()
        opening.callback(flusher.join)
        opening.callback(self._stopping.set)

    def _flush(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            due.flush_firehose()
            due.fire_schedules()
            due.expire_items()
        due.flush_firehose(everything=True)
