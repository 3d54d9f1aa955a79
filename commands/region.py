"""The region that all commands work in, which is the one that `make deploy` deploys to."""

import os
from collections.abc import Mapping

from botocore.session import Session
from botocore.utils import IMDSRegionProvider

DEFAULT = "us-east-1"
_NAMES = ("AWS_REGION", "AMAZON_REGION", "AWS_DEFAULT_REGION", "AMAZON_DEFAULT_REGION")


def region(environ: Mapping[str, str] = os.environ) -> str:
    """The region that the CDK CLI would choose; boto3 by itself does not read AWS_REGION.

    Its order: the environment, the profile, the default profile, the metadata of an EC2 instance, us-east-1. Source:
    https://docs.aws.amazon.com/cdk/v2/guide/configure-access.html and `region()` of its `AwsCliCompatible`.
    """
    if found := next((environ[name] for name in _NAMES if environ.get(name)), None):
        return found
    session = Session()
    profiles = session.full_config["profiles"]
    for profile in (environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE"), "default"):
        if found := profiles.get(profile, {}).get("region"):
            return str(found)
    # A session of its own: its profile may be unknown, which is said when a client is made.
    metadata = IMDSRegionProvider(Session(session_vars={"profile": (None, [], None, None)}), environ)
    return metadata.provide() or DEFAULT
