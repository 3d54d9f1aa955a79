import json


def test_a_topic_has_its_policy_and_its_subscription(aws, stack):
    """The queue that is subscribed gets what is published, as it is where the template says raw."""
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "Ours", "Effect": "Allow", "Principal": "*"}]}
    subscription = {
        "TopicArn": {"Ref": "Topic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
        "RawMessageDelivery": True,
        "FilterPolicy": {"kind": ["a"]},
    }
    policy = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document}
    made = stack.deploy(
        {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy},
            "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        },
        {"Topic": {"Ref": "Topic"}, "Queue": {"Ref": "Queue"}},
    )
    sns, sqs = aws.client("sns"), aws.client("sqs")
    for kind in ("a", "b"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=made["Topic"], Message=f"hello {kind}", MessageAttributes=attributes)
    found = sqs.receive_message(QueueUrl=made["Queue"], MaxNumberOfMessages=10)["Messages"]

    assert stack.reasons() == {}
    assert [message["Body"] for message in found] == ["hello a"]
    kept = sns.get_topic_attributes(TopicArn=made["Topic"])["Attributes"]["Policy"]
    assert json.loads(kept)["Statement"][0]["Sid"] == "Ours"
    stack.delete()
    assert made["Topic"] not in [one["TopicArn"] for one in sns.list_topics()["Topics"]]
