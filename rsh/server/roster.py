"""The live sessions of a daemon: who is here, and how all of them are asked to leave."""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec import Struct

from rsh.errors import Code
from rsh.session.deadline import Deadline
from rsh.session.session import Session


class Guest(Struct, eq=False):
    """A session and the key it belongs to."""

    session: Session
    name: str
    key: bytes  # DER of the certificate; b"" where the kernel vouched


class Roster:
    """The sessions that are going on."""

    def __init__(self) -> None:
        self._guests: set[Guest] = set()  # guarded by _lock
        self._lock = threading.Lock()

    def add(self, guest: Guest) -> None:
        """Take note of a session that begins."""
        with self._lock:
            self._guests.add(guest)

    def remove(self, guest: Guest) -> None:
        """Take note of a session that has ended."""
        with self._lock:
            self._guests.discard(guest)

    def guests(self) -> list[Guest]:
        """Give those who are here now."""
        with self._lock:
            return list(self._guests)

    def dismiss(self, code: Code, text: str, whom: Callable[[Guest], bool] = lambda _: True) -> list[Guest]:
        """End the sessions of those who are meant, with a word on why; give them."""
        meant = [guest for guest in self.guests() if whom(guest)]
        threads = [
            threading.Thread(target=guest.session.close, args=(code, text), name=f"dismiss {guest.name}", daemon=True)
            for guest in meant
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2.0)
        return meant

    def wait_idle(self, deadline: Deadline) -> bool:
        """Wait until nobody has a request at work; False when the deadline came first."""
        return all(guest.session.wait_idle(deadline) for guest in self.guests())
