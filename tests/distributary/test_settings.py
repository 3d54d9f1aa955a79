import dataclasses

import pytest
from any_settings import any_settings
from hypothesis import given
from hypothesis import strategies as st

from distributary.access.key_store import KeySettings
from distributary.delivery.redrive import RedriveSettings
from distributary.delivery.storing import DeliverySettings
from distributary.errors import SettingsError
from distributary.ingest.envelope import EventSettings
from distributary.iot_events.runtime.detector_settings import DetectorChoices
from distributary.settings import Settings, StageSettings
from distributary.sinks.firehose import FirehoseChoices, FirehoseSettings
from distributary.sinks.iot_events import IotEventsChoices, IotEventsSettings
from distributary.sinks.kinesis import KinesisChoices, KinesisSettings

TEXT = st.text(min_size=1, max_size=20)
NAMES = st.lists(st.text(st.sampled_from("aZ0_.-"), min_size=1, max_size=20), max_size=3).map(tuple)
PARTS = (
    st.builds(StageSettings, stage=TEXT, log_level=st.sampled_from(["DEBUG", "ERROR"]), log_sample=st.floats(0, 1)),
    st.builds(KeySettings, key_table_name=st.text(), key_secret_arn=st.text(), auth=st.sampled_from(["keys", "open"])),
    st.builds(EventSettings, envelope=st.sampled_from(["cloudevents", "none"]), source=TEXT, type=TEXT),
    st.builds(DeliverySettings, retry_seconds=st.floats(0, 25)),
    st.builds(
        FirehoseSettings,
        delivery_stream_name=TEXT,
        join=st.booleans(),
        aliases=NAMES,
        delimiter=st.sampled_from(["newline", "none"]),
    ),
    st.builds(KinesisSettings, stream_name=TEXT, max_record_kib=st.integers(1024, 10_240), aliases=NAMES),
    st.builds(IotEventsSettings, message_queue_url=st.text(), strict=st.booleans()),
)


@given(st.one_of(*PARTS))
def test_settings_survive_the_environment(settings: Settings) -> None:
    """What the stack writes with to_env is what a handler reads with from_env."""
    assert type(settings).from_env(settings.to_env()) == settings


@pytest.mark.parametrize("part", any_settings(), ids=lambda part: type(part).__name__)
def test_every_field_travels(part: Settings) -> None:
    """to_env writes one variable for each field, and no other."""
    assert len(part.to_env()) == len(dataclasses.fields(part))


def test_no_two_parts_have_a_variable_of_one_name() -> None:
    """A function has several of them in one environment. The detectors' functions have no settings of their sink."""
    names = [name for part in any_settings() for name in part.to_env()]

    assert len(names) == len(set(names)) > 40


def test_missing_and_unreadable_variables_are_all_named() -> None:
    """from_env lists every fault at once."""
    with pytest.raises(SettingsError) as error:
        FirehoseSettings.from_env({"DISTRIBUTARY_FIREHOSE_JOIN": "perhaps", "DISTRIBUTARY_STAGE": "x"})

    assert sorted(error.value.faults) == [
        "DISTRIBUTARY_FIREHOSE_DELIVERY_STREAM_NAME is not set",
        "DISTRIBUTARY_FIREHOSE_JOIN = 'perhaps' is not a bool",
    ]
    with pytest.raises(SettingsError, match="DISTRIBUTARY_MAX_EVENTS = 'many' is not a int"):
        EventSettings.from_env({"DISTRIBUTARY_MAX_EVENTS": "many"})


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (EventSettings, "max_events", 0),
        (KinesisChoices, "max_record_kib", 10_241),
        (DeliverySettings, "retry_seconds", 26.0),
        (RedriveSettings, "pause_seconds", 1801),
        (RedriveSettings, "days", 13.5),
        (DetectorChoices, "min_timer_seconds", 0),
        (EventSettings, "envelope", "xml"),
        (IotEventsChoices, "provider", "aws"),
        (KeySettings, "auth", "closed"),
        (EventSettings, "source", ""),
        (EventSettings, "type", ""),
        (FirehoseChoices, "delimiter", "tab"),
        (FirehoseChoices, "aliases", ("good", "")),
        (FirehoseChoices, "aliases", ("a" * 65,)),
        (FirehoseChoices, "aliases", ("a,b",)),
        (KinesisChoices, "aliases", ("a" * 129,)),
        (KinesisChoices, "aliases", ("a/b",)),
    ],
)
def test_a_value_outside_its_range_is_refused(part: type[Settings], name: str, value: object) -> None:
    """Settings cannot be made with a value that no function could use."""
    with pytest.raises(SettingsError, match=name):
        part(**{name: value})


@pytest.mark.parametrize("value", [{"stage": ""}, {"stage": "x", "log_level": "LOUD"}, {"stage": "x", "log_sample": 2}])
def test_a_stage_has_a_name_and_a_level(value: dict) -> None:
    """What every function reads."""
    with pytest.raises(SettingsError, match=[*value][-1]):
        StageSettings(**value)


def test_tokens_contradict_an_open_stage() -> None:
    """Where nobody is asked who they are, no claim can be read."""
    with pytest.raises(SettingsError, match="jwt_source_claim contradicts auth = 'open'"):
        KeySettings(auth="open", jwt_source_claim="sub")


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ({"provider": "endpoint"}, "endpoint = ''"),
        ({"provider": "endpoint", "endpoint": "ftp://x"}, "endpoint = 'ftp://x'"),
        ({"endpoint": "https://x"}, "is used with provider = 'endpoint' only"),
    ],
)
def test_an_endpoint_is_another_service(choices: dict, fault: str) -> None:
    """It is named with its provider, as a URL: AWS's own service has been switched off."""
    with pytest.raises(SettingsError, match=fault):
        IotEventsChoices(**choices)
