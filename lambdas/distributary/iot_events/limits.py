"""The quotas of AWS IoT Events, as defaults: a model that AWS took is taken, and a stage may lift any of them.

Source: AWS General Reference, "AWS IoT Events endpoints and quotas", and the constraints of the service's API.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts, unless the name says seconds, characters or bytes."""

    min_timer_seconds: int = 60
    max_timer_seconds: int = 31_622_400
    definition_bytes: int = 512 * 1024
    states: int = 20
    events_per_state: int = 20
    transition_events_per_state: int = 20
    conditions_per_state: int = 20
    """AWS calls them trigger expressions. More run here: this one only warns."""
    actions_per_event: int = 10
    variables: int = 50
    timers: int = 5
    condition_characters: int = 512
    value_characters: int = 1024
    content_bytes: int = 1024
    payload_bytes: int = 1024
    """A custom payload, evaluated."""
    effect_bytes: int = 256 * 1024
    """A default payload: what a queue's message took until 2025, and an MQTT message half of."""
    variables_characters: int = 256 * 1024
    """All string variables of a detector together, so that its item stays storable."""


AWS_LIMITS = Limits()
