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


def update(stage: Deployment, before: dict[str, str], after: dict[str, str], *remove: str, clock=None) -> dict:
    """CloudFormation's answer where a stage goes from these models to those; `remove` confirms what goes."""
    event = {
        **EVENT,
        "OldResourceProperties": {"Models": before},
        "ResourceProperties": {"Models": after, "Remove": list(remove)},
    }
    return resource_answer(event, DetectorTable(stage.cloud, "table"), clock or FakeClock().clock)


def with_a_detector(hours_ago: float) -> tuple[Deployment, dict[str, str]]:
    """A stage whose model `m` was added so long ago, and has a detector; and its models."""
    stage, added = Deployment(), FakeClock(since_1970=FakeClock().since_1970 - hours_ago * 3600)
    known = hashes(models(1))
    event = {**EVENT, "RequestType": "Create", "ResourceProperties": {"Models": known}}
    assert resource_answer(event, DetectorTable(stage.cloud, "table"), added.clock)["Status"] == "SUCCESS"
    assert stage.send(models(1))
    return stage, known


def test_a_model_is_not_taken_from_its_detectors_unasked() -> None:
    """The deployment fails, before the endpoint forgets the model, and says which setting keeps it or lets it go."""
    stage, known = with_a_detector(hours_ago=4)
    said = update(stage, known, {"n": "e11"})

    assert said["Status"] == "FAILED"
    assert "m: its detectors would stop" in said["Reason"]
    assert '[detectors] remove = ["m"]' in said["Reason"]
    assert "n#version" not in {place[0] for place in stage.cloud.items}
    assert update(stage, known, {}, "m")["Status"] == "SUCCESS"
    assert stage.detector() == ("1", 1)


def test_a_model_without_detectors_may_go() -> None:
    """Also where there were some, which were deleted: their items stay for some days."""
    stage, known = with_a_detector(hours_ago=4)
    [place] = [place for place in stage.cloud.items if place[1] == "k"]
    stage.cloud.items[place] = {name: one for name, one in stage.cloud.items[place].items() if name != "stateName"}

    assert update(stage, known, {})["Status"] == "SUCCESS"


def test_a_detector_is_found_wherever_it_is() -> None:
    """In any shard, behind deleted ones that fill a page."""
    stage, known = with_a_detector(hours_ago=4)
    [(shard, _)] = [place for place in stage.cloud.items if place[1] == "k"]
    for number in range(150):
        stage.cloud.items[shard, f"a{number}"] = {"pk": {"S": shard}, "sk": {"S": f"a{number}"}}

    assert update(stage, known, {})["Status"] == "FAILED"


@pytest.mark.parametrize(("hours", "status"), [(0.5, "SUCCESS"), (2.9, "SUCCESS"), (3.1, "FAILED")])
def test_a_rollback_takes_a_model_back_that_the_same_deployment_added(hours, status) -> None:
    """CloudFormation asks as an owner would: what tells the two apart is how long the model has been there."""
    stage, known = with_a_detector(hours_ago=hours)

    assert update(stage, known, {})["Status"] == status


def test_a_model_that_was_there_before_is_as_new_when_it_is_added_again() -> None:
    """Else a rollback of that deployment would fail: the detectors of its first life are still in the table."""
    stage, known = with_a_detector(hours_ago=400)
    assert update(stage, known, {}, "m")["Status"] == "SUCCESS"
    assert update(stage, {}, known)["Status"] == "SUCCESS"
    assert stage.detector() == ("1", 1)

    assert update(stage, known, {})["Status"] == "SUCCESS"


def test_a_changed_definition_makes_no_model_new() -> None:
    """Its detectors begin anew, and are not to be stopped unasked all the same."""
    stage, known = with_a_detector(hours_ago=4)
    changed = hashes(models(2))
    assert update(stage, known, changed)["Status"] == "SUCCESS"

    assert update(stage, changed, {})["Status"] == "FAILED"


def test_a_stage_of_an_earlier_version_keeps_its_models() -> None:
    """Its table does not hold when they were added: long ago."""
    stage, known = with_a_detector(hours_ago=0)
    for place, item in stage.cloud.items.items():
        stage.cloud.items[place] = {name: one for name, one in item.items() if name != "added"}

    assert update(stage, known, {})["Status"] == "FAILED"
