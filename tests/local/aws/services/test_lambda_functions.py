import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError


def package(source="def handler(event, context): return 1"):
    """A deployment package of one file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", source)
    return content.getvalue()


@pytest.fixture
def function(aws, role, unique):
    """The name of a function."""
    name = unique("function")
    aws.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": package()},
        LoggingConfig={"LogGroup": f"group-of-{name}"},
    )
    return name


def test_invoke_runs_the_function(aws, function):
    """The payload goes to our runtime, its answer comes back, whether the function is named or given by ARN."""
    client = aws.client("lambda")
    arn = client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]

    answers = [client.invoke(FunctionName=one, Payload=b'{"a": "\xc3\xa9"}') for one in (function, arn)]

    assert [answer["Payload"].read() for answer in answers] == [function.encode() + b' {"a": "\xc3\xa9"}'] * 2
    assert [answer["StatusCode"] for answer in answers] == [200, 200]
    assert "FunctionError" not in answers[0]


@pytest.mark.parametrize("payload", [{}, {"Payload": b""}])
def test_a_call_without_payload_has_an_empty_object(aws, function, payload):
    """As in AWS: a function reads its event in any case."""
    answer = aws.client("lambda").invoke(FunctionName=function, **payload)

    assert "FunctionError" not in answer
    assert answer["Payload"].read() == function.encode() + b" {}"


@pytest.mark.parametrize("payload", [b"no JSON", b'{"a":'])
def test_a_payload_that_is_no_json_is_refused(aws, function, payload):
    """Before any function runs."""
    with pytest.raises(ClientError) as refused:
        aws.client("lambda").invoke(FunctionName=function, Payload=payload)

    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_error_of_the_function_is_marked(aws, function):
    """The header says Unhandled; the status is 200, as Lambda's."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=b'"fail"')

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


def test_a_busy_function_answers_429(aws, function):
    """TooManyRequestsException, so that a client's own retry works."""
    with pytest.raises(ClientError) as refusal:
        aws.client("lambda").invoke(FunctionName=function, Payload=b'"throttle"')

    assert refusal.value.response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_an_event_runs_on_behind_the_answer(aws, function):
    """Invocation type Event answers 202 with nothing; the function runs. DryRun answers 204, and it does not."""
    client = aws.client("lambda")
    asked = [
        client.invoke(FunctionName=function, InvocationType=kind, Payload=json.dumps(kind))["StatusCode"]
        for kind in ("DryRun", "Event")
    ]
    aws.inside("[one.join() for one in __import__('threading').enumerate() if one.name.startswith('invoke')]")

    assert asked == [204, 202]
    assert aws.inside(f"[payload for name, payload in ran if name == '{function}']") == [b'"Event"']


def test_an_alias_is_what_the_function_is_called_by(aws, function):
    """By name or by ARN: the function sees the ARN with the alias that its caller gave."""
    client = aws.client("lambda")
    alias = client.create_alias(FunctionName=function, Name="one", FunctionVersion="$LATEST")["AliasArn"]

    answers = [client.invoke(Payload=b"1", FunctionName=one)["Payload"].read() for one in (f"{function}:one", alias)]

    assert answers == [f"{function}:one 1".encode()] * 2
    assert aws.inside(f"deployed.function('{function}:one').arn") == alias
    assert aws.inside(f"deployed.function('{function}').arn") == alias.removesuffix(":one")


