import pytest
from botocore.stub import Stubber

from distributary import timeouts
from distributary.clients import Clients


def test_a_client_has_the_projects_timeouts_and_attempts(monkeypatch) -> None:
    """Two attempts in mode `standard`, a second to connect, three to read."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    config = Clients().make("kinesis", connections=7).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS}
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.0, 3.0, 7)


def test_no_parameters_are_checked(monkeypatch) -> None:
    """Whoever calls has made them; checking 500 records again costs a millisecond."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = Clients().make("kinesis")

    with Stubber(client) as stub:
        stub.add_client_error("put_records", "ValidationException")
        with pytest.raises(client.exceptions.ClientError, match="ValidationException"):
            client.put_records(StreamName="s")


def test_one_session_makes_all_clients(monkeypatch) -> None:
    """Clients of a session share its credentials."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    clients = Clients()

    assert clients.make("sqs").meta.config.user_agent.startswith("distributary/")
    assert clients.make("sqs").meta.service_model.service_name == "sqs"


def test_iot_events_data_is_spoken_though_botocore_dropped_it(monkeypatch) -> None:
    """The five operations that we serve, at AWS's own endpoint or at any URL."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients = Clients()

    aws, ours = clients.make("iotevents-data"), clients.make("iotevents-data", endpoint="https://example.com/stage")

    assert aws.meta.endpoint_url == "https://data.iotevents.eu-west-1.amazonaws.com"
    assert ours.meta.endpoint_url == "https://example.com/stage"
    assert set(ours.meta.service_model.operation_names) == {
        "BatchDeleteDetector",
        "BatchPutMessage",
        "BatchUpdateDetector",
        "DescribeDetector",
        "ListDetectors",
    }
    assert ours.meta.service_model.signing_name == "ioteventsdata"
    assert ours.can_paginate("list_detectors")
