import boto3
import pytest

from local.aws.service_call import UnknownProperty, fit, shape_of

PLACE = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


def fitted(service, operation, value, *, strict=True):
    """The value as the operation takes it."""
    return fit(shape_of(boto3.client(service, **PLACE), operation), value, strict=strict)


@pytest.mark.parametrize(
    ("service", "operation", "template", "parameters"),
    [
        ("lambda", "CreateFunction", {"Timeout": "30", "Publish": "true"}, {"Timeout": 30, "Publish": True}),
        ("logs", "PutMetricFilter", {"LogGroupName": "g"}, {"logGroupName": "g"}),
        ("kinesis", "CreateStream", {"Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": {"a": "b"}}),
        ("sqs", "CreateQueue", {"Attributes": {"FifoQueue": True, "DelaySeconds": 3}},
         {"Attributes": {"FifoQueue": "true", "DelaySeconds": "3"}}),
        ("sqs", "CreateQueue", {"Attributes": {"RedrivePolicy": {"maxReceiveCount": 3}}},
         {"Attributes": {"RedrivePolicy": '{"maxReceiveCount": 3}'}}),
        ("cloudwatch", "PutMetricAlarm", {"Threshold": "1", "Dimensions": [{"name": "n", "value": "v"}]},
         {"Threshold": 1.0, "Dimensions": [{"Name": "n", "Value": "v"}]}),
        ("apigatewayv2", "CreateApi", {"CorsConfiguration": {"MaxAge": "60", "AllowOrigins": ["*"]}},
         {"CorsConfiguration": {"MaxAge": 60, "AllowOrigins": ["*"]}}),
        ("lambda", "CreateFunction", {"Description": None}, {}),
    ],
)  # fmt: skip
def test_properties_become_parameters(service, operation, template, parameters):
    """Names take the API's case; text becomes number and Boolean, objects text, tags a map, where the API has it so."""
    assert fitted(service, operation, template) == parameters


def test_an_unknown_property_is_refused_at_any_depth():
    """The message names the shape and the property."""
    with pytest.raises(UnknownProperty, match="Cors has no Colour"):
        fitted("apigatewayv2", "CreateApi", {"CorsConfiguration": {"Colour": "blue"}})


def test_a_call_that_is_not_strict_leaves_out_what_it_does_not_take():
    """An update or a deletion is given the whole state."""
    assert fitted("logs", "DeleteLogStream", {"LogStreamName": "s", "Colour": 1}, strict=False) == {
        "logStreamName": "s"
    }
