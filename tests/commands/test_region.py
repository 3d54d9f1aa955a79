import pytest

from commands.region import region
from commands.stage import Stage

CONFIG = """
[default]
region = eu-north-1
[profile eu]
region = eu-west-3
[profile without]
output = json
"""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """A user with profiles, and no other settings."""
    for name in ("AWS_REGION", "AMAZON_REGION", "AWS_DEFAULT_REGION", "AMAZON_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_PROFILE", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(CONFIG)


# The order that `cdk` has: the last line of each row wins where the others are not set.
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "us-west-2", "AWS_PROFILE": "eu"}, "eu-central-1"),
        ({"AMAZON_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "us-west-2"}, "eu-central-1"),
        ({"AWS_DEFAULT_REGION": "us-west-2", "AWS_PROFILE": "eu"}, "us-west-2"),
        ({"AMAZON_DEFAULT_REGION": "us-west-2", "AWS_PROFILE": "eu"}, "us-west-2"),
        ({"AWS_REGION": "", "AWS_PROFILE": "eu"}, "eu-west-3"),
        ({"AWS_DEFAULT_PROFILE": "eu"}, "eu-west-3"),
        ({"AWS_PROFILE": "eu", "AWS_DEFAULT_PROFILE": "without"}, "eu-west-3"),
        ({"AWS_PROFILE": "without"}, "eu-north-1"),
        ({"AWS_PROFILE": "unknown"}, "eu-north-1"),
        ({}, "eu-north-1"),
    ],
)
def test_the_region_is_that_of_the_cdk(monkeypatch, environment, expected):
    """The environment before the profile, and AWS_REGION before AWS_DEFAULT_REGION."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert region() == expected


def test_the_profile_of_the_credentials_comes_first(tmp_path):
    """As the CLI and the CDK read both files."""
    (tmp_path / "credentials").write_text("[eu]\nregion = eu-south-1\n")

    assert region({"AWS_PROFILE": "eu"}) == "eu-south-1"


def test_without_any_setting_it_is_the_cdks_own(monkeypatch):
    """Where no file names one."""
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    assert region() == "us-east-1"


def test_the_clients_of_a_stage_go_there(monkeypatch):
    """Not where boto3 would go, which reads AWS_DEFAULT_REGION alone."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")

    assert Stage("dev", {}).client("sqs").meta.region_name == "eu-central-1"
