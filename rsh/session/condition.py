"""How the connection of a session is, for whoever shows it to a user."""

from __future__ import annotations

import time

from msgspec import Struct


class Condition(Struct, frozen=True):
    """A moment's truth; a new one is made for each change.

    Attributes:
        connected: whether the other end is there: it has welcomed us, and nothing has been amiss since.
        since: when that began, as time.monotonic() counts.
        attempts: how often we have dialled since it was lost; 0 while connected.
        reason: why there is no connection: of the last attempt, else of the loss; "" while connected.
        retry_at: when the next attempt begins, as time.monotonic() counts; None while one is under way, or none is to
            come.
    """

    connected: bool
    since: float
    attempts: int = 0
    reason: str = ""
    retry_at: float | None = None

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt, at least 0; None while one is under way, or none will be."""
        return None if self.retry_at is None else max(0.0, self.retry_at - time.monotonic())

    @property
    def lasted(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.since
