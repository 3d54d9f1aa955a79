import os
import ssl
import subprocess
import sys

import pytest
from api_server import served
from botocore.session import Session
from botocore.stub import Stubber

from distributary.aws import timeouts
from distributary.aws.clients import JSON_SERVICES, Clients
from distributary.aws.json_client import JsonClient
from distributary.errors import SinkUnavailable
from distributary.http.request import Response
from local.certificate import localhost_certificate

HERE = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}


@pytest.fixture(autouse=True)
def region(monkeypatch) -> None:
    """What botocore reads by itself."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_a_client_of_botocores_has_the_projects_timeouts_and_attempts() -> None:
    """Two attempts in mode `standard`, a second to connect, three to read."""
    config = Clients(HERE).make("s3", connections=7).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS}
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.0, 3.0, 7)
    assert config.user_agent.startswith("distributary/")


def test_no_parameters_are_checked() -> None:
    """Whoever calls has made them; checking 500 records again costs a millisecond."""
    client = Clients(HERE).make("iotevents-data")

    with Stubber(client) as stub:
        stub.add_client_error("batch_put_message", "InvalidRequestException")
        with pytest.raises(client.exceptions.InvalidRequestException):
            client.batch_put_message()


def test_botocore_is_loaded_when_it_is_first_needed() -> None:
    """To make a client, even of a service that needs it, loads nothing: half of a cold start."""
    program = (
        "import sys; from distributary.aws.clients import Clients; clients = Clients({'AWS_REGION': 'eu-west-1'})\n"
        "made = [clients.make(name) for name in ('s3', 'sqs', 'dynamodb', 'scheduler')]\n"
        "before = 'botocore' in sys.modules; made[0].meta; print(before, 'botocore' in sys.modules)"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)

    assert run.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("service", sorted(JSON_SERVICES))
def test_a_json_service_is_what_botocores_model_says(service) -> None:
    """Target, version and signing name."""
    model = Session().get_service_model(service)
    ours = JSON_SERVICES[service]

    assert (model.metadata["targetPrefix"], model.metadata["jsonVersion"]) == (ours.target, ours.version)
    assert (model.signing_name, model.endpoint_prefix) == (ours.name, ours.name)


@pytest.mark.parametrize("service", sorted(JSON_SERVICES))
def test_a_json_services_connections_are_kept(service) -> None:
    """So many, with the project's timeouts, to the service's endpoint."""
    client = Clients(HERE).make(service, connections=7, read_timeout=2.0)
    connections = client._connections

    assert isinstance(client, JsonClient)
    assert (connections._host, connections._secure) == (f"{service}.eu-west-1.amazonaws.com", True)
    assert (connections._kept, connections._connect, connections._read) == (7, timeouts.CONNECT, 2.0)


def test_one_context_verifies_for_all_clients() -> None:
    """With the certificates that botocore brings along."""
    clients = Clients(HERE)

    assert clients.trust is clients.trust
    assert clients.make("sqs")._connections._trust() is clients.trust
    assert clients.trust.verify_mode is ssl.CERT_REQUIRED
    assert clients.trust.check_hostname
    assert len(clients.trust.get_ca_certs()) > 100


@pytest.fixture
def certificate(tmp_path):
    """A certificate of localhost's own, with its key, in one file."""
    return localhost_certificate(tmp_path)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_is_believed_only_with_a_certificate_of_the_bundle(certificate, trusted) -> None:
    """TLS is verified, against `AWS_CA_BUNDLE` where it is set."""
    bundle = {"AWS_CA_BUNDLE": str(certificate)} if trusted else {}
    with served(lambda _: Response(200, '{"Successful": []}'), certificate) as url:
        client = Clients({**HERE, **bundle}).make("sqs", endpoint=url)

        if trusted:
            assert client.send_message_batch(QueueUrl="q", Entries=[]) == {"Successful": []}
        else:
            with pytest.raises(SinkUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
                client.send_message_batch(QueueUrl="q", Entries=[])


def test_a_kind_of_endpoint_that_only_botocore_finds_is_asked_of_it(monkeypatch) -> None:
    """FIPS, for instance."""
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")

    client = Clients({**HERE, "AWS_USE_FIPS_ENDPOINT": "true", "AWS_REGION": "us-east-1"}).make("kinesis")

    assert client._connections._host == "kinesis-fips.us-east-1.amazonaws.com"


def test_iot_events_data_is_spoken_though_botocore_dropped_it() -> None:
    """The five operations that we serve, at AWS's own endpoint or at any URL."""
    clients = Clients(HERE)

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
