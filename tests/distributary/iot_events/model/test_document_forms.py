import json

import pytest
from detector_cases import definition_of

from distributary.errors import BadDefinition
from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.model.document_forms import declared_attributes, read_documents

API = definition_of(
    {
        "key": "data.id",
        "method": "SERIAL",
        "states": {
            "A": {
                "enter": [[None, ["set", "x", "0"], {"setTimer": {"timerName": "t", "seconds": 60}}]],
                "input": [
                    [
                        "$input.in.v > 1",
                        {"dynamoDBv2": {"tableName": "'t'", "payload": {"contentExpression": "'{}'", "type": "JSON"}}},
                    ],
                    [
                        "timeout('t')",
                        {"iotSiteWise": {"propertyAlias": "'p'", "propertyValue": {"value": {"stringValue": "'v'"}}}},
                    ],
                ],
                "go": [["$input.in.v > 2", "B", {"sqs": {"queueUrl": "q", "useBase64": True}}]],
            },
            "B": {},
        },
    }
)


def pascal(value):
    """CloudFormation's names."""
    if isinstance(value, list):
        return [pascal(one) for one in value]
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: pascal(one) for name, one in value.items()}
    return value


PROPERTIES = {**pascal(API), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Tags": [{"Key": "a", "Value": "b"}]}
RESOURCE = {"Type": "AWS::IoTEvents::DetectorModel", "Properties": PROPERTIES}
CONFIGURATION = {
    "detectorModelName": "m",
    "key": "data.id",
    "evaluationMethod": "SERIAL",
    "status": "ACTIVE",
    "creationTime": 1557520274.405,
}
BODY = {"detectorModelDefinition": API["detectorModelDefinition"]}
FORMS = {
    "request": API,
    "request with nulls and a role": {**API, "roleArn": "arn", "detectorModelDescription": None, "tags": None},
    "console export": {"schemaVersion": 1, "detectorModel": {**API, "roleArn": "arn"}},
    "describe output": {"detectorModel": {**BODY, "detectorModelConfiguration": CONFIGURATION}},
    "describe output without the wrapper": {**BODY, "detectorModelConfiguration": CONFIGURATION},
    "resource": RESOURCE,
    "template": {"Resources": {"Model": RESOURCE, "Role": {"Type": "AWS::IAM::Role"}}},
}


def load(document, **options):
    """The one definition in a document."""
    (definition,) = load_text(json.dumps(document), name="file", **options)
    return definition


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_definition(form):
    """The three forms, with or without wrapper, give one definition and one hash."""
    definition = load(FORMS[form])

    assert (definition.name, definition.key, definition.method) == ("m", "data.id", "SERIAL")
    assert definition == load(API)
    assert definition.sha256() == load(API).sha256()


def test_the_hash_is_of_what_the_model_does():
    """Member order, descriptions, nulls and empty lists do not change it; a condition does."""
    shuffled = json.loads(json.dumps(API, sort_keys=True))
    shuffled["detectorModelDescription"] = "another"
    shuffled["detectorModelDefinition"]["states"][1]["onEnter"] = {"events": []}
    changed = json.loads(json.dumps(API).replace("$input.in.v > 1", "$input.in.v > 1.0"))

    assert load(shuffled).sha256() == load(API).sha256()
    assert load(changed).sha256() != load(API).sha256()


def test_a_model_without_a_name_is_called_after_its_file():
    """The member names it, else the file; several in a template are called after their logical ids."""
    unnamed = {name: one for name, one in PROPERTIES.items() if name != "DetectorModelName"}
    resource = {**RESOURCE, "Properties": unnamed}

    assert load(resource).name == "file"
    assert load({"Resources": {"Pump": resource}}).name == "file"
    both = load_text(json.dumps({"Resources": {"Pump": resource, "Fan": resource}}), name="file")
    assert [one.name for one in both] == ["Pump", "Fan"]


def test_a_key_may_be_given_from_outside():
    """A model's own key comes first; one without takes the given."""
    keyless = {name: one for name, one in API.items() if name != "key"}

    assert load(keyless, key="given").key == "given"
    assert load(API, key="given").key == "data.id"


def template(**changes):
    """A template with parameters, its model changed."""
    parameters = {"Limit": {"Type": "Number", "Default": 60}, "Topic": {"Type": "String"}}
    return {"Parameters": parameters, "Resources": {"Model": {**RESOURCE, "Properties": {**PROPERTIES, **changes}}}}


def definition_with(action):
    """A CloudFormation definition with one action."""
    event = {"EventName": "e", "Condition": "currentInput('in')", "Actions": [action]}
    return {"InitialStateName": "A", "States": [{"StateName": "A", "OnInput": {"Events": [event]}}]}


def test_parameters_are_put_in():
    """A Ref to a parameter becomes its given value, else its default."""
    timer = {"SetTimer": {"TimerName": {"Ref": "Topic"}, "Seconds": {"Ref": "Limit"}}}
    changed = template(DetectorModelName={"Ref": "Topic"}, DetectorModelDefinition=definition_with(timer))

    by_default = load(changed, parameters={"Topic": "t"})
    given = load(changed, parameters={"Topic": "t", "Limit": 90})

    assert by_default.name == "t"
    assert [one.members for one in by_default.actions()] == [{"timerName": "t", "seconds": 60}]
    assert [one.members for one in given.actions()] == [{"timerName": "t", "seconds": 90}]


def test_no_value_is_no_member():
    """A Ref to AWS::NoValue takes the member away."""
    assert load(template(Key={"Ref": "AWS::NoValue"})).key is None


@pytest.mark.parametrize(
    ("intrinsic", "reason"),
    [
        ({"Fn::GetAtt": ["Topic", "TopicArn"]}, "Fn::GetAtt"),
        ({"Fn::Sub": "arn:${AWS::Region}"}, "Fn::Sub"),
        ({"Ref": "Queue"}, "Ref to 'Queue', which is no parameter with a value"),
        ({"Ref": "Topic"}, "Ref to 'Topic', which is no parameter with a value"),
        ({"Ref": ["Topic"]}, "Ref to ['Topic'], which is no parameter"),
    ],
)
def test_other_intrinsics_fail_with_their_path(intrinsic, reason):
    """What only a deployment knows cannot be read: all faults at once, each with its place in the file."""
    changed = template(DetectorModelDefinition=definition_with({"Sns": {"TargetArn": intrinsic}}), Key=intrinsic)

    with pytest.raises(BadDefinition) as caught:
        load(changed)

    place = "Resources.Model.Properties.DetectorModelDefinition.States[0].OnInput.Events[0].Actions[0].Sns.TargetArn"
    assert {fault.partition(": ")[0] for fault in caught.value.faults} == {place, "Resources.Model.Properties.Key"}
    assert all(reason in fault for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("[]", "not a JSON object"),
        ("{}", "detectorModelDefinition is missing"),
        ('{"detectorModel": 5}', "detectorModelDefinition is missing"),
        ('{"Resources": {}}', "detectorModelDefinition is missing"),
        ('{"Resources": {"A": {"Type": "AWS::IoTEvents::AlarmModel"}}}', "detectorModelDefinition is missing"),
        ('{"Type": "AWS::IoTEvents::DetectorModel", "Properties": 5}', "detectorModelDefinition is missing"),
        ('{"detectorModelName": "a b", "detectorModelDefinition": {"states": []}}', "'a b' does not match"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_is_no_form_is_refused(text, reason):
    """A file without a detector model says so."""
    with pytest.raises(BadDefinition, match=reason):
        read_documents(text, name="file")


INPUT = {"inputName": "in", "inputDefinition": {"attributes": [{"jsonPath": "id"}, {"jsonPath": "data.`a b`"}]}}
INPUTS = {
    "request": INPUT,
    "describe output": {
        "input": {
            "inputConfiguration": {"inputName": "in", "status": "ACTIVE"},
            "inputDefinition": INPUT["inputDefinition"],
        }
    },
    "resource": {"Type": "AWS::IoTEvents::Input", "Properties": pascal(INPUT)},
    "template": {"Resources": {"In": {"Type": "AWS::IoTEvents::Input", "Properties": pascal(INPUT)}, "M": RESOURCE}},
}


@pytest.mark.parametrize("form", INPUTS)
def test_inputs_are_read_in_the_same_forms(form):
    """An input's name and the paths that it declares."""
    assert declared_attributes(json.dumps(INPUTS[form]), name="file") == {"in": ("id", "data.`a b`")}


@pytest.mark.parametrize("attributes", [None, 5, [5], [{"path": "a"}], [{"jsonPath": 5}]])
def test_an_input_without_attributes_is_refused(attributes):
    """Its attributes are a list of objects with jsonPath."""
    text = json.dumps({"inputName": "in", "inputDefinition": {"attributes": attributes, "a": 1}})

    with pytest.raises(BadDefinition, match="a list of objects with jsonPath is missing"):
        declared_attributes(text, name="file")
