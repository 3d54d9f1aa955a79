"""S3 whose bucket policies are kept and shown, but not enforced.

moto 5.2.5 applies a statement whatever its Condition says, so a bucket that refuses plain HTTP would refuse everything;
and on the loopback interface everything is plain HTTP.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket


def no_opinion(self: FakeBucket, action: str, resource: str) -> Any:
    """The answer of a bucket without a policy."""
    return PermissionResult.NEUTRAL


@contextmanager
def without_enforced_policies() -> Iterator[None]:
    """Inside it, no bucket has an opinion."""
    own = FakeBucket.get_permission
    FakeBucket.get_permission = no_opinion  # type: ignore[method-assign]  # it has no switch
    try:
        yield
    finally:
        FakeBucket.get_permission = own  # type: ignore[method-assign]  # likewise
