"""AWS clients, all from one botocore session, with the timeouts and attempts of `timeouts`."""

from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

from distributary import VERSION, timeouts

MODELS = Path(__file__).parent / "models"
"""Service models that botocore does not bring: `iotevents-data`, which it dropped in 1.43.38."""


class Clients:
    """Makes clients; region, credentials and endpoints are where botocore always looks for them."""

    def __init__(self) -> None:
        self._session = Session()
        self._session.get_component("data_loader").search_paths.append(str(MODELS))

    def make(self, service: str, *, connections: int = 10, endpoint: str = "") -> Any:
        """A client that checks no parameters (its callers have) and keeps `connections` open; `endpoint` is a URL."""
        config = Config(
            connect_timeout=timeouts.CONNECT,
            read_timeout=timeouts.READ,
            retries={"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS},
            max_pool_connections=connections,
            parameter_validation=False,
            user_agent=f"distributary/{VERSION}",  # whole: composing botocore's own costs 0.1 ms a call
        )
        return self._session.create_client(service, config=config, endpoint_url=endpoint or None)
