"""The AWS that detectors use, in memory: a table, four queues, a bucket, which can fail at any call."""

import json
from io import BytesIO
from itertools import count

from botocore.exceptions import ConnectTimeoutError
from fake_client import aws_error

from distributary.aws.bucket import Bucket
from distributary.iot_events.limits import Limits
from distributary.iot_events.model.document_forms import read_documents
from distributary.iot_events.queue_entry import group_of
from distributary.iot_events.runtime.action_queue import ActionQueue
from distributary.iot_events.runtime.batch_metrics import BatchMetrics
from distributary.iot_events.runtime.bundled_models import Models, bundle_model
from distributary.iot_events.runtime.dead_letter_queue import DeadLetterQueue
from distributary.iot_events.runtime.detector_item import Version
from distributary.iot_events.runtime.detector_run import Runner
from distributary.iot_events.runtime.detector_settings import DetectorSettings
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.message_batch import RunDetectors
from distributary.iot_events.runtime.retry_delay import RetryDelays
from distributary.iot_events.runtime.wake_ups import WakeUps

SETTINGS = DetectorSettings(
    table_name="table",
    message_queue_url="messages",
    message_queue_arn="arn:messages",
    dead_message_queue_url="dead",
    action_queue_url="actions",
    wake_queue_url="wakes",
    schedule_group_name="group",
    schedule_role_arn="arn:role",
    wake_dead_letter_arn="arn:late",
)


