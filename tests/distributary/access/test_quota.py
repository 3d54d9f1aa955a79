import pytest
from fake_clock import FakeClock

from distributary.access.quota import BYTES_A_TOKEN, Quota, Quotas

QUOTA = Quota(rate=2.0, burst=4.0)


@pytest.fixture
def time() -> FakeClock:
    """A clock at 0."""
    return FakeClock()


@pytest.fixture
def quotas(time: FakeClock) -> Quotas:
    """Buckets that nobody has used."""
    return Quotas(time.clock)


def admitted(quotas: Quotas, times: int, key_id: str = "k") -> list[float]:
    """The waits of so many requests in a row."""
    return [quotas.admit(key_id, QUOTA) for _ in range(times)]


def test_a_burst_comes_in_and_the_next_request_waits_for_a_token(quotas: Quotas) -> None:
    """Four at once, then one token in half a second."""
    assert admitted(quotas, 5) == [0, 0, 0, 0, 0.5]


def test_tokens_come_back_with_time_up_to_the_burst(quotas: Quotas, time: FakeClock) -> None:
    """Half a second is one token; an hour is a burst, not 7,200."""
    admitted(quotas, 4)
    time.now += 0.5

    assert admitted(quotas, 2) == [0, 0.5]

    time.now += 3600

    assert admitted(quotas, 5) == [0, 0, 0, 0, 0.5]


def test_the_events_of_a_request_may_overdraw_and_are_waited_for(quotas: Quotas, time: FakeClock) -> None:
    """100 events of one request are let in, at 2 a second paid back in 48.5 s."""
    assert quotas.admit("k", QUOTA) == 0
    quotas.charge("k", QUOTA, events=100, size=0)

    assert quotas.admit("k", QUOTA) == 48.5

    time.now += 48.5

    assert quotas.admit("k", QUOTA) == 0


def test_each_key_has_a_bucket_of_its_own(quotas: Quotas) -> None:
    """What one key sends costs no other."""
    admitted(quotas, 5, "one")

    assert admitted(quotas, 1, "two") == [0]


def test_buckets_are_bounded_and_the_longest_unused_goes(time: FakeClock) -> None:
    """With room for two, the third key's bucket takes the place of the one not used for longest."""
    quotas = Quotas(time.clock, max_buckets=2)
    admitted(quotas, 5, "idle")
    admitted(quotas, 5, "busy")
    admitted(quotas, 1, "third")

    assert len(quotas._buckets) == 2
    assert admitted(quotas, 1, "busy") == [0.5]
    assert admitted(quotas, 1, "idle") == [0]


def test_a_clock_that_goes_back_takes_no_tokens(quotas: Quotas, time: FakeClock) -> None:
    """An environment restored from a snapshot may see an earlier time."""
    admitted(quotas, 1)
    time.now -= 100

    assert admitted(quotas, 3) == [0, 0, 0]


@pytest.mark.parametrize(
    ("events", "size", "tokens"),
    [
        (1, 0, 1),
        (0, 0, 1),
        (1, BYTES_A_TOKEN, 1),
        (1, BYTES_A_TOKEN + 1, 2),
        (3, 2 * BYTES_A_TOKEN, 3),
        (1, 20 * 1024 * 1024, 1280),
    ],
)
def test_a_request_weighs_its_events_or_its_bytes(quotas: Quotas, events: int, size: int, tokens: int) -> None:
    """Whichever is more: an event of many bytes costs as much as many small ones."""
    assert quotas.admit("k", QUOTA) == 0
    quotas.charge("k", QUOTA, events=events, size=size)

    assert quotas.admit("k", QUOTA) == max(0.0, (1 - (QUOTA.burst - tokens)) / QUOTA.rate)
