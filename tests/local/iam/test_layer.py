import pytest
from botocore.exceptions import ClientError

from distributary.aws.clients import Clients
from distributary.errors import SinkUnavailable
from local.iam.operations import Needed

ROLE = "arn:aws:iam::123456789012:role/service/worker"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
SENDING = {"QueueUrl": "http://localhost/123456789012/q", "MessageBody": "a"}


def code_of(call, **parameters) -> str:
    """The code of the error that a call ends in."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return raised.value.response["Error"]["Code"]


def test_an_allowed_call_goes_through(served) -> None:
    """And one statement is known to be needed for it."""
    served.allow("sqs:SendMessage", resource=QUEUE)

    served.client("sqs").send_message(**SENDING)

    assert served.reached == ["POST /"]
    assert {role.rpartition("/")[2]: [*found] for role, found in served.access.needed().items()} == {
        "worker": [("own", 0, "sqs:SendMessage", QUEUE)]
    }


def test_what_two_permissions_allow_needs_neither(served) -> None:
    """Either could be removed."""
    served.allow("sqs:SendMessage", "sqs:*")

    served.client("sqs").send_message(**SENDING)

    assert served.access.needed() == {}


def test_the_operator_is_not_checked(served) -> None:
    """Nor is a call without a signature: only the keys of roles are."""
    served.client("sqs", aws_access_key_id="local", aws_secret_access_key="local").send_message(**SENDING)

    assert served.reached == ["POST /"]


@pytest.mark.parametrize(
    ("service", "call", "parameters", "code"),
    [
        ("sqs", "send_message", SENDING, "InvalidClientTokenId"),
        ("kinesis", "describe_stream", {"StreamName": "s"}, "UnrecognizedClientException"),
        ("s3", "get_object", {"Bucket": "b", "Key": "k"}, "InvalidToken"),
        ("scheduler", "delete_schedule", {"Name": "n"}, "UnrecognizedClientException"),
    ],
)
def test_a_temporary_key_needs_its_token(served, service, call, parameters, code) -> None:
    """Without the session token AWS does not know the caller."""
    served.allow("*")
    key = served.keys.of(ROLE, "task")
    client = served.client(service, aws_access_key_id=key.id, aws_secret_access_key=key.secret)

    assert code_of(getattr(client, call), **parameters) == code
    assert served.reached == []


def test_an_unmapped_operation_is_loud(served) -> None:
    """501 for the caller, a line for the user, and a fault for the tests; the service is not reached."""
    served.allow("*")

    assert code_of(served.client("kinesis").delete_stream, StreamName="s") == "NotImplemented"
    assert served.reached == []
    assert served.said == [f"IAM: {fault}" for fault in served.access.faults]
    assert "kinesis.DeleteStream" in served.said[0]


def test_a_policy_beyond_this_machine_is_loud(served) -> None:
    """A condition on a key that nobody sets is not decided by guess."""
    served.allow("sqs:*", Condition={"StringEquals": {"aws:SourceVpc": "v"}})

    assert code_of(served.client("sqs").send_message, **SENDING) == "NotImplemented"
    assert "own, statement 0: the condition key aws:SourceVpc" in next(iter(served.access.faults))


def test_each_resource_of_a_call_must_be_allowed(served) -> None:
    """A batch over two tables needs both."""
    served.allow("dynamodb:BatchGetItem", resource="arn:aws:dynamodb:us-east-1:123456789012:table/a")
    both = {name: {"Keys": [{"id": {"S": "1"}}]} for name in ("a", "b")}

    assert code_of(served.client("dynamodb").batch_get_item, RequestItems=both) == "AccessDeniedException"
    assert served.reached == []


def test_an_absent_object_is_denied_to_whom_may_not_list(served) -> None:
    """S3 says that an object does not exist to those only who may list its bucket."""
    served.allow("s3:GetObject", resource="arn:aws:s3:::b/*")
    served.status = "404 NOT FOUND"
    s3 = served.client("s3")

    denied = code_of(s3.get_object, Bucket="b", Key="k")
    served.allow("s3:ListBucket", resource="arn:aws:s3:::b")

    assert (denied, code_of(s3.head_object, Bucket="b", Key="k")) == ("AccessDenied", "404")


def test_what_is_encrypted_needs_its_key(served) -> None:
    """The use of the key is asked by way of the service, and the key's own policy must allow it."""
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    via = {"kms:viaservice": ("sqs.us-east-1.amazonaws.com",)}
    served.account.keys[QUEUE] = served.account.keys["sqs:q"] = [Needed("kms:GenerateDataKey", key, via)]
    served.allow("sqs:SendMessage", resource=QUEUE)
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    send = served.client("sqs").send_message
    codes = [code_of(send, **SENDING)]

    served.allow(
        "kms:GenerateDataKey",
        resource=key,
        Condition={"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
    )
    codes.append(code_of(send, **SENDING))
    served.account.resources[key] = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": account}]
    send(**SENDING)

    assert codes == ["AccessDenied", "AccessDenied"]
    assert served.reached == ["POST /"]


def test_a_resource_may_deny(served) -> None:
    """A queue's policy against plain HTTP denies nothing here, one without a condition does."""
    served.allow("sqs:SendMessage")
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": QUEUE, "Principal": {"AWS": "*"}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    served.account.resources[QUEUE] = [{**deny, "Condition": plain}]
    send = served.client("sqs").send_message
    send(**SENDING)
    served.account.resources[QUEUE] = [deny]

    assert code_of(send, **SENDING) == "AccessDenied"
    assert served.reached == ["POST /"]


@pytest.fixture
def own_client(served):
    """The functions' JSON client with the role's credentials in its environment, as Lambda gives them."""
    variables = served.keys.of(ROLE, "task").variables
    return Clients({**variables, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": served.endpoint}).make("kinesis")


def test_the_functions_json_client_is_let_in(served, own_client) -> None:
    """It signs with the session's token."""
    served.allow("kinesis:PutRecords")

    assert own_client.put_records(StreamName="s", Records=[]) == {}
    assert served.reached == ["POST /"]


def test_the_functions_json_client_reads_the_denial(served, own_client) -> None:
    """Code and words, and that trying again is no use."""
    with pytest.raises(
        SinkUnavailable, match="because no identity-based policy allows the kinesis:PutRecords"
    ) as raised:
        own_client.put_records(StreamName="s", Records=[])

    assert (raised.value.code, raised.value.retryable) == ("AccessDeniedException", False)
