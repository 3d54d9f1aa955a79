import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("service", "operation"), [("cloudtrail", "lookup_events"), ("cloudformation", "list_types")], ids=["json", "xml"]
)
def test_what_is_not_implemented_is_said_so_at_once(aws, service, operation):
    """Status 501, which no SDK repeats, in the protocol of the request."""
    with pytest.raises(ClientError) as refusal:
        getattr(aws.client(service), operation)()

    assert refusal.value.response["Error"]["Code"] == "NotImplemented"
    assert f"The {operation} action has not been implemented" in refusal.value.response["Error"]["Message"]
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
