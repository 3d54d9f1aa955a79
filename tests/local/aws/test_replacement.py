import pytest

from local.aws.replacement import is_replaced, keeps_its_name

STREAM = {"LogStreamName": "s", "LogGroupName": "a"}


@pytest.mark.parametrize(
    ("kind", "old", "new", "replaced"),
    [
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "b"}, True),
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "a"}, False),
        ("AWS::SQS::Queue", {}, {"DelaySeconds": 5}, False),
        ("AWS::Kinesis::Stream", {}, {"StreamEncryption": {}}, False),
        ("AWS::DynamoDB::GlobalTable", {}, {"SSESpecification": {"SSEEnabled": True}}, False),
        ("AWS::DynamoDB::GlobalTable", {"KeySchema": []}, {"KeySchema": [{}]}, True),
        ("AWS::Lambda::Permission", {"Principal": "a"}, {"Principal": "b"}, True),
        ("AWS::Nobody::Knows", {"Name": "a"}, {"Name": "b"}, False),
    ],
)
def test_the_schema_of_the_type_says_what_a_change_replaces(kind, old, new, replaced):
    """AWS's own, for every type of its registry."""
    assert is_replaced(kind, old, new) is replaced


@pytest.mark.parametrize(
    ("kind", "old", "new", "kept"),
    [
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "a", "FifoQueue": True}, True),
        ("AWS::SQS::Queue", {}, {"FifoQueue": True}, False),
        ("AWS::Logs::LogStream", STREAM, STREAM, True),
        ("AWS::Logs::LogStream", STREAM, {**STREAM, "LogGroupName": "b"}, False),
        ("AWS::Lambda::Permission", {"Principal": "a"}, {"Principal": "b"}, False),
    ],
)
def test_two_resources_of_one_name_cannot_stand_side_by_side(kind, old, new, kept):
    """The whole name counts: two log groups may have streams of one name."""
    assert keeps_its_name(kind, old, new) is kept
