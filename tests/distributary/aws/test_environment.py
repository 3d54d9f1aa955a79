import pytest
from botocore.session import Session

from distributary.aws.clients import JSON_SERVICES
from distributary.aws.environment import AwsEnvironment, Credentials
from distributary.errors import SettingsError

KEY = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
# Of each partition one at least; of the first those that are named otherwise than most.
REGIONS = (
    *("eu-west-1", "us-east-1", "ap-southeast-7", "mx-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"),
    *("us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1"),
)


@pytest.mark.parametrize("region", REGIONS)
def test_an_endpoint_is_the_one_that_botocore_finds(region, monkeypatch) -> None:
    """In every partition."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    session = Session()
    session.set_credentials("x", "y")
    theirs = {name: session.create_client(name, region_name=region).meta.endpoint_url for name in JSON_SERVICES}

    ours = {name: AwsEnvironment({"AWS_REGION": region}).endpoint(name) for name in JSON_SERVICES}

    assert ours == theirs


@pytest.mark.parametrize(
    ("variables", "service", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://local"}, "sqs", "http://local"),
        ({"AWS_ENDPOINT_URL": "http://local", "AWS_ENDPOINT_URL_SQS": "http://own"}, "sqs", "http://own"),
        ({"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://own"}, "secretsmanager", "http://own"),
        (
            {"AWS_ENDPOINT_URL": "http://local", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "sqs",
            "https://sqs.eu-west-1.amazonaws.com",
        ),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "kinesis", None),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "True"}, "kinesis", None),
        ({"AWS_USE_FIPS_ENDPOINT": "false"}, "kinesis", "https://kinesis.eu-west-1.amazonaws.com"),
    ],
)
def test_variables_choose_another_endpoint(variables, service, url) -> None:
    """As the SDKs read them; what only botocore can find is None."""
    assert AwsEnvironment({"AWS_REGION": "eu-west-1", **variables}).endpoint(service) == url


def test_the_region_is_lambdas_or_the_sdks() -> None:
    """Lambda sets both."""
    assert AwsEnvironment({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "other"}).region == "eu-west-1"
    assert AwsEnvironment({"AWS_DEFAULT_REGION": "eu-west-2"}).region == "eu-west-2"
    with pytest.raises(SettingsError, match="AWS_REGION is not set"):
        _ = AwsEnvironment({}).region


@pytest.mark.parametrize(
    ("variables", "credentials"),
    [
        (KEY, Credentials("AKID", "secret", None)),
        ({**KEY, "AWS_SESSION_TOKEN": "token"}, Credentials("AKID", "secret", "token")),
        ({"AWS_ACCESS_KEY_ID": "AKID"}, None),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1"}, None),
    ],
)
def test_credentials_are_those_of_the_variables(variables, credentials) -> None:
    """A key without its secret is none; SnapStart's are not read."""
    assert AwsEnvironment(variables).credentials() == credentials


def test_changed_credentials_are_picked_up() -> None:
    """They are read for each call."""
    variables = dict(KEY)
    environment = AwsEnvironment(variables)
    before = environment.credentials()

    variables["AWS_SECRET_ACCESS_KEY"] = "newer"

    assert (before, environment.credentials()) == (Credentials("AKID", "secret"), Credentials("AKID", "newer"))


def test_certificates_may_be_named() -> None:
    """The SDKs' variable first, then that of the library which they used."""
    assert AwsEnvironment({}).certificates is None
    assert AwsEnvironment({"REQUESTS_CA_BUNDLE": "r"}).certificates == "r"
    assert AwsEnvironment({"REQUESTS_CA_BUNDLE": "r", "AWS_CA_BUNDLE": "a"}).certificates == "a"


def test_every_partition_is_tried() -> None:
    """A new one of botocore's needs a region above, and perhaps a suffix."""
    session = Session()
    tried = {session.get_partition_for_region(region) for region in REGIONS}

    assert tried == {*session.get_available_partitions()}
