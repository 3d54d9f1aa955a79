"""AWS clients with the timeouts and attempts of `timeouts`: our own for AWS JSON, botocore's for other protocols."""

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any

from distributary import VERSION
from distributary.aws import timeouts
from distributary.aws.connections import Connections
from distributary.aws.environment import AwsEnvironment
from distributary.aws.json_client import JsonClient, JsonService
from distributary.clock import Clock

MODELS = Path(__file__).parent / "service_models"
"""Service models that botocore does not bring: `iotevents-data`, which it dropped in 1.43.38."""

JSON_SERVICES = {
    service.name: service
    for service in (
        JsonService("dynamodb", "DynamoDB_20120810", "1.0"),
        JsonService("firehose", "Firehose_20150804", "1.1"),
        JsonService("kinesis", "Kinesis_20131202", "1.1"),
        JsonService("secretsmanager", "secretsmanager", "1.1"),
        JsonService("sqs", "AmazonSQS", "1.0"),
    )
}
"""The services that functions call while nothing fails. Source: the metadata of botocore's models."""

_USER_AGENT = f"distributary/{VERSION}"


class Clients:
    """Makes clients; region, credentials and endpoints are where AWS puts them in a function's `environment`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = AwsEnvironment(environment)

    def make(
        self, service: str, *, connections: int = 10, endpoint: str = "", read_timeout: float = timeouts.READ
    ) -> Any:
        """A client that checks no parameters (its callers have) and keeps `connections` open; `endpoint` is a URL.

        botocore is loaded when the first call needs it: for the services that speak no AWS JSON.
        """
        if service not in JSON_SERVICES:
            return LateClient(lambda: self._botocore(service, connections, endpoint, read_timeout))
        url = endpoint or self._environment.endpoint(service)
        url = url or str(self._botocore(service, connections, "", read_timeout).meta.endpoint_url)
        return JsonClient(
            JSON_SERVICES[service],
            self._environment.region,
            url,
            _USER_AGENT,
            self._environment.credentials,
            Connections(url, kept=connections, connect=timeouts.CONNECT, read=read_timeout, trust=lambda: self.trust),
            Clock(),
        )

    @cached_property
    def trust(self) -> SSLContext:
        """One for all connections: to read the certificates takes longer than a call."""
        return create_default_context(cafile=self._environment.certificates or _botocores_certificates())

    @cached_property
    def _session(self) -> Any:
        from botocore.session import Session  # noqa: PLC0415 - half of a cold start

        session = Session()
        session.get_component("data_loader").search_paths.append(str(MODELS))
        return session

    def _botocore(self, service: str, connections: int, endpoint: str, read_timeout: float) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - likewise

        config = Config(
            connect_timeout=timeouts.CONNECT,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS},
            max_pool_connections=connections,
            parameter_validation=False,
            user_agent=_USER_AGENT,  # whole: composing botocore's own costs 0.1 ms a call
        )
        where = {"region_name": self._environment.region, "endpoint_url": endpoint or None}
        return self._session.create_client(service, config=config, **where)


class LateClient:
    """Makes its client on first use."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        """What the client has under this name."""
        return getattr(self._client, name)


def _botocores_certificates() -> str | None:
    """The certificates that botocore brings along, without loading it; None for the system's where it is not there."""
    found = find_spec("botocore")
    [folder] = (found.submodule_search_locations if found else None) or [""]
    return str(Path(folder, "cacert.pem")) if folder else None
