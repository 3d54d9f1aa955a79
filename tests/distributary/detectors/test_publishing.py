from detector_cloud import Cloud, models_of
from fake_client import FakeClient, aws_error

from distributary.detectors.publishing import answer, publish
from distributary.detectors.store import Store

EVENT = {"RequestType": "Update", "StackId": "s", "RequestId": "r", "LogicalResourceId": "l"}


def models(condition: str, description: str = ""):
    """A model with one condition."""
    event = {"eventName": "e", "condition": condition, "actions": []}
    state = {"stateName": "S", "onInput": {"events": [event]}}
    definition = {"initialStateName": "S", "states": [state]}
    return models_of(
        {"detectorModelName": "m", "detectorModelDescription": description, "detectorModelDefinition": definition}
    )


def test_a_version_is_raised_only_where_the_definition_is_another() -> None:
    """Also back to one that was there before; a description changes nothing."""
    store = Store(Cloud(), "table")
    steps = [
        ("$input.in.a > 1", "", "1"),
        ("$input.in.a > 1", "other words", "1"),
        ("$input.in.a > 2", "", "2"),
        ("$input.in.a > 1", "", "3"),
    ]

    for condition, description, number in steps:
        assert publish(models(condition, description), store) == {"m": number}


def test_cloudformation_hears_what_became_of_it() -> None:
    """SUCCESS with the versions, FAILED with the reason; deleting changes nothing."""
    cloud = Cloud()
    good = answer(EVENT, models("true || $input.in.a"), Store(cloud, "table"))
    down = FakeClient(batch_get_item=aws_error("AccessDeniedException"))
    bad = answer(EVENT, models("true || $input.in.a"), Store(down, "table"))
    deleted = answer({**EVENT, "RequestType": "Delete"}, models("true"), Store(down, "table"))

    assert (good["Status"], good["Data"], good["PhysicalResourceId"]) == ("SUCCESS", {"m": "1"}, "detector-models")
    assert bad["Status"] == "FAILED"
    assert "AccessDenied" in bad["Reason"]
    assert deleted["Status"] == "SUCCESS"
