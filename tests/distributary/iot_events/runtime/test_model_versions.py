import json

import pytest
from detector_cloud import Cloud, message, models_of, runner_of
from fake_client import FakeClient, aws_error
from fake_clock import FakeClock

from distributary.iot_events.runtime.bundled_models import Models
from distributary.iot_events.runtime.detector_table import DetectorTable
from distributary.iot_events.runtime.model_versions import publish, resource_answer

EVENT = {"RequestType": "Update", "StackId": "s", "RequestId": "r", "LogicalResourceId": "l"}
NOW = 1_700_000_000_000


def models(threshold: int, description: str = "") -> Models:
    """A model that counts what is above a threshold."""
    count = {"setVariable": {"variableName": "n", "value": "$variable.n + 1"}}
    start = {"eventName": "start", "actions": [{"setVariable": {"variableName": "n", "value": "0"}}]}
    event = {"eventName": "e", "condition": f"$input.in.a > {threshold}", "actions": [count]}
    state = {"stateName": "S", "onEnter": {"events": [start]}, "onInput": {"events": [event]}}
    definition = {"initialStateName": "S", "states": [state]}
    return models_of(
        {
            "detectorModelName": "m",
            "key": "d",
            "detectorModelDescription": description,
            "detectorModelDefinition": definition,
        }
    )


def hashes(bundled: Models) -> dict[str, str]:
    """What the template says of them."""
    return {name: bundled.sha256(name) for name in bundled.names()}


def test_a_version_is_raised_only_where_the_definition_is_another() -> None:
    """Also back to one that was there before; a description changes nothing."""
    store = DetectorTable(Cloud(), "table")
    steps = [(1, "", "1"), (1, "other words", "1"), (2, "", "2"), (1, "", "3")]

    for threshold, description, number in steps:
        assert publish(hashes(models(threshold, description)), store) == {"m": number}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_cloudformation_hears_what_became_of_it(kind) -> None:
    """SUCCESS once the versions named in the request are active, FAILED with the reason; deleting changes nothing."""
    cloud, clock = Cloud(), FakeClock().clock
    event = {**EVENT, "RequestType": kind, "ResourceProperties": {"Models": {"m": "5ba", "n": "e11"}}}
    good = resource_answer(event, DetectorTable(cloud, "table"), clock)
    down = FakeClient(batch_get_item=aws_error("AccessDeniedException"))
    bad = resource_answer(event, DetectorTable(down, "table"), clock)
    deleted = resource_answer({**event, "RequestType": "Delete"}, DetectorTable(down, "table"), clock)

    assert (good["Status"], good["PhysicalResourceId"]) == ("SUCCESS", "detector-models")
    assert {place[0]: one["sha256"]["S"] for place, one in cloud.items.items()} == {
        "m#version": "5ba",
        "n#version": "e11",
    }
    assert bad["Status"] == "FAILED"
    assert "AccessDenied" in bad["Reason"]
    assert deleted["Status"] == "SUCCESS"


def test_what_iam_denies_is_asked_again_until_it_has_settled() -> None:
    """The role is as new as the function: its permissions reach DynamoDB some seconds later."""
    cloud, time = Cloud(), FakeClock()
    denied = aws_error("AccessDeniedException")
    settling = FakeClient(
        batch_get_item=[denied, denied, lambda asked: cloud.batch_get_item(**asked)],
        put_item=[denied, lambda asked: cloud.put_item(**asked)],
    )
    event = {**EVENT, "RequestType": "Create", "ResourceProperties": {"Models": {"m": "5ba"}}}

    assert resource_answer(event, DetectorTable(settling, "table"), time.clock)["Status"] == "SUCCESS"
    assert time.sleeps == [1, 1, 1]
    assert [place[0] for place in cloud.items] == ["m#version"]


@pytest.mark.parametrize(("code", "slept"), [("AccessDeniedException", 20), ("ResourceNotFoundException", 0)])
def test_what_stays_denied_or_fails_otherwise_is_told(code, slept) -> None:
    """After 20 s, or at once: CloudFormation waits no longer than 120 s for the answer."""
    time = FakeClock()
    event = {**EVENT, "RequestType": "Create", "ResourceProperties": {"Models": {"m": "5ba"}}}
    said = resource_answer(event, DetectorTable(FakeClient(batch_get_item=aws_error(code)), "table"), time.clock)

    assert (said["Status"], sum(time.sleeps)) == ("FAILED", slept)
    assert code in said["Reason"]


