import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from detector_cases import definition_of

from distributary.http.request import Request

ATTRIBUTES = {"attributes": [{"jsonPath": "k"}, {"jsonPath": "data.`motor id`"}]}
EVENT = {"eventName": "e", "condition": "$input.in.k != ''", "actions": []}
DEFINITION = {"initialStateName": "S", "states": [{"stateName": "S", "onInput": {"events": [EVENT]}}]}
MODEL = {"detectorModelName": "m", "roleArn": "arn:aws:iam::123456789012:role/any"}


@pytest.fixture(autouse=True)
def service(iot_events):
    """All of it inside a mock."""
    return iot_events


def error(call, **parameters) -> tuple[str, int]:
    """Code and status of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    told = caught.value.response
    return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]


def test_an_input_is_made_described_changed_and_deleted(control, service) -> None:
    """With the members, the status and the ARN that AWS gave."""
    made = control.create_input(inputName="in", inputDefinition=ATTRIBUTES, inputDescription="first")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["inputConfiguration"]["inputArn"] == "arn:aws:iotevents:eu-west-1:123456789012:input/in"
    assert made["inputConfiguration"]["status"] == "ACTIVE"
    assert made["inputConfiguration"]["creationTime"] == service.now

    service.advance(60)
    control.update_input(inputName="in", inputDefinition={"attributes": [{"jsonPath": "k"}]})
    found = control.describe_input(inputName="in")["input"]
    assert found["inputDefinition"] == {"attributes": [{"jsonPath": "k"}]}
    assert "inputDescription" not in found["inputConfiguration"]
    assert found["inputConfiguration"]["lastUpdateTime"] == service.now
    assert found["inputConfiguration"]["creationTime"] < service.now

    control.delete_input(inputName="in")
    assert control.list_inputs()["inputSummaries"] == []


@pytest.mark.covers("decision.inactive")
def test_a_model_is_made_described_changed_and_deleted(control, data) -> None:
    """An update is a new version, and without its detectors."""
    control.create_input(inputName="in", inputDefinition=ATTRIBUTES)
    made = control.create_detector_model(
        **MODEL, key="k", detectorModelDefinition=DEFINITION, evaluationMethod="SERIAL"
    )
    about = made["detectorModelConfiguration"]
    assert (about["detectorModelVersion"], about["status"], about["key"]) == ("1", "ACTIVE", "k")
    assert about["detectorModelArn"] == "arn:aws:iotevents:eu-west-1:123456789012:detectorModel/m"
    data.batch_put_message(messages=[{"messageId": "1", "inputName": "in", "payload": b'{"k": "a"}'}])
    assert len(data.list_detectors(detectorModelName="m")["detectorSummaries"]) == 1

    changed = control.update_detector_model(**MODEL, detectorModelDefinition=DEFINITION)["detectorModelConfiguration"]
    assert (changed["detectorModelVersion"], changed["key"], changed["evaluationMethod"]) == ("2", "k", "SERIAL")
    assert data.list_detectors(detectorModelName="m")["detectorSummaries"] == []

    first = control.describe_detector_model(detectorModelName="m", detectorModelVersion="1")["detectorModel"]
    assert first["detectorModelConfiguration"]["status"] == "INACTIVE"
    assert first["detectorModelDefinition"] == DEFINITION
    versions = control.list_detector_model_versions(detectorModelName="m")["detectorModelVersionSummaries"]
    assert [(one["detectorModelVersion"], one["status"]) for one in versions] == [("2", "ACTIVE"), ("1", "INACTIVE")]

    assert control.delete_detector_model(detectorModelName="m")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert error(data.list_detectors, detectorModelName="m") == ("ResourceNotFoundException", 404)


def test_a_model_that_is_made_again_has_no_detectors(control, data) -> None:
    """Though its version is 1 again."""
    control.create_input(inputName="in", inputDefinition=ATTRIBUTES)
    for _ in range(2):
        control.create_detector_model(**MODEL, key="k", detectorModelDefinition=DEFINITION)
        assert data.list_detectors(detectorModelName="m")["detectorSummaries"] == []
        data.batch_put_message(messages=[{"messageId": "1", "inputName": "in", "payload": b'{"k": "a"}'}])
        control.delete_detector_model(detectorModelName="m")


def test_what_is_there_already_is_told_with_its_name(control) -> None:
    """409, with AWS's members."""
    control.create_input(inputName="in", inputDefinition=ATTRIBUTES)
    control.create_detector_model(**MODEL, detectorModelDefinition=DEFINITION)

    with pytest.raises(control.exceptions.ResourceAlreadyExistsException) as caught:
        control.create_input(inputName="in", inputDefinition=ATTRIBUTES)
    assert caught.value.response["resourceArn"].endswith(":input/in")
    again = error(control.create_detector_model, **MODEL, detectorModelDefinition=DEFINITION)
    assert again == ("ResourceAlreadyExistsException", 409)
    assert error(control.delete_input, inputName="in") == ("ResourceInUseException", 409)


