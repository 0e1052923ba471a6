"""Whether the other end of a stream still lives: when it is time to ask, and when to believe that nobody is there."""

from __future__ import annotations

from enum import Enum
from typing import Final

# Bytes that the peer's kernel must have taken to count as a sign of life. What we ask and what is typed is less, and a
# router in between may take that for a peer who is gone; a slow link with a long queue brings more than that.
PROGRESS: Final = 4096

# Seconds of silence after which the peer is asked when something that we sent is not acknowledged. An answer to a Ping
# brings the acknowledgement along, so a peer that lives is asked once.
WAITING_IDLE: Final = 3.0

# After the machine has slept: how long the peer gets to answer, in seconds.
HURRIED: Final = 0.8


class Verdict(Enum):
    """What to do about a stream."""

    FINE = "fine"
    ASK = "ask"  # send a Ping
    DEAD = "dead"  # give it up


class Pulse:
    """Signs of life on one stream. All moments are those of one clock, in seconds.

    Attributes:
        heard: when bytes came last; the reader sets it.
    """

    def __init__(self, now: float, *, idle: float, patience: float) -> None:
        """Begin with a new stream.

        Args:
            now: the present moment.
            idle: seconds of silence after which the peer is asked.
            patience: seconds that it then gets to answer.
        """
        self.heard = now
        self._idle = idle
        self._patience = patience
        self._hurried = False
        self._asked: float | None = None  # when, if no sign of life has come since
        self._moved = now  # when the peer's kernel was seen to take PROGRESS bytes
        self._delivered = 0  # bytes it had taken then

    def look(self, now: float, delivered: int, *, waits: bool = False) -> Verdict:
        """Decide.

        Args:
            now: the present moment.
            delivered: bytes that the peer's kernel has taken so far (Stream.delivered).
            waits: something that was sent waits for its acknowledgement.
        """
        if delivered - self._delivered >= PROGRESS:
            self._delivered = delivered
            self._moved = now
        alive = max(self.heard, self._moved)
        if self._asked is not None and self._asked >= alive:
            patience = HURRIED if self._hurried else self._patience
            return Verdict.DEAD if now - self._asked >= patience else Verdict.FINE
        self._asked = None
        self._hurried = False
        if now - alive < (min(self._idle, WAITING_IDLE) if waits else self._idle):
            return Verdict.FINE
        self._asked = now
        return Verdict.ASK

    def unanswered(self, now: float) -> float:
        """Give the seconds since the peer was asked, if no sign of life has come since; else 0."""
        asked = self._asked
        return now - asked if asked is not None and asked >= max(self.heard, self._moved) else 0.0

    def hurry(self, now: float) -> Verdict:
        """Ask at once and wait for a short time only: the machine has slept, and the network may be another."""
        self.heard = self._moved = self._asked = now
        self._hurried = True
        return Verdict.ASK