class Cloud:
    """`calls` counts them by name; the call numbered `crash` fails: before it does anything, or, `after`, only then."""

    def __init__(self, *, crash: int = -1, after: bool = False) -> None:
        self.items: dict[tuple[str, str], dict] = {}
        self.queues: dict[str, list[dict]] = {name: [] for name in ("messages", "dead", "actions", "wakes")}
        self.schedules: dict[str, dict] = {}
        self.objects: dict[str, bytes] = {}
        self.paused: list[int] = []
        self.postponed: list[str] = []
        self.calls: list[str] = []
        self._crash = crash
        self._after = after

    def __getattr__(self, operation: str):
        act = getattr(type(self), f"_{operation}", None)
        if act is None:
            raise AttributeError(operation)

        def call(**parameters):
            number = len(self.calls)
            self.calls.append(operation)
            if number == self._crash and not self._after:
                raise ConnectTimeoutError(endpoint_url="https://aws")
            answer = act(self, **parameters)
            if number == self._crash:
                raise ConnectTimeoutError(endpoint_url="https://aws")
            return answer

        return call

    def _batch_get_item(self, *, RequestItems):
        ((table, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"]
        keys = [(key["pk"]["S"], key["sk"]["S"]) for key in wanted["Keys"]]
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def _put_item(self, *, Item, ConditionExpression, ExpressionAttributeValues=None, **_):
        key = (Item["pk"]["S"], Item["sk"]["S"])
        self._check(key, ConditionExpression, ExpressionAttributeValues)
        self.items[key] = Item
        return {}

    def _update_item(self, *, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues, **_):
        key = (Key["pk"]["S"], Key["sk"]["S"])
        self._check(key, ConditionExpression, ExpressionAttributeValues)
        verb, _, names = UpdateExpression.partition(" ")
        assert verb == "REMOVE"
        removed = names.split(", ")
        self.items[key] = {name: value for name, value in self.items[key].items() if name not in removed}
        return {}

    def _check(self, key, condition, values) -> None:
        stored = self.items.get(key)
        if condition == "attribute_not_exists(pk)":
            good = stored is None
        else:
            good = stored is not None and next(iter(values.values())) in (stored.get("counter"), stored.get("version"))
        if not good:
            raise aws_error("ConditionalCheckFailedException")

    def _query(
        self,
        *,
        ExpressionAttributeValues,
        Limit,
        ProjectionExpression,
        ExpressionAttributeNames,
        ExclusiveStartKey=None,
        **_,
    ):
        read = {ExpressionAttributeNames[name] for name in ProjectionExpression.split(", ")}
        pk = ExpressionAttributeValues[":p"]["S"]
        after = ExclusiveStartKey["sk"]["S"] if ExclusiveStartKey else ""
        found = sorted(key for key in self.items if key[0] == pk and key[1] > after)
        last = {"LastEvaluatedKey": {"pk": {"S": pk}, "sk": {"S": found[Limit - 1][1]}}} if len(found) >= Limit else {}
        items = [{name: self.items[key][name] for name in read & self.items[key].keys()} for key in found[:Limit]]
        return {"Items": items, **last}

    def _send_message(self, *, QueueUrl, MessageBody, **more):
        self.queues[QueueUrl].append({"body": MessageBody, **more})
        return {}

    def _send_message_batch(self, *, QueueUrl, Entries):
        assert 0 < len(Entries) <= 10
        for entry in Entries:
            self._send_message(QueueUrl=QueueUrl, **{name: one for name, one in entry.items() if name != "Id"})
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def _change_message_visibility_batch(self, *, QueueUrl, Entries):
        assert QueueUrl == "messages"
        self.paused += [entry["VisibilityTimeout"] for entry in Entries]
        self.postponed += [entry["ReceiptHandle"] for entry in Entries]
        return {}

    def _put_object(self, *, Key, Body, **_):
        self.objects[Key] = Body
        return {}

    def _get_object(self, *, Key, **_):
        if Key not in self.objects:
            raise aws_error("NoSuchKey", 404)
        return {"Body": BytesIO(self.objects[Key])}

    def _create_schedule(self, *, Name, **more):
        if Name in self.schedules:
            raise aws_error("ConflictException", 409)
        self.schedules[Name] = more
        return {}


def models_of(*definitions: dict) -> Models:
    """Models as a function carries them."""
    documents = [one for definition in definitions for one in read_documents(json.dumps(definition), name="m")]
    return Models([bundle_model(one, None) for one in documents], Limits(min_timer_seconds=1))


def activated(cloud: Cloud, models: Models, number: str = "1") -> None:
    """Makes every model's own version the active one."""
    for name in models.names():
        crash, cloud._crash = cloud._crash, -1
        DetectorTable(cloud, "table").activate(name, Version(number, models.sha256(name)), None)
        cloud._crash = crash
    cloud.calls.clear()


def runner_of(cloud: Cloud, models: Models, clock, *, log=None, token=None, measure=None) -> RunDetectors:
    """What the function is made of, over this cloud."""
    numbers = count()
    return RunDetectors(
        models,
        Runner("arn:messages", token or (lambda: f"token-{next(numbers)}")),
        DetectorTable(cloud, "table"),
        ActionQueue(cloud, "actions", Bucket(lambda: cloud, "lake")),
        WakeUps(SETTINGS, cloud, cloud, clock),
        DeadLetterQueue(cloud, "dead"),
        RetryDelays(cloud, "messages", clock, longest=60),
        log or (lambda *_: None),
        BatchMetrics(measure or (lambda *_: None), clock),
    )


def record(body: str, sequence: int, *, model: str, key: str | None, sent: int, receives: int = 1) -> dict:
    """A record as Lambda shows it."""
    attributes = {
        "MessageGroupId": group_of(model, key),
        "SequenceNumber": f"{sequence:020}",
        "ApproximateReceiveCount": str(receives),
        "SentTimestamp": str(sent),
    }
    return {"messageId": f"r{sequence}", "receiptHandle": f"h{sequence}", "body": body, "attributes": attributes}


def message(sequence: int, payload: dict, *, sent: int, model: str = "m", key: str | None = "k", name: str = "in"):
    """A record of a message, in the form of the message queue's bodies."""
    names = {"model": model, "key": key, "inputName": name, "messageId": f"id-{sequence}"}
    body = f'{json.dumps(names)[:-1]},"payload":{json.dumps(payload, ensure_ascii=False)}}}'
    return record(body, sequence, model=model, key=key, sent=sent)
