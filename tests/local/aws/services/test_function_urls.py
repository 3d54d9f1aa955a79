import json

import pytest
from botocore.exceptions import ClientError

from local.gateway import FUNCTION_URL, Cors, Route, Throttle

ENDPOINT = "http://localhost:9999"
OUTPUTS = {
    "Function": {"Ref": "Function"},
    "Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]},
    "Arn": {"Fn::GetAtt": ["Url", "FunctionArn"]},
}
BOTH = {
    "ToUrl": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "ToFunction": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}


def resource(kind, **properties):
    """A resource of the service."""
    return {"Type": f"AWS::Lambda::{kind}", "Properties": properties}


@pytest.fixture
def with_url(role):
    """A function with the URL of its alias, and with these permissions for anybody."""

    def made(permissions=BOTH, **more):
        code = {"ZipFile": "def handler(event, context): return 1"}
        alias = {"Ref": "Live"}
        return {
            "Function": resource("Function", Runtime="python3.13", Handler="index.handler", Role=role, Code=code),
            "One": resource("Version", FunctionName={"Ref": "Function"}),
            "Live": resource(
                "Alias",
                FunctionName={"Ref": "Function"},
                FunctionVersion={"Fn::GetAtt": ["One", "Version"]},
                Name="live",
            ),
            "Url": resource(
                "Url",
                TargetFunctionArn={"Fn::GetAtt": ["Function", "Arn"]},
                Qualifier="live",
                AuthType="NONE",
                InvokeMode="BUFFERED",
                **more,
            )
            | {"DependsOn": ["Live"]},
            **{
                name: resource("Permission", FunctionName=alias, Principal="*", **one)
                for name, one in permissions.items()
            },
        }

    return made


def test_a_url_leads_to_its_alias(aws, stack, with_url):
    """It is reached at the listener's address, and goes to the function under the alias' name, by its own rules."""
    outputs = stack.deploy(with_url(), OUTPUTS)
    front = aws.inside("deployed.front()")

    assert stack.reasons() == {}
    assert outputs["Url"] == f"{ENDPOINT}/"
    assert front.routes == (Route("$default", f"{outputs['Function']}:live"),)
    assert (front.cors, front.rules) == (None, FUNCTION_URL)


def test_a_url_takes_ten_requests_a_second_for_each_reserved_execution(aws, stack, with_url):
    """As Lambda; a function that shares the account's concurrency has no such limit here."""
    resources = with_url()
    stack.deploy(resources)
    unreserved = aws.inside("deployed.front().throttles")
    resources["Function"]["Properties"]["ReservedConcurrentExecutions"] = 3
    stack.deploy(resources)

    assert unreserved == {}
    assert aws.inside("deployed.front().throttles") == {"$default": Throttle(30, 30)}


def test_cors_comes_and_goes_with_the_template(aws, stack, with_url):
    """What a template no longer says of it is gone."""
    allowed = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["POST"], "MaxAge": 60}
    stack.deploy(with_url(Cors=allowed), OUTPUTS)
    first = aws.inside("deployed.front().cors")
    stack.deploy(with_url(), OUTPUTS)

    assert first == Cors(allow_origins=("https://a.example",), allow_methods=("POST",), max_age=60)
    assert aws.inside("deployed.front().cors") is None


def test_a_url_that_a_template_no_longer_has_is_gone(aws, stack, with_url):
    """Then it is served no more."""
    resources, client = with_url(), aws.client("lambda")
    name = stack.deploy(resources, {"Name": {"Ref": "Function"}})["Name"]
    before = client.get_function_url_config(FunctionName=f"{name}:live")
    del resources["Url"]
    stack.deploy(resources)

    assert (before["AuthType"], before["InvokeMode"]) == ("NONE", "BUFFERED")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_url_config(FunctionName=f"{name}:live")


def test_a_url_goes_with_its_function(aws, stack, with_url):
    """And not with a version of it."""
    name = stack.deploy(with_url(), {"Name": {"Ref": "Function"}})["Name"]
    client = aws.client("lambda")
    version = client.publish_version(FunctionName=name, Description="another")["Version"]
    if version != "1":
        client.delete_function(FunctionName=name, Qualifier=version)
    assert client.get_function_url_config(FunctionName=f"{name}:live")["FunctionUrl"]
    client.delete_function(FunctionName=name)

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_url_config(FunctionName=f"{name}:live")


def test_permissions_of_a_url_have_its_conditions(aws, stack, with_url):
    """As AWS writes them into the function's policy."""
    outputs = stack.deploy(with_url(), OUTPUTS)
    policy = aws.client("lambda").get_policy(FunctionName=outputs["Function"])["Policy"]
    statements = json.loads(policy)["Statement"]

    assert {one["Action"]: one["Condition"] for one in statements} == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    assert {str(one["Principal"]) for one in statements} == {"*"}
