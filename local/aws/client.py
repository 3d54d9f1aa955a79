"""boto3 clients of the embedded AWS, whatever AWS settings this user has."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session

from local.deployment import CREDENTIALS, REGION

if TYPE_CHECKING:
    from botocore.config import Config

    from local.iam.keys import AccessKey

# By nothing in the environment, and by no file: an unknown AWS_PROFILE is no fault here.
_NO_SETTINGS: dict[str, tuple[Any, ...]] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}


def client(
    service: str, endpoint: str, *, region: str = REGION, config: Config | None = None, key: AccessKey | None = None
) -> Any:
    """A client of the embedded AWS at that URL: the operator's, or a role's with its `key`."""
    own = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], None
    number, secret, token = (key.id, key.secret, key.token) if key else own
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=number,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=config,
    )


@cache
def _session() -> boto3.Session:
    """One for all: it remembers the services' descriptions, which take long to read."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=_NO_SETTINGS))
