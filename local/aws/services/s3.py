"""S3 whose bucket policies are kept and shown, but not enforced, and which refuses life-cycle rules as AWS does.

moto 5.2.5 applies a statement of a policy whatever its Condition says, so a bucket that refuses plain HTTP would refuse
everything; and on the loopback interface everything is plain HTTP. It takes every life-cycle rule that it can read.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket

from local.aws.life_cycle import refusal

OWN_SET_LIFECYCLE = FakeBucket.set_lifecycle


def no_opinion(self: FakeBucket, action: str, resource: str) -> Any:
    """The answer of a bucket without a policy."""
    return PermissionResult.NEUTRAL


def set_lifecycle(self: FakeBucket, rules: list[dict[str, Any]]) -> None:
    """Keeps the rules, or says why not; what the bucket had stays then."""
    if refused := refusal(rules):
        raise S3ClientError(refused.code, refused.message)
    OWN_SET_LIFECYCLE(self, rules)


@contextmanager
def completed() -> Iterator[None]:
    """Inside it, buckets are as described above."""
    with ExitStack() as undo:
        for name, ours in (("get_permission", no_opinion), ("set_lifecycle", set_lifecycle)):
            undo.callback(setattr, FakeBucket, name, getattr(FakeBucket, name))
            setattr(FakeBucket, name, ours)  # moto has no switch
        yield
