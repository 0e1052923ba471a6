"""One deadline for one operation, made once and handed down."""

from __future__ import annotations

import time

from rsh.errors import DeadlineExpired


class Deadline:
    """A moment on the monotonic clock by which an operation must have finished, or never.

    Attributes:
        at: that moment, as time.monotonic() counts, or None.
    """

    __slots__ = ("at",)

    def __init__(self, seconds: float | None) -> None:
        self.at = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Give the seconds that are left, at least 0; None for ever."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return self.at is not None and time.monotonic() >= self.at

    def check(self, what: str) -> None:
        """Raise DeadlineExpired, with words on what was not finished, once the moment has passed."""
        if self.expired:
            raise DeadlineExpired(f"{what}: timed out")


NEVER = Deadline(None)