def test_what_is_not_there_is_not_found(control) -> None:
    """404 for each."""
    missing = ("ResourceNotFoundException", 404)
    assert error(control.describe_input, inputName="in") == missing
    assert error(control.update_input, inputName="in", inputDefinition=ATTRIBUTES) == missing
    assert error(control.delete_input, inputName="in") == missing
    assert error(control.describe_detector_model, detectorModelName="m") == missing
    assert error(control.update_detector_model, **MODEL, detectorModelDefinition=DEFINITION) == missing
    assert error(control.delete_detector_model, detectorModelName="m") == missing
    assert error(control.list_detector_model_versions, detectorModelName="m") == missing


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (DEFINITION, "Input 'in' that does not exist"),
        ({**DEFINITION, "initialStateName": "T"}, "did not correspond to a defined State"),
    ],
)
def test_a_definition_with_an_error_is_refused_with_its_findings(control, definition, told) -> None:
    """What AWS's analysis found when a model was published."""
    with pytest.raises(control.exceptions.InvalidRequestException, match=told):
        control.create_detector_model(**MODEL, detectorModelDefinition=definition)


FINDINGS = json.loads((Path(__file__).parents[1] / "cases/detectors/findings.json").read_text("utf-8"))["findings"]
SWITCHED = {"limits", "declared_only", "inputs"}


@pytest.mark.parametrize(
    "case", [one for one in FINDINGS if "model" in one and not one.keys() & SWITCHED], ids=lambda one: one["is"]
)
def test_a_model_is_taken_or_refused_as_its_findings_say(case, service, control) -> None:
    """ERRORs are all named, WARNINGs keep no model from running."""
    control.create_input(inputName="in", inputDefinition=ATTRIBUTES)
    body = json.dumps({**definition_of(case["model"]), "roleArn": "any"})

    response = service.answer("CreateDetectorModel", Request("POST", "/detector-models", body=body))

    errors = [one.split(" ", 3)[3] for one in case["found"] if one.startswith("ERROR")]
    assert response.status == (400 if errors else 200)
    assert all(one in json.loads(response.body)["message"] for one in errors)


def test_names_have_their_patterns(control) -> None:
    """It is not botocore that checks them."""
    bad = ("InvalidRequestException", 400)
    assert error(control.create_input, inputName="in-1", inputDefinition=ATTRIBUTES) == bad
    named = {**MODEL, "detectorModelName": "a.b"}
    assert error(control.create_detector_model, **named, detectorModelDefinition=DEFINITION) == bad


def test_lists_are_paged_by_name(control) -> None:
    """As many as are asked for, and a token while there are more."""
    for name in ("c", "a", "b"):
        control.create_input(inputName=name, inputDefinition=ATTRIBUTES)

    first = control.list_inputs(maxResults=2)
    rest = control.list_inputs(maxResults=2, nextToken=first["nextToken"])

    assert [one["inputName"] for one in (*first["inputSummaries"], *rest["inputSummaries"])] == ["a", "b", "c"]
    assert "nextToken" not in rest
    assert control.list_detector_models()["detectorModelSummaries"] == []


@pytest.mark.covers("decision.no-alarms")
def test_any_other_operation_is_unsupported(service) -> None:
    """An older botocore knows more of them than are served here."""
    response = service.answer("ListAlarmModels", Request("GET", "/alarm-models"))

    assert (response.status, response.headers["x-amzn-errortype"]) == (501, "UnsupportedOperationException")
