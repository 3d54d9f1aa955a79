import json


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
