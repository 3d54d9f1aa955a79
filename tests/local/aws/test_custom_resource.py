import json

import pytest
from moto.cloudformation import parsing

from local.aws.custom_resource import PATH, CalledResource, CustomResourceFailed, CustomResources
from local.functions import Invocation

PROPERTIES = {"ServiceToken": "arn:f", "Wish": "1"}


def put(resources: CustomResources, url: str, answer: dict) -> None:
    """What a function does with its answer."""
    body = json.dumps(answer).encode()
    environ = {"PATH_INFO": url.removeprefix("http://aws"), "CONTENT_LENGTH": str(len(body)), "wsgi.input": Body(body)}
    resources.in_front_of(lambda *_: pytest.fail("not ours"))(environ, lambda *_: None)


class Body:
    """A request's body."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, _size: int) -> bytes:
        return self.content


def told(answer, *, error=None):
    """Custom resources whose function answers so, and the events that it got."""
    events: list[dict] = []

    def run(name, payload):
        event = json.loads(payload)
        events.append(event)
        assert name == "arn:f"
        assert event["ResponseURL"].startswith(f"http://aws{PATH}")
        if answer:
            put(resources, event["ResponseURL"], {"PhysicalResourceId": "it", **answer})
        return Invocation(b"null", error, "1")

    resources = CustomResources(run, lambda: "http://aws")
    return resources, events


def create():
    """The resource as CloudFormation makes it."""
    names = {"StackId": "s", "LogicalId": "L", "ResourceType": "Custom::Thing"}
    return CalledResource.create_from_cloudformation_json("n", {"Properties": PROPERTIES}, "1", "r", **names)


def test_its_function_is_told_of_its_whole_life():
    """Created, changed with what it was before, deleted; its answer's data are its attributes."""
    resources, events = told({"Status": "SUCCESS", "Data": {"Version": "7"}})
    before = parsing.CustomModel, vars(CalledResource).get("resources")
    with resources.in_place():
        assert parsing.CustomModel is CalledResource
        made = create()
        changed = CalledResource.update_from_cloudformation_json(made, "n", {"Properties": {**PROPERTIES, "Wish": "2"}})
        changed.delete("1", "r")

    assert (parsing.CustomModel, vars(CalledResource).get("resources")) == before
    assert [one["RequestType"] for one in events] == ["Create", "Update", "Delete"]
    assert events[1]["OldResourceProperties"] == PROPERTIES
    assert events[2]["PhysicalResourceId"] == "it" == made.physical_resource_id
    assert made.get_cfn_attribute("Version") == "7"


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        ({"Status": "FAILED", "Reason": "no luck"}, None, "no luck"),
        (None, None, "no answer"),
        ({"Status": "SUCCESS"}, "Unhandled", "Unhandled"),
    ],
)
def test_a_failure_fails_the_resource(answer, error, why):
    """Moto takes any of them for success."""
    resources, _ = told(answer, error=error)

    with resources.in_place(), pytest.raises(CustomResourceFailed, match=why):
        create()
