import json
import uuid

from hypothesis import given
from hypothesis import strategies as st

from distributary.iot_events.engine.effects import Effect, execution_id

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "action.detectors.distributary")
WORD = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)


@given(WORD, WORD, st.none() | WORD, st.tuples(st.integers(0, 2**45), st.integers(1), st.integers(0)))
def test_an_execution_id_is_a_version_5_uuid(model, version, key, counts):
    """It is what the standard library gives for the detector's life, the cycle's number and the effect's."""
    created, cycle, ordinal = counts
    name = "\0".join([model, version, key or "", *map(str, counts)])

    found = execution_id(model, version, key, created, cycle=cycle, ordinal=ordinal)

    assert found == str(uuid.uuid5(NAMESPACE, name))
    assert uuid.UUID(found).version == 5


def test_an_effect_is_json():
    """It can be kept with the detector and sent through a queue as it is."""
    effect = Effect("sqs", "id", 5, {"queueUrl": "q", "useBase64": True}, "{}", "DEFAULT", "states[0]")

    assert Effect(*json.loads(json.dumps(effect))) == effect
