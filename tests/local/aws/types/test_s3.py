import json


def test_a_bucket_policy_is_put_changed_and_deleted(aws, stack):
    """Also where it refers to its bucket."""

    def resources(action):
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document}
        return {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
        }

    found = []
    for action in ("s3:PutObject", "s3:GetObject"):
        name = stack.deploy(resources(action), {"Name": {"Ref": "Bucket"}})["Name"]
        [statement] = json.loads(aws.client("s3").get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        found.append((statement["Action"], statement["Resource"]))

    assert found == [("s3:PutObject", f"arn:aws:s3:::{name}"), ("s3:GetObject", f"arn:aws:s3:::{name}")]
    stack.delete()
    assert name not in [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]
