"""AWS clients, all from one botocore session, with the timeouts and attempts of `timeouts`."""

from functools import cached_property
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any

from botocore.config import Config
from botocore.httpsession import get_cert_path
from botocore.session import Session
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url

from distributary import VERSION
from distributary.aws import timeouts
from distributary.aws.json_client import JsonClient
from distributary.aws.signing import Credentials
from distributary.clock import Clock

MODELS = Path(__file__).parent / "service_models"
"""Service models that botocore does not bring: `iotevents-data`, which it dropped in 1.43.38."""


QUICK = frozenset({"dynamodb", "firehose", "kinesis", "sqs"})
"""Services whose frequent calls go by `JsonClient`."""


class Clients:
    """Makes clients; region, credentials and endpoints are where botocore always looks for them."""

    def __init__(self) -> None:
        self._session = Session()
        self._session.get_component("data_loader").search_paths.append(str(MODELS))

    def make(
        self, service: str, *, connections: int = 10, endpoint: str = "", read_timeout: float = timeouts.READ
    ) -> Any:
        """A client that checks no parameters (its callers have) and keeps `connections` open; `endpoint` is a URL."""
        config = Config(
            connect_timeout=timeouts.CONNECT,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS},
            max_pool_connections=connections,
            parameter_validation=False,
            user_agent=f"distributary/{VERSION}",  # whole: composing botocore's own costs 0.1 ms a call
        )
        client = self._session.create_client(service, config=config, endpoint_url=endpoint or None)
        if service not in QUICK:
            return client
        return JsonClient(client, self._credentials, self._pool(client), Clock())

    def _credentials(self) -> Credentials | None:
        found = self._session.get_credentials()
        return found.get_frozen_credentials() if found else None

    def _pool(self, client: Any) -> HTTPConnectionPool:
        url, config = client.meta.endpoint_url, client.meta.config
        timeout = Timeout(connect=config.connect_timeout, read=config.read_timeout)
        trust = {"ssl_context": self._trust} if url.startswith("https:") else {}
        return connection_from_url(url, maxsize=config.max_pool_connections, timeout=timeout, **trust)

    @cached_property
    def _trust(self) -> SSLContext:
        """One for all connections: to read the certificates takes longer than a call."""
        return create_default_context(
            cafile=self._session.get_config_variable("ca_bundle") or get_cert_path(verify=True)
        )