def test_an_answer_is_short_however_many_models_there_are() -> None:
    """CloudFormation takes 4,096 bytes."""
    many = {f"{number:03}{'m' * 125}": "5ba" for number in range(50)}

    said = resource_answer(
        {**EVENT, "ResourceProperties": {"Models": many}}, DetectorTable(Cloud(), "table"), FakeClock().clock
    )

    assert said["Status"] == "SUCCESS"
    assert len(json.dumps(said)) < 1000


class Deployment:
    """A stage whose functions and whose active version change one after the other."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.sequence = 0

    def publish(self, bundled: Models) -> None:
        """What CloudFormation does last."""
        event = {**EVENT, "ResourceProperties": {"Models": hashes(bundled)}}
        said = resource_answer(event, DetectorTable(self.cloud, "table"), FakeClock().clock)
        assert said["Status"] == "SUCCESS"

    def send(self, bundled: Models, *, receives: int = 1, again: bool = False) -> bool:
        """Whether a message is handled by a function that carries these models; else it waits 30 s."""
        self.sequence += not again
        record = message(self.sequence, {"d": "k", "a": 9}, sent=NOW + self.sequence)
        record["attributes"]["ApproximateReceiveCount"] = str(receives)
        paused = len(self.cloud.paused)
        said = runner_of(self.cloud, bundled, FakeClock().clock)({"Records": [record]})
        handled = said == {"batchItemFailures": []}
        assert self.cloud.paused[paused:] == ([] if handled else [30])
        return handled

    def detector(self) -> tuple[str, int]:
        """Its version, and how many messages it has counted."""
        [item] = [one for (_, sk), one in self.cloud.items.items() if sk == "k"]
        return item["version"]["S"], json.loads(item["state"]["S"])["variables"]["n"]


def test_a_deployment_of_a_changed_model_switches_all_at_once() -> None:
    """While functions and version differ nothing is handled; then detectors begin anew, and there is no dead letter."""
    old, new, stage = models(1), models(2), Deployment()
    stage.publish(old)
    assert stage.send(old)
    assert stage.send(old)
    assert stage.detector() == ("1", 2)

    assert not stage.send(new)  # its function is there, its version is not
    stage.publish(new)
    assert not stage.send(old, again=True)  # an environment that still has the old code
    assert stage.detector() == ("1", 2)
    assert stage.send(new, again=True)

    assert stage.detector() == ("2", 1)
    assert stage.send(new, again=True)
    assert stage.detector() == ("2", 1)
    assert stage.cloud.queues["dead"] == []


def test_a_rollback_raises_the_version_whichever_part_goes_back_first() -> None:
    """The request says what is to be active: the old definition, as version 3."""
    old, new, stage = models(1), models(2), Deployment()
    stage.publish(old)
    stage.publish(new)
    assert stage.send(new)

    stage.publish(old)
    assert not stage.send(new)
    assert stage.send(old, again=True)

    assert stage.detector() == ("3", 1)
    assert stage.cloud.queues["dead"] == []


def test_a_message_of_a_model_that_is_being_added_waits_for_its_function() -> None:
    """Who takes messages may know the model before who runs them: ten minutes later it would be a dead letter."""
    before, stage = models_of(), Deployment()

    assert not stage.send(before)
    assert not stage.send(before, receives=19, again=True)
    assert stage.cloud.queues["dead"] == []
    assert not stage.send(models(1), again=True)
    stage.publish(models(1))
    assert stage.send(models(1), again=True)
    assert stage.detector() == ("1", 1)


def test_a_message_of_a_model_that_is_gone_is_a_dead_letter_in_the_end() -> None:
    """Also where the model's version is still there."""
    stage = Deployment()
    stage.publish(models(1))

    assert not stage.send(models_of(), receives=19)
    assert stage.send(models_of(), receives=20, again=True)

    [dead] = stage.cloud.queues["dead"]
    assert "no such detector model" in dead["body"]
