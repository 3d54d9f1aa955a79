"""boto3 clients of the embedded AWS, whatever AWS settings this user has."""

import os
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.deployment import CREDENTIALS, REGION

# By nothing in the environment, and by no file: an unknown AWS_PROFILE is no fault here.
_NO_SETTINGS: dict[str, tuple[Any, ...]] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}


def client(service: str, endpoint: str, *, region: str = REGION, config: Config | None = None) -> Any:
    """A client of the embedded AWS at that URL."""
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=config,
    )


@cache
def _session() -> boto3.Session:
    """One for all: it remembers the services' descriptions, which take long to read."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=_NO_SETTINGS))
