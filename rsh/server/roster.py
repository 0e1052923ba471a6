"""The sessions of a daemon: who is here, who is away and may come back, and how all of them are asked to leave.

A session belongs to the key that began it, so it is known by both, key and id: an id that was stolen is worth nothing
under another key. Ids of sessions that are over are remembered for a while. That decides about a client which has never
been welcomed and says Hello again: if its session was here once, what it asked for has been done, and must not be done
twice; if it certainly was not, because we have been here for longer and forgotten nobody since, it begins now.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from rsh.errors import Code, LinkSilent, Refused
from rsh.protocol.messages import Hello
from rsh.protocol.requests import Attach, Logs, Shell, Wait
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.trust.authorized import Authorized

log = logging.getLogger("rsh.server")

# What a client is told whose session is over.
GONE: Final = "the session is gone: the daemon was restarted, or has waited for long enough"

# What everybody is told when the daemon ends.
ENDING: Final = Refused(Code.SHUTDOWN, "the daemon is shutting down")

# Ids of sessions that are over, for each key.
REMEMBERED: Final = 4096

# What the sessions of one key may hold in memory while they are away, 256 MiB: the one that is away longest goes first.
MAX_KEPT: Final = 256 * 1024 * 1024

# For all who are dismissed at once, in seconds: a client that takes nothing gets a second (Session.close), a thousand
# take two.
PARTING: Final = 4.0

# Sessions that come back in a second to a machine that has much else to do: when many were cut at once, the last of
# them cannot be here within the time that one gets.
COMING_BACK: Final = 20

# As long as one of them comes back within so many seconds, the others are on their way.
NEXT: Final = 10.0

# A client that gives up after some seconds may have begun to count so much later than we.
LATER: Final = 60.0

# Requests whose work outlives a session, so that nobody has to wait for it to end.
LASTING: Final = (Shell, Attach, Logs, Wait)


class Guest(Struct, eq=False):
    """A session and the key it belongs to.

    Attributes:
        session: the session.
        name: for the log: where its client is, and the beginning of its id.
        key: DER of the certificate; b"" where the kernel vouched.
        id: the session's.
        linger: seconds it may be silent.
        patience: seconds after which its client gives it up; None: never.
        host: the address of its client.
        entry: the line of its key when it began; None where the kernel vouched.
    """

    session: Session
    name: str
    key: bytes
    id: bytes
    linger: float
    patience: float | None = None
    host: str = ""
    entry: Authorized | None = None


class Roster:
    """All sessions, by key and id."""

    def __init__(self, *, grace: float, max_sessions: int) -> None:
        """Begin with nobody.

        Args:
            grace: seconds that a session waits whose connection was closed.
            max_sessions: of one key.
        """
        self._grace = grace
        self._max_sessions = max_sessions
        self._lock = threading.Lock()  # guards what follows; taken before a session's own lock, never after it
        self._guests: dict[tuple[bytes, bytes], Guest] = {}
        self._past: dict[bytes, _Past] = {}
        self._begun = time.monotonic()
        self._closing = False
        self._rush_until = 0.0  # sessions that were cut with others have so long to come back

    # --- coming ---

    def find(self, key: bytes, session: bytes) -> Guest | None:
        """Give the session of a key with this id."""
        with self._lock:
            return self._guests.get((key, session))

    def note_return(self) -> None:
        """Take note that a session is back: others that were cut with it may be next."""
        now = time.monotonic()
        with self._lock:
            if now < self._rush_until:
                self._rush_until = max(self._rush_until, now + NEXT)

    def admit(self, guest: Guest, hello: Hello) -> bool:
        """Take a session in that begins.

        Returns:
            Whether it was: False when it is here already.

        Raises:
            Refused: it is over, or may be; there are too many of its key; or the daemon is going away.
        """
        with self._lock:
            if (guest.key, guest.id) in self._guests:
                return False
            if self._closing:
                raise Refused(ENDING.code, str(ENDING))
            if not self._is_new(guest, hello):
                raise Refused(Code.NO_SESSION, GONE)
            leaving = self._make_room(guest.key)
            self._guests[guest.key, guest.id] = guest
        self._dispose(leaving, "there are too many sessions of its key")
        return True

    def _is_new(self, guest: Guest, hello: Hello) -> bool:
        """Tell whether a session has certainly not been here; with _lock held."""
        past = self._past.get(guest.key)
        if past is not None and guest.id in past.ids:
            return False
        if hello.epoch == 1:
            return True
        known_since = self._begun if past is None else max(self._begun, past.forgot_at)
        return 0 < hello.age < (time.monotonic() - known_since) * 1000

    def _make_room(self, key: bytes) -> list[Guest]:
        """Choose who leaves for one more session of a key; with _lock held."""
        own = [guest for guest in self._guests.values() if guest.key == key]
        if len(own) < self._max_sessions:
            return []
        away = [guest for guest in own if guest.session.away_since is not None]
        if not away:
            raise Refused(Code.BUSY, "too many sessions of this key")
        return [min(away, key=lambda guest: guest.session.away_since or 0.0)]

    # --- going ---

    def remove(self, guest: Guest) -> bool:
        """Take note that a session is over; whether it was still here."""
        with self._lock:
            known = self._guests.pop((guest.key, guest.id), None)
            if known is not None:
                self._past.setdefault(guest.key, _Past()).add(guest.id)
        if known is not None:
            log.info("%s = session ended: %s", guest.name, guest.session.error)
        return known is not None

    def guests(self) -> list[Guest]:
        """Give those who are here or away now."""
        with self._lock:
            return list(self._guests.values())

    def kept(self) -> int:
        """Give the bytes of data that all of them hold."""
        return sum(guest.session.kept for guest in self.guests())

    def dismiss(self, why: Callable[[Guest], Refused | None]) -> list[Guest]:
        """End the sessions of those for whom there is a reason, with a word on it; give them."""
        reasons = [(guest, reason) for guest in self.guests() if (reason := why(guest)) is not None]
        threads = [
            threading.Thread(
                target=guest.session.close, args=(reason.code, str(reason)), name=f"dismiss {guest.name}", daemon=True
            )
            for guest, reason in reasons
        ]
        begun = [thread for thread in threads if _begin(thread)]
        deadline = Deadline(PARTING)
        for thread in begun:
            thread.join(deadline.left())
        for guest, _ in reasons:
            self.remove(guest)
        return [guest for guest, _ in reasons]

    def drain(self, deadline: Deadline) -> bool:
        """Let nobody begin any more, and dismiss everybody as soon as nothing is at work for them, or they are away.

        Whoever has one thing done after the other is dismissed between two of them.

        Returns:
            Whether nobody is left; False when the deadline came first.
        """
        with self._lock:
            self._closing = True
        self.dismiss(lambda guest: ENDING if guest.session.away_since is not None else None)
        threads = [
            threading.Thread(target=self._see_off, args=(guest, deadline), name=f"drain {guest.name}", daemon=True)
            for guest in self.guests()
        ]
        begun = [thread for thread in threads if _begin(thread)]
        for thread in begun:
            thread.join()
        return not self.guests()

    def _see_off(self, guest: Guest, deadline: Deadline) -> None:
        if guest.session.close_idle(ENDING.code, str(ENDING), deadline, besides=LASTING):
            self.remove(guest)

    # --- looking after ---

    def tend(self) -> None:
        """Look after all sessions; call it once a second."""
        guests = self.guests()
        for guest in guests:
            guest.session.tend()
        self._note_rush(guests)
        self._dispose([guest for guest in guests if self._is_overdue(guest)], "its client did not come back")
        self._dispose(_too_heavy(guests), "it holds too much memory for a session that is away")

    def _is_overdue(self, guest: Guest) -> bool:
        since, error = guest.session.away_since, guest.session.lost_by
        if since is None:
            return guest.session.error is not None
        now = time.monotonic()
        if guest.patience is not None and now - since >= guest.patience + (LATER if guest.patience else 0.0):
            return True
        if isinstance(error, LinkSilent):
            return now - since >= guest.linger
        return now - since >= self._grace and now >= self._rush_until

    def _note_rush(self, guests: list[Guest]) -> None:
        """Give those who were cut together the time it takes all of them to come back."""
        cut = [
            since
            for guest in guests
            if (since := guest.session.away_since) is not None and not isinstance(guest.session.lost_by, LinkSilent)
        ]
        if cut:
            with self._lock:
                self._rush_until = max(self._rush_until, max(cut) + (len(cut) - 1) / COMING_BACK)

    def _dispose(self, guests: Iterable[Guest], why: str) -> None:
        """End sessions that are away, unless their clients have just come back."""
        for guest in guests:
            guest.session.expire(Refused(Code.NO_SESSION, why))
            if guest.session.error is not None:
                self.remove(guest)


class _Past:
    """Which sessions of a key are over.

    Attributes:
        ids: the last of them.
        forgot_at: when we forgot one, as time.monotonic() counts.
    """

    def __init__(self) -> None:
        self.ids: set[bytes] = set()
        self.forgot_at = 0.0
        self._order: deque[bytes] = deque()

    def add(self, session: bytes) -> None:
        """Remember one more."""
        self.ids.add(session)
        self._order.append(session)
        if len(self._order) > REMEMBERED:
            self.ids.discard(self._order.popleft())
            self.forgot_at = time.monotonic()


def _begin(thread: threading.Thread) -> bool:
    """Start a thread; when none can be had do its work here and give False: whoever has to go, goes."""
    try:
        thread.start()
    except RuntimeError:
        thread.run()
        return False
    return True


def _too_heavy(guests: list[Guest]) -> list[Guest]:
    """Choose whom to end so that what sessions hold while they are away stays within bounds for each key."""
    away = [guest for guest in guests if guest.session.away_since is not None]
    away.sort(key=lambda guest: guest.session.away_since or 0.0, reverse=True)
    held: dict[bytes, int] = {}
    heavy = []
    for guest in away:
        held[guest.key] = held.get(guest.key, 0) + guest.session.kept
        if held[guest.key] > MAX_KEPT:
            heavy.append(guest)
    return heavy
