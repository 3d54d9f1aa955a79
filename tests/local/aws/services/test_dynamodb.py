import threading
from types import SimpleNamespace

import pytest
from fake_clock import FakeClock
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from local.aws.services.dynamodb import OPERATIONS, TOKEN_SECONDS, DynamoDb, as_aws, checked

REQUEST = {"ClientRequestToken": "token", "TransactItems": [{"Put": {"Item": {"pk": {"S": "x"}}}}]}


@pytest.fixture
def clock():
    """The service's clock."""
    return FakeClock()


@pytest.fixture
def dynamodb(clock):
    """The service with a table of two keys."""
    service = DynamoDb("us-east-1", "123456789012", clock=clock.clock.time)
    keys = (("pk", "HASH"), ("sk", "RANGE"))
    service.create_table(
        "t",
        schema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        throughput=None,
        global_indexes=[],
        indexes=[],
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    return service


def key(name):
    """The key of an item."""
    return {"pk": {"S": "p"}, "sk": {"S": name}}


def stored(dynamodb):
    """What the table holds, by its second key."""
    return {item.range_key.value: item.to_json()["Attributes"] for item in dynamodb.tables["t"].all_items()}


def test_a_token_is_forgotten_after_ten_minutes(dynamodb, clock):
    """Until then the first answer is given again."""
    writes = []
    for seconds in (0, TOKEN_SECONDS - 1, 1):
        clock.sleep(seconds)
        dynamodb.write_once(REQUEST, lambda: writes.append(clock.now))

    assert writes == [0, TOKEN_SECONDS]


def test_a_transaction_that_was_cancelled_may_be_sent_again(dynamodb):
    """Its token is not used up."""

    def cancelled():
        raise MockValidationException("cancelled")

    with pytest.raises(MockValidationException):
        dynamodb.write_once(REQUEST, cancelled)

    assert dynamodb.write_once(REQUEST, lambda: "written") == "written"


@pytest.mark.parametrize("token", ["", "t" * 37])
def test_a_token_has_1_to_36_characters(dynamodb, token):
    """As the API's model says."""
    with pytest.raises(MockValidationException, match="clientRequestToken"):
        dynamodb.write_once({**REQUEST, "ClientRequestToken": token}, lambda: None)


def test_an_item_is_deleted_when_its_time_is_over(dynamodb, clock):
    """Not a second before; what names no time, or none that is a number, stays."""
    dynamodb.update_time_to_live("t", {"Enabled": True, "AttributeName": "expires"})
    due = int(clock.clock.time()) + 10
    for name, more in (("due", {"N": str(due)}), ("later", {"N": str(due + 1)}), ("text", {"S": str(due)})):
        dynamodb.put_item("t", {**key(name), "expires": more})
    clock.sleep(9)
    dynamodb.expire_due()
    before = set(stored(dynamodb))
    clock.sleep(1)
    dynamodb.expire_due()

    assert before == {"due", "later", "text"}
    assert set(stored(dynamodb)) == {"later", "text"}


@pytest.mark.parametrize("existing", [{"n": {"N": "9" * 38}, "v": {"S": "kept"}}, None], ids=["changed", "made"])
def test_an_update_to_no_number_changes_nothing(dynamodb, existing):
    """What was there before is there afterwards, or nothing."""
    if existing:
        dynamodb.put_item("t", {**key("x"), **existing})
    before = stored(dynamodb)

    with pytest.raises(MockValidationException, match="38 significant digits"):
        dynamodb.update_item(
            "t",
            key("x"),
            update_expression="SET v = :s ADD n :n",
            expression_attribute_names={},
            expression_attribute_values={":s": {"S": "new"}, ":n": {"N": "0.1" if existing else "9" * 39}},
        )

    assert stored(dynamodb) == before


def test_one_request_at_a_time(dynamodb):
    """Nothing is written between a condition and the write that it guards."""
    at_work, most = [], []

    def answer(handler):
        at_work.append(handler)
        most.append(len(at_work))
        threading.Event().wait(0.01)
        at_work.remove(handler)

    answered = as_aws("put_item", answer)
    threads = [
        threading.Thread(target=answered, args=[SimpleNamespace(dynamodb_backend=dynamodb, body={"number": number})])
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * len(threads)


def test_moto_is_left_as_it_was():
    """Its request handler is ours inside the context only."""
    own = [getattr(DynamoHandler, operation) for operation in OPERATIONS]
    with checked():
        inside = [getattr(DynamoHandler, operation) for operation in OPERATIONS]

    assert not set(own) & set(inside)
    assert [getattr(DynamoHandler, operation) for operation in OPERATIONS] == own
