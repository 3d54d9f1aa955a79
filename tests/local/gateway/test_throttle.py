import pytest

from local.gateway.throttle import Throttle, Throttles

LIMITS = {"GET /v1/health": Throttle(rate=1, burst=2)}


def test_a_burst_passes_and_then_the_rate() -> None:
    """Two at once, then one a second, however long nobody came."""
    throttles = Throttles()
    times = [0, 0, 0, 0.5, 1.0, 1.0, 100, 100, 100]

    assert [throttles.admits("GET /v1/health", LIMITS, time) for time in times] == [
        True, True, False, False, True, False, True, True, False
    ]  # fmt: skip


def test_a_route_without_limits_is_not_throttled() -> None:
    """What the stage does not limit, passes."""
    throttles = Throttles()

    assert all(throttles.admits("POST /v1/events", LIMITS, 0) for _ in range(100))


@pytest.mark.parametrize("changed", [Throttle(1, 1), Throttle(5, 2)])
def test_new_limits_hold_at_once(changed: Throttle) -> None:
    """A deployment's new limits replace the old bucket."""
    throttles = Throttles()
    assert [throttles.admits("GET /v1/health", LIMITS, 0) for _ in range(3)] == [True, True, False]

    assert throttles.admits("GET /v1/health", {"GET /v1/health": changed}, 0)
