"""The AWS SDK for Java v2 as it comes: it sends CBOR to Kinesis, and its asynchronous client HTTP/2."""

import os
import subprocess
from pathlib import Path

import pytest
from real_client import ROOT, installed, json_from, must_exist

FOLDER = Path(__file__).parent / "java"
JARS = ROOT / "build/clients/java/amazon_kclpy/jars"


@pytest.fixture(scope="module")
def answers(environment, https, certificate, tmp_path_factory) -> dict[str, str]:
    """What each call of Write.java was answered, and by which versions of HTTP the calls over TLS came."""
    must_exist(JARS)
    trust = tmp_path_factory.mktemp("trust") / "localhost.p12"
    alone = trust.with_suffix(".crt")  # keytool reads no file that begins with a key
    alone.write_text("".join(certificate.read_text().partition("-----BEGIN CERTIFICATE-----")[1:]))
    store = ["-keystore", str(trust), "-storepass", "changeit", "-storetype", "PKCS12"]
    importing = [
        installed("keytool", "default-jdk-headless"),
        "-importcert",
        "-noprompt",
        "-alias",
        "localhost",
        *store,
        "-file",
        str(alone),
    ]
    subprocess.run(importing, check=True, capture_output=True, timeout=60)
    java = f"-Djavax.net.ssl.trustStore={trust} -Djavax.net.ssl.trustStorePassword=changeit"
    quick = ["-XX:TieredStopAtLevel=1", "-Xshare:auto"]
    told = json_from(
        ["java", *quick, "-cp", f"{JARS}{os.sep}*", str(FOLDER / "Write.java")],
        {**environment, "JDK_JAVA_OPTIONS": java},
    )
    return {**told, "versions": " ".join(https[1].versions)}


def test_records_in_cbor_reach_the_stream(answers, missing) -> None:
    """PutRecord and PutRecords of the client as it comes: CBOR is its default."""
    assert answers["cbor"] == "true"
    assert (answers["put_record"], answers["put_records"]) == ("stored", "failed 0")

    assert missing("sync", "a", "b") == set()


def test_times_and_shards_are_read_from_cbor(answers, stage) -> None:
    """DescribeStreamSummary's time to the second, ListShards' range, ListStreams' names."""
    client = stage.client("kinesis")
    summary = client.describe_stream_summary(StreamName=stage.outputs["StreamName"])["StreamDescriptionSummary"]

    assert answers["summary"] == str(int(summary["StreamCreationTimestamp"].timestamp()))
    assert answers["shards"] == str(2**128 - 1)
    assert answers["streams"].split() == sorted(["events", stage.outputs["StreamName"]])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("other_stream", "400 ResourceNotFoundException ResourceNotFoundException: Stream other not found."),
        ("too_large", "400 ValidationException ValidationException: 1 validation error detected"),
    ],
)
def test_an_error_in_cbor_is_awss_class(answers, call, error) -> None:
    """The SDK finds its exception by the error's name, and the message."""
    assert answers[call].startswith(error)


def test_the_gateways_own_413_has_a_status_and_no_name(answers) -> None:
    """What Lambda cannot take is answered by API Gateway, in JSON and without a name: docs/how-to/clients shows it."""
    assert answers["over_the_gateways_limit"].startswith("413 KinesisException null")


def test_the_asynchronous_client_writes(answers, missing) -> None:
    """Over TLS by HTTP/2 as it comes, over plain HTTP where it is told to speak HTTP/1.1."""
    assert (answers["async_plain"], answers["async_secure"]) == ("stored", "stored")
    assert answers["versions"] == "2"

    assert missing("plain", "secure") == set()
