"""Flow control of one lane in one direction: what the sender may still send, what the receiver has promised to hold.

The receiver's window grows by a fact and needs no clock: a sender that spends its last credit says so (STARVED), and
when the application has then read most of what came, the window and not the application was the limit. So it doubles,
up to MAX_WINDOW and the link's budget. A slow application never gets a larger window.
"""

from __future__ import annotations

from typing import Final

from rsh.errors import ProtocolError

# 1 MiB: what a lane may send before the receiver has said a word. 500 small files need no second round trip.
INITIAL_WINDOW: Final = 1024 * 1024

# 24 MiB: 240 MB/s over a round trip of 100 ms. It is also what the sender may have to keep for a replay, and with 32 a
# daemon that sends over such a link would take more than 80 MB.
MAX_WINDOW: Final = 24 * 1024 * 1024

# What all lanes of a link may have grown together, beyond their initial windows.
GROWTH_BUDGET: Final = 64 * 1024 * 1024


class Budget:
    """What the windows of one link may still grow, in bytes."""

    __slots__ = ("left",)

    def __init__(self, total: int = GROWTH_BUDGET) -> None:
        self.left = total

    def take(self, count: int) -> bool:
        """Take `count` bytes, or nothing and give False."""
        if count > self.left:
            return False
        self.left -= count
        return True


class SendWindow:
    """The sending half of a lane."""

    __slots__ = ("credit", "ended")

    def __init__(self) -> None:
        self.credit = INITIAL_WINDOW  # bytes that may be sent now
        self.ended = False  # we said that nothing more comes

    def spend(self, count: int) -> None:
        """Use credit for `count` bytes that go out."""
        assert count <= self.credit, "the caller sends no more than credit allows"
        self.credit -= count

    def add(self, count: int) -> None:
        """Take credit that the receiver gave.

        Raises:
            ProtocolError: more than any receiver can have promised.
        """
        self.credit += count
        if self.credit > MAX_WINDOW:
            raise ProtocolError("credit beyond the largest window")


class ReceiveWindow:
    """The receiving half of a lane."""

    __slots__ = ("_budget", "_grown", "_open", "_returnable", "_size", "_starved", "ended")

    def __init__(self, budget: Budget) -> None:
        self.ended = False  # the peer said that nothing more comes
        self._budget = budget
        self._size = INITIAL_WINDOW  # what we promise to hold
        self._open = INITIAL_WINDOW  # what of it the sender may still use
        self._returnable = 0  # read by the application, credit not yet given back
        self._grown = 0  # taken from the budget
        self._starved = False  # the sender ran out of credit since the last growth

    @property
    def held(self) -> int:
        """Bytes that have arrived and were not read by the application."""
        return self._size - self._open - self._returnable

    def receive(self, count: int, *, starved: bool) -> None:
        """Count bytes in.

        Raises:
            ProtocolError: the sender used more than it was given, or went on after the end.
        """
        if self.ended:
            raise ProtocolError("data after the end of a lane")
        if count > self._open:
            raise ProtocolError("window exceeded")
        self._open -= count
        self._starved = self._starved or starved

    def consume(self, count: int) -> int:
        """Count bytes that the application has read.

        Returns:
            The credit to give to the sender now; 0 while it is not worth a message.
        """
        self._returnable += count
        if self.ended or self._returnable * 4 < self._size:
            return 0
        credit = self._returnable + self._grow()
        self._returnable = 0
        self._open += credit
        return credit

    def release(self) -> None:
        """Give back to the budget what the window had grown."""
        self._budget.left += self._grown
        self._grown = 0

    def _grow(self) -> int:
        more = min(self._size, MAX_WINDOW - self._size)
        if not self._starved or self.held * 2 > self._size or more == 0 or not self._budget.take(more):
            return 0
        self._starved = False
        self._size += more
        self._grown += more
        return more
