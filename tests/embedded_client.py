"""boto3 clients of an AWS on this machine."""

from typing import Any

import boto3
from botocore.config import Config


def embedded_client(endpoint: str, service: str, attempts: int = 1) -> Any:
    """A client of the server at `endpoint`, which takes any credentials; one attempt, so that nothing is hidden."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, s3={"addressing_style": "path"}),
    )
