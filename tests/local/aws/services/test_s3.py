import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

CASES = json.loads((Path(__file__).parents[3] / "cases/local/life_cycles.json").read_text())


def test_a_bucket_policy_is_kept_and_not_enforced(aws, unique):
    """A bucket that refuses plain HTTP can be written to here, where everything is plain HTTP."""
    s3, bucket = aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")

    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_life_cycle_rules_are_refused_as_s3_refuses_them(aws, bucket, case):
    """With 400 and S3's words; the rules that were there before stay."""
    s3, former = aws.client("s3"), [{"Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": former})
    refused = refusal(s3.put_bucket_lifecycle_configuration, bucket, case["rules"])

    assert refused == (case["refused"] and [400, *case["refused"]])
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert ([one["Filter"] for one in found if "Filter" in one] == [{"Prefix": "x/"}]) is bool(refused)


def refusal(put, bucket, rules):
    """The status, code and message of the answer; None where the rules are taken."""
    try:
        put(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    except ClientError as error:
        answer = error.response
        return [answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]]
    return None


@pytest.fixture(scope="module")
def bucket(aws):
    """A bucket that these tests share."""
    aws.client("s3").create_bucket(Bucket="life-cycles")
    return "life-cycles"
