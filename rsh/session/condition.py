"""How the connection of a session is, for whoever shows it to a user."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

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


Watcher: TypeAlias = Callable[[Condition], None]


class Conditions:
    """The present condition, and who wants to hear of new ones.

    Attributes:
        current: the present one.
    """

    def __init__(self, *, connected: bool) -> None:
        self.current = Condition(connected, time.monotonic())
        self._lock = threading.Lock()  # guards what follows; held for a few instructions
        self._watchers: tuple[Watcher, ...] = ()

    def set(self, condition: Condition) -> None:
        """Replace the present condition; nobody is told yet, for the caller may hold a lock."""
        self.current = condition

    def tell(self) -> None:
        """Tell everybody. With no lock held."""
        for watcher in self._watchers:
            try:
                watcher(self.current)
            except Exception:  # a net for bugs: who watches must not stop who keeps the session alive
                import logging

                logging.getLogger("rsh.session").exception("! a watcher failed")

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have `watcher` told; give a function that stops it."""
        with self._lock:
            self._watchers = (*self._watchers, watcher)
        return lambda: self._forget(watcher)

    def _forget(self, watcher: Watcher) -> None:
        with self._lock:
            self._watchers = tuple(each for each in self._watchers if each is not watcher)
