import ssl

import pytest
from api_server import served
from botocore.stub import Stubber
from certificate import localhost_certificate

from distributary.aws import timeouts
from distributary.aws.clients import QUICK, Clients
from distributary.aws.json_client import JsonClient
from distributary.errors import SinkUnavailable
from distributary.http.request import Response


def test_a_client_has_the_projects_timeouts_and_attempts(monkeypatch) -> None:
    """Two attempts in mode `standard`, a second to connect, three to read."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    config = Clients().make("kinesis", connections=7).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS}
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.0, 3.0, 7)


def test_no_parameters_are_checked(monkeypatch) -> None:
    """Whoever calls has made them; checking 500 records again costs a millisecond."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = Clients().make("iotevents-data")

    with Stubber(client) as stub:
        stub.add_client_error("batch_put_message", "InvalidRequestException")
        with pytest.raises(client.exceptions.InvalidRequestException):
            client.batch_put_message()


@pytest.mark.parametrize("service", sorted(QUICK))
def test_frequent_calls_go_the_shorter_way_over_one_pool(monkeypatch, service) -> None:
    """The pool leads to the client's endpoint, keeps so many connections, and trusts what botocore trusts."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients = Clients()

    client = clients.make(service, connections=7, read_timeout=2.0)

    assert isinstance(client, JsonClient)
    assert f"{client._pool.scheme}://{client._pool.host}" == client.meta.endpoint_url
    assert client._pool.pool.maxsize == 7
    assert (client._pool.timeout.connect_timeout, client._pool.timeout.read_timeout) == (1.0, 2.0)
    assert client._pool.conn_kw["ssl_context"] is clients._trust
    assert clients._trust.verify_mode is ssl.CERT_REQUIRED
    assert clients._trust.check_hostname
    assert clients._trust.get_ca_certs()


@pytest.fixture
def certificate(tmp_path):
    """A certificate of localhost's own, with its key, in one file."""
    return localhost_certificate(tmp_path)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_is_believed_only_with_a_certificate_of_the_bundle(monkeypatch, certificate, trusted) -> None:
    """TLS is verified, against `AWS_CA_BUNDLE` where it is set."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    if trusted:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with served(lambda _: Response(200, '{"Successful": []}'), certificate) as url:
        client = Clients().make("sqs", endpoint=url)

        if trusted:
            assert client.send_message_batch(QueueUrl="q", Entries=[]) == {"Successful": []}
        else:
            with pytest.raises(SinkUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
                client.send_message_batch(QueueUrl="q", Entries=[])


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
