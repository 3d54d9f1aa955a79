import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributary.errors import SettingsError
from distributary.settings import Settings

REQUIRED = {"stage": "dev", "delivery_stream_name": "d", "stream_name": "s", "message_queue_url": "q"}
TEXT = st.text(min_size=1, max_size=20)
NAMES = st.text(st.sampled_from("aZ0_.-"), min_size=1, max_size=20)


@given(
    st.builds(
        Settings,
        stage=TEXT,
        delivery_stream_name=TEXT,
        stream_name=TEXT,
        message_queue_url=st.text(),
        key_table_name=st.text(),
        key_secret_arn=st.text(),
        auth=st.sampled_from(["keys", "open"]),
        envelope=st.sampled_from(["cloudevents", "none"]),
        source=TEXT,
        max_events=st.integers(1, 100_000),
        join=st.booleans(),
        max_record_kib=st.integers(1024, 10_240),
        iot_events_strict=st.booleans(),
        retry_seconds=st.floats(0, 25),
        firehose_aliases=st.lists(NAMES, max_size=3).map(tuple),
        kinesis_aliases=st.lists(NAMES, max_size=3).map(tuple),
        firehose_delimiter=st.sampled_from(["newline", "none"]),
    )
)
def test_settings_survive_the_environment(settings: Settings) -> None:
    """What infra writes with to_env is what a handler reads with from_env."""
    assert Settings.from_env(settings.to_env()) == settings


def test_every_field_travels() -> None:
    """to_env writes one variable for each field, and no other."""
    assert len(Settings(**REQUIRED).to_env()) == len(dataclasses.fields(Settings))


def test_missing_and_unreadable_variables_are_all_named() -> None:
    """from_env lists every fault at once."""
    with pytest.raises(SettingsError) as error:
        Settings.from_env(
            {"DISTRIBUTARY_MAX_EVENTS": "many", "DISTRIBUTARY_JOIN": "perhaps", "DISTRIBUTARY_STAGE": "x"}
        )

    assert len(error.value.faults) == 5
    assert "DISTRIBUTARY_STREAM_NAME is not set" in error.value.faults
    assert "DISTRIBUTARY_MAX_EVENTS = 'many' is not a int" in error.value.faults
    assert "DISTRIBUTARY_JOIN = 'perhaps' is not a bool" in error.value.faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_events", 0),
        ("max_record_kib", 10_241),
        ("retry_seconds", 26.0),
        ("redrive_pause_seconds", 1801),
        ("redrive_days", 13.5),
        ("envelope", "xml"),
        ("iot_events_provider", "aws"),
        ("auth", "closed"),
        ("source", ""),
        ("log_level", "LOUD"),
        ("firehose_delimiter", "tab"),
        ("firehose_aliases", ("good", "")),
        ("firehose_aliases", ("a" * 65,)),
        ("firehose_aliases", ("a,b",)),
        ("kinesis_aliases", ("a" * 129,)),
        ("kinesis_aliases", ("a/b",)),
    ],
)
def test_a_value_outside_its_range_is_refused(name: str, value: object) -> None:
    """Settings cannot be made with a value that no function could use."""
    with pytest.raises(SettingsError, match=name):
        Settings(**REQUIRED, **{name: value})


def test_tokens_contradict_an_open_stage() -> None:
    """Where nobody is asked who they are, no claim can be read."""
    with pytest.raises(SettingsError, match="jwt_source_claim contradicts auth = 'open'"):
        Settings(**REQUIRED, auth="open", jwt_source_claim="sub")