def test_what_keeps_failing_goes_to_its_aliass_destination(aws, function, unique):
    """An asynchronous call by one alias; another's configuration is its own."""
    client, sqs = aws.client("lambda"), aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("failed"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for alias, destination in (("one", {"OnFailure": {"Destination": arn}}), ("two", {})):
        client.create_alias(FunctionName=function, Name=alias, FunctionVersion="$LATEST")
        client.put_function_event_invoke_config(
            FunctionName=f"{function}:{alias}", MaximumRetryAttempts=0, DestinationConfig=destination
        )
        client.invoke(FunctionName=f"{function}:{alias}", InvocationType="Event", Payload=json.dumps(f"fail {alias}"))

    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    record = json.loads(message["Body"])
    assert (record["requestPayload"], record["requestContext"]["approximateInvokeCount"]) == ("fail one", 1)
    assert record["requestContext"]["functionArn"].endswith(f"{function}:one")
    client.delete_function_event_invoke_config(FunctionName=f"{function}:one")
    with pytest.raises(ClientError):
        client.delete_function_event_invoke_config(FunctionName=f"{function}:one")


def test_an_unknown_function_is_not_found(aws):
    """As AWS says it."""
    with pytest.raises(ClientError) as refusal:
        aws.client("lambda").invoke(FunctionName="nobody", Payload=b"{}")

    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_log_group_is_the_one_that_was_asked_for(aws, function):
    """Plain moto knows only the default; a change of the configuration changes it."""
    client = aws.client("lambda")
    before = aws.inside(f"deployed.function('{function}').log_group")
    client.update_function_configuration(FunctionName=function, LoggingConfig={"LogGroup": "another"})

    assert (before, aws.inside(f"deployed.function('{function}').log_group")) == (f"group-of-{function}", "another")


def test_no_function_is_invoked_by_moto_for_a_queue(aws, function, unique):
    """A mapped queue keeps its messages untouched: they are polled by us."""
    sqs, client = aws.client("sqs"), aws.client("lambda")
    url = sqs.create_queue(QueueName=unique("mapped"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.create_event_source_mapping(FunctionName=function, EventSourceArn=arn)
    sqs.send_message(QueueUrl=url, MessageBody="mine")

    received = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]

    assert [one["Attributes"]["ApproximateReceiveCount"] for one in received] == ["1"]
    assert aws.inside(f"[one for one in ran if one[0] == '{function}']") == []


@pytest.fixture
def checked_function(checked, unique):
    """Makes a function with this role in the AWS that checks rights: its name."""

    def make(role):
        code, name = {"ZipFile": package()}, unique("function")
        checked.client("lambda").create_function(
            FunctionName=name, Role=role, Runtime="python3.13", Handler="index.f", Code=code
        )
        return name

    return make


def refusal(call, **parameters):
    """The code and the message of the error that a call ends in."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_the_role_must_trust_lambda(checked_function, trusting):
    """As AWS says it."""
    assert refusal(lambda: checked_function(trusting("iot"))) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )


def test_a_mapping_needs_a_role_that_may_consume_the_queue(checked, checked_function, trusting, checked_queue):
    """Each of the three actions is needed."""
    client = checked.client("lambda")
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    for missing in actions:
        function = checked_function(trusting("lambda", *{*actions} - {missing}))
        code, message = refusal(
            client.create_event_source_mapping, FunctionName=function, EventSourceArn=checked_queue.arn
        )
        assert code == "InvalidParameterValueException"
        assert message.endswith(f"does not have permissions to call {missing.partition(':')[2]} on SQS")

    function = checked_function(trusting("lambda", *actions))
    assert client.create_event_source_mapping(FunctionName=function, EventSourceArn=checked_queue.arn)["UUID"]


def test_a_destination_needs_a_role_that_may_send_to_it(checked, checked_function, trusting, checked_queue):
    """When it is configured, as AWS looks."""
    put = checked.client("lambda").put_function_event_invoke_config
    destination = {"OnFailure": {"Destination": checked_queue.arn}}
    refused = refusal(put, FunctionName=checked_function(trusting("lambda")), DestinationConfig=destination)
    allowed = checked_function(trusting("lambda", "sqs:SendMessage"))

    assert refused[0] == "InvalidParameterValueException"
    assert f"does not have permissions to call SendMessage on {checked_queue.arn}" in refused[1]
    assert put(FunctionName=allowed, DestinationConfig=destination)["DestinationConfig"] == destination
