import boto3
import pytest

from local.aws.replacement import create_only
from local.aws.resource_type import Resource, changeable
from local.aws.types import TYPES

# What an account alone has: releases in steps, and a zone for the endpoint's own name.
ONLY_IN_AN_ACCOUNT = ("AWS::CodeDeploy::", "AWS::Route53::", "Custom::")
KINDS = {kind.name: kind for kind in TYPES}
FIXED = {
    # Changing it gives a new secret in AWS. Nobody changes it: every key that was handed out would be void.
    ("AWS::SecretsManager::Secret", "GenerateSecretString"),
    # moto cannot change the endpoint's own name: a local update that does fails, and says so.
    ("AWS::ApiGatewayV2::ApiMapping", "ApiId"),
    ("AWS::ApiGatewayV2::ApiMapping", "Stage"),
    ("AWS::ApiGatewayV2::DomainName", "DomainNameConfigurations"),
}


@pytest.fixture(scope="session")
def written(synthesised):
    """The properties of each type, as the templates of all stages have them."""
    found = {}
    for stage in ("dev", "prod", "local", "told", "careful"):
        for resource in synthesised(stage)["Resources"].values():
            found.setdefault(resource["Type"], set()).update(resource.get("Properties", {}))
    return {kind: names for kind, names in found.items() if not kind.startswith(ONLY_IN_AN_ACCOUNT)}


def test_the_embedded_aws_has_every_type_of_the_template(written):
    """None is left to moto's own, which forgets most properties when a resource is changed."""
    assert written.keys() - KINDS.keys() == set()


def test_the_embedded_aws_changes_in_place_what_aws_changes_in_place(written, client_of):
    """Property by property: whatever AWS does not replace a resource for, a local update must not fail over."""
    fixed = set()
    for kind, names in written.items():
        changed = changeable(Resource(KINDS[kind], client_of, dict.fromkeys(names, 1), {"Region": "us-east-1"}), {})
        fixed |= {(kind, name) for name in names - changed - create_only(kind)}

    assert fixed == FIXED


@pytest.fixture(scope="session")
def client_of():
    """Clients that call nothing: their models are read."""
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return lambda service, region: boto3.client(service, region_name=region, **keys)
