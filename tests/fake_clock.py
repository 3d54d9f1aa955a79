"""A clock that stands still until someone sleeps, and chance that always draws the same."""

from dataclasses import dataclass, field

from distributary.clock import Clock


@dataclass
class FakeClock:
    """`clock` is what code under test takes; `now` moves by what it sleeps, `sleeps` lists it."""

    now: float = 0.0
    drawn: float = 0.5
    since_1970: float = 1_700_000_000.0
    sleeps: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """The Clock to pass in."""
        return Clock(
            monotonic=lambda: self.now,
            sleep=self.sleep,
            random=lambda: self.drawn,
            time=lambda: self.since_1970 + self.now,
        )

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.sleeps.append(seconds)
        self.now += seconds
