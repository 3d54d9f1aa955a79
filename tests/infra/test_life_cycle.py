from itertools import combinations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.letters import REPLAYED
from distributary.delivery import claim_check, dead_letters, retry_queue
from distributary.iot_events.runtime import action_queue
from distributary_cdk.configuration import BucketProps
from distributary_cdk.life_cycle import KEPT, WAITING, life_cycle
from local.aws.life_cycle import refusal
from local.aws.life_cycle_rule import from_template

# What a rule may do to an object, by the members of a template: no two rules do the same to one object.
DOES = {
    "expires": {"ExpirationInDays", "ExpirationDate", "ExpiredObjectDeleteMarker"},
    "moves": {"Transitions", "Transition"},
    "expires a version": {"NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"},
}
DAYS = st.one_of(st.sampled_from([0, 1, 21, 29, 30, 31]), st.integers(0, 36_500))
BUCKETS = st.builds(BucketProps, tiering_days=DAYS, expire_days=DAYS, restore_days=DAYS)


def rules_of(bucket):
    """The rules that a template has for these settings."""
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "alone")
    s3.Bucket(stack, "Bucket", lifecycle_rules=life_cycle(bucket))
    return in_template(Template.from_stack(stack).to_json())


def in_template(template):
    """The rules of a template's bucket."""
    [found] = [one for one in template["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]
    return found["Properties"]["LifecycleConfiguration"]["Rules"]


def meeting(rules):
    """What two rules do to objects of one prefix."""
    return [
        (what, one, other)
        for what, members in DOES.items()
        for one, other in combinations(rules, 2)
        if members & one.keys() and members & other.keys() and overlap(one.get("Prefix", ""), other.get("Prefix", ""))
    ]


def overlap(one, other):
    """Whether an object's name can begin with both."""
    return one.startswith(other) or other.startswith(one)


@settings(max_examples=60, deadline=None)
@given(BUCKETS)
def test_s3_takes_the_rules_of_any_settings(bucket):
    """Also in the older form, which has prefixes instead of filters; and no rule meets another."""
    rules = rules_of(bucket)
    newer = from_template({"Rules": rules})
    older = [{**{key: one[key] for key in one if key != "Filter"}, **one["Filter"]} for one in newer]

    assert refusal(newer) is None
    assert refusal(older) is None
    assert meeting(rules) == []


@pytest.mark.parametrize("stage", ["dev", "prod", "local", "told", "careful", "elsewhere"])
def test_s3_takes_the_rules_of_every_stage(synthesised, stage):
    """As their templates have them; stage dev once had an expiration on the day of its transition."""
    rules = in_template(synthesised(stage))

    assert refusal(from_template({"Rules": rules})) is None
    assert meeting(rules) == []


def test_rules_that_meet_are_found():
    """What the two tests above look for: the rules that this template once had."""
    whole, waiting = {"ExpirationInDays": 30}, {"Prefix": "spill/", "ExpirationInDays": 21}

    assert meeting([whole, waiting]) == [("expires", whole, waiting)]
    assert meeting([{"Prefix": "events/", "ExpirationInDays": 30}, waiting]) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"tiering_days": 0, "expire_days": 0}, None),
        ({"tiering_days": 0, "expire_days": 30}, {"ExpirationInDays": 30}),
        ({"tiering_days": 7, "expire_days": 0}, {"Transitions": 7}),
        ({"tiering_days": 7, "expire_days": 30}, {"Transitions": 7, "ExpirationInDays": 30}),
        ({"tiering_days": 29, "expire_days": 30}, {"Transitions": 29, "ExpirationInDays": 30}),
        ({"tiering_days": 30, "expire_days": 30}, {"ExpirationInDays": 30}),
        ({"tiering_days": 31, "expire_days": 30}, {"ExpirationInDays": 30}),
        ({"tiering_days": 7, "restore_days": 5}, {"Transitions": 7, "ExpiredObjectDeleteMarker": True}),
        ({"tiering_days": 7, "restore_days": 5, "expire_days": 8}, {"Transitions": 7, "ExpirationInDays": 8}),
    ],
)
def test_what_is_kept(days, expected):
    """Objects move and expire as configured, 0 is never; none moves on the day that it expires, or later."""
    kept = [one for one in rules_of(BucketProps(**{"restore_days": 0, **days})) if one.get("Prefix") in KEPT]
    if expected and "Transitions" in expected:
        move = {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": expected["Transitions"]}
        expected = {**expected, "Transitions": [move]}

    assert kept == ([] if expected is None else [{"Status": "Enabled", "Prefix": one, **expected} for one in KEPT])


def test_what_waits():
    """It goes after three weeks, whatever else does."""
    waiting = [one for one in rules_of(BucketProps(expire_days=365)) if one.get("Prefix") in WAITING]

    assert waiting == [{"Status": "Enabled", "Prefix": one, "ExpirationInDays": 21} for one in ("spill/", "actions/")]


@pytest.mark.parametrize(("days", "expected"), [(0, {}), (7, {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}})])
def test_what_was_deleted(days, expected):
    """Versions of any object stay as configured, parts of an upload for a week."""
    [whole] = [one for one in rules_of(BucketProps(restore_days=days)) if "Prefix" not in one]

    assert whole == {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, **expected}


def test_every_prefix_has_its_rule(synthesised):
    """All that functions, Firehose and commands write is among what is kept or what waits."""
    written = {
        claim_check.CLAIM_PREFIX,
        dead_letters.DEAD_PREFIX,
        REPLAYED,
        retry_queue.RETRY_PREFIX,
        action_queue.ACTION_PREFIX,
    }
    [delivery] = [
        one["Properties"]["ExtendedS3DestinationConfiguration"]
        for one in synthesised()["Resources"].values()
        if one["Type"] == "AWS::KinesisFirehose::DeliveryStream"
    ]
    written |= {f"{delivery[name].split('/')[0]}/" for name in ("Prefix", "ErrorOutputPrefix")}

    assert written == {*KEPT, *WAITING}
