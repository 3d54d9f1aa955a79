from argparse import ArgumentParser

import pytest
from moto import mock_aws

from commands import stage


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    """An AWS without any stack."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([], "make deploy STAGE=dev"),
        (["--stage", "prod"], "make deploy STAGE=prod"),
        (
            ["--stage", "local"],
            "`make up` running with its AWS at http://localhost:4566? At another port, add AWS_PORT",
        ),
        (["--stage", "local", "--aws-endpoint", "http://localhost:4600"], "AWS at http://localhost:4600?"),
    ],
)
def test_a_stage_that_is_not_there_says_what_to_do(arguments, advice) -> None:
    """The advice is for an account, or for the AWS on this machine."""
    parser = ArgumentParser()
    stage.add_arguments(parser)
    with pytest.raises(stage.StageNotFoundError, match="was not found") as raised:
        stage.chosen(parser.parse_args(arguments))
    assert advice in str(raised.value)
