"""How long the bucket keeps its objects: S3 life-cycle rules, of which at most one expires any object.

Rules whose prefixes overlap may not expire the same objects: S3 refuses that in the older of its two forms, and which
one CloudFormation sends is not documented. So the rule for the whole bucket neither expires nor moves anything.
"""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from distributary_cdk.configuration import BucketProps

# What stays as long as the stage wants: Firehose's objects, claim checks, dead letters and which were replayed.
KEPT = ("events/", "errors/", "claims/", "dead-letters/", "dead-letters-replayed/")
# What a queue's messages point to. The queues forget after 14 days.
WAITING = ("spill/", "actions/")

_PARTS_DAYS = cdk.Duration.days(7)
_WAITING_DAYS = cdk.Duration.days(21)


def life_cycle(bucket: BucketProps) -> list[s3.LifecycleRule]:
    """The rules of a stage's bucket, as S3 accepts them whatever the settings are."""
    everything = s3.LifecycleRule(
        abort_incomplete_multipart_upload_after=_PARTS_DAYS,
        noncurrent_version_expiration=_days(bucket.restore_days),
    )
    waiting = [s3.LifecycleRule(prefix=prefix, expiration=_WAITING_DAYS) for prefix in WAITING]
    return [everything, *_kept(bucket), *waiting]


def _kept(bucket: BucketProps) -> list[s3.LifecycleRule]:
    """A rule for each prefix; none where the stage neither moves nor expires: S3 refuses a rule without an action."""
    expire, markers = bucket.expire_days, bool(bucket.restore_days and not bucket.expire_days)
    # S3 refuses an expiration that is not later than the transition, and nothing would be left to move.
    tiered = bucket.tiering_days > 0 and not 0 < expire <= bucket.tiering_days
    if not (tiered or expire or markers):
        return []
    tier = s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=_days(bucket.tiering_days))
    return [
        s3.LifecycleRule(
            prefix=prefix,
            transitions=[tier] if tiered else None,
            expiration=_days(expire),
            # Of what is gone for good; where objects expire S3 does so by itself, and refuses both in one rule.
            expired_object_delete_marker=markers or None,
        )
        for prefix in KEPT
    ]


def _days(number: int) -> cdk.Duration | None:
    return cdk.Duration.days(number) if number else None
