"""boto3 clients of an AWS on this machine."""

from typing import Any

import boto3
from botocore.config import Config

ANY_KEY = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


def embedded_client(
    endpoint: str, service: str, attempts: int = 1, config: Config | None = None, **credentials: str
) -> Any:
    """A client of the server at `endpoint`, with any credentials unless they are given.

    It makes one attempt, so that nothing is hidden.
    """
    own = Config(retries={"mode": "standard", "total_max_attempts": attempts}, s3={"addressing_style": "path"})
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        config=own.merge(config) if config else own,
        **(credentials or ANY_KEY),
    )
