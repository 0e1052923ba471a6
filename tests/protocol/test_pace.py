from __future__ import annotations

from collections import deque

import pytest

from rsh.protocol.pace import FLOOR, INITIAL, MAX_MARKS, TARGET, Pace


class Path:
    """A path of so many bytes a second and seconds there and back, that somebody always has bulk data for."""

    def __init__(self, rate: float, trip: float) -> None:
        self.rate = rate
        self.trip = trip
        self.pace = Pace()
        self.now = 0.0
        self.free = 0.0  # when the path takes the next byte
        self.sent = 0
        self.delivered = 0
        self.waits: list[float] = []  # how long each frame waited on its way
        self._acks: deque[tuple[float, int]] = deque()

    def run(self, seconds: float) -> float:
        """Send for so long; give the bytes a second that were delivered."""
        end, before = self.now + seconds, self.delivered
        self.waits.clear()
        while self.now < end:
            while self.sent - self.delivered < self.pace.limit:
                self._send(self.pace.frame)
            self.pace.waited()
            self.now, self.delivered = self._acks.popleft()
            self.pace.delivered(self.delivered, self.now)
        return (self.delivered - before) / seconds

    def _send(self, size: int) -> None:
        self.sent += size
        self.pace.sent(self.sent, self.now)
        start = max(self.free, self.now)
        self.waits.append(start - self.now)
        self.free = start + size / self.rate
        self._acks.append((self.free + self.trip, self.sent))


@pytest.mark.parametrize(
    ("rate", "trip"), [(1e6, 0.02), (1e6, 0.3), (10e6, 0.05), (10e6, 0.001), (100e6, 0.1), (500e6, 0.0005)]
)
def test_pace_fills_the_path_without_a_queue(rate: float, trip: float) -> None:
    path = Path(rate, trip)
    path.run(4)
    assert path.run(4) > 0.85 * rate
    assert sorted(path.waits)[len(path.waits) * 95 // 100] < 2.5 * TARGET + FLOOR / rate


def test_pace_follows_a_path_that_becomes_slower() -> None:
    path = Path(20e6, 0.03)
    path.run(4)
    path.rate = 4e6
    path.run(2)
    assert path.run(4) > 3.2e6
    assert sorted(path.waits)[len(path.waits) // 2] < 2 * TARGET


def test_pace_follows_a_path_that_becomes_longer() -> None:
    path = Path(10e6, 0.02)
    path.run(4)
    path.trip = 0.1
    path.run(25)
    assert path.run(4) > 8e6


def test_pace_grows_only_when_something_waited() -> None:
    pace = Pace()
    for number in range(1, 100):
        pace.sent(number * 1000, number * 1.0)
        pace.delivered(number * 1000, number + 0.01)
    assert FLOOR <= pace.limit <= INITIAL


def test_pace_keeps_no_more_marks_than_it_says() -> None:
    pace = Pace()
    for number in range(2 * MAX_MARKS):
        pace.sent(number, 0.0)
    assert len(pace._marks) == MAX_MARKS


def test_pace_never_divides_by_a_clock_that_stands() -> None:
    pace = Pace()
    pace.sent(1000, 5.0)
    pace.delivered(1000, 5.0)
    assert pace.limit >= FLOOR
