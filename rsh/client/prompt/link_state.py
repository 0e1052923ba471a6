"""How the link is, in words for the prompt: its state, the line at the bottom, and what is said when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.text.units import amount, duration
from rsh.errors import RshError

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.session.condition import Condition

# Seconds between two looks: for a clock that counts, and for figures that change.
SECOND: Final = 1.0

# Seconds without an answer after which the toolbar shows by itself, as mosh does it. Silence alone means nothing: while
# nobody has anything to say, the session asks only every few seconds, and within one process not at all.
SILENT: Final = 2.0


class LinkState:
    """The state of one connection, for a prompt. `close` ends its thread."""

    def __init__(self, remote: Remote, refresh: Callable[[], None], tell: Callable[[float], None]) -> None:
        """Begin to watch.

        Args:
            refresh: has the prompt drawn again; called by threads.
            tell: hears that the connection is back, and after how many seconds, or with 0 that it is over; likewise.
        """
        self._session = remote.session
        self._remote = remote
        self._refresh = refresh
        self._tell = tell
        self._always = False  # figures are shown, and have to be renewed
        self._round_trip: float | None = None
        self._rates = (0.0, 0.0)  # bytes a second, to and from there
        self._counted = (0, 0, time.monotonic())
        self._away = 0.0 if self.away else None
        self._wake = threading.Event()
        self._over = False
        self._forget = self._session.watch(self._changed)
        threading.Thread(target=self._work, name="link state", daemon=True).start()

    @property
    def away(self) -> bool:
        """Whether there is no connection now, and one is being made."""
        return self._session.error is None and not self._session.condition.connected

    @property
    def silent(self) -> bool:
        """Whether the other side was asked if it is there, and has not answered."""
        return self._session.unanswered > SILENT

    def words(self) -> str:
        """Give the state for the prompt: "reconnecting 4s", "" when all is well."""
        return f"reconnecting {self._session.condition.lasted:.0f}s" if self.away else ""

    def toolbar(self, choice: str) -> str:
        """Give the line at the bottom; "" when it is not to be seen.

        Args:
            choice: the setting: on, off, or auto.
        """
        always = choice == "on"
        if always and not self._always:
            self._wake.set()
        self._always = always
        if choice == "off" or self._session.error is not None:
            return ""
        if self.away:
            return self._outage(self._session.condition)
        silent = time.monotonic() - self._session.heard
        if not always:
            return f"last contact {silent:.0f} s ago" if self.silent else ""
        round_trip = "…" if self._round_trip is None else duration(self._round_trip)
        up, down = (amount(int(rate)) for rate in self._rates)
        parts = [f"rtt {round_trip}", f"up {up}/s", f"down {down}/s", f"queue {amount(self._session.kept)}"]
        return " · ".join([*parts, f"last contact {silent:.0f} s ago"])

    def close(self) -> None:
        """Watch no longer."""
        self._over = True
        self._forget()
        self._wake.set()

    def _outage(self, condition: Condition) -> str:
        wait = condition.retry_in
        then = "dialling" if wait is None else f"next attempt in {wait:.0f} s"
        return f"no connection for {condition.lasted:.0f} s · {then} · Ctrl-C: quit, detach, retry now"

    def _changed(self, condition: Condition) -> None:
        """Hear of a new condition, from a thread of the session's."""
        if self._session.error is not None:
            self._tell(0.0)
        elif not condition.connected:
            self._away = condition.since
        elif self._away is not None:
            lasted, self._away = time.monotonic() - self._away, None
            self._tell(lasted)
        self._wake.set()

    def _work(self) -> None:
        """Renew what changes by itself, and what does no more."""
        counted = False  # there was a clock to be seen
        while not self._over:
            changed = self._wake.wait(SECOND)
            self._wake.clear()
            if self._over:
                return
            if self._always and not self.away:
                self._measure()
            counts = self._always or self.away or self.silent
            if changed or counts or counted:
                self._refresh()
            counted = counts

    def _measure(self) -> None:
        sent, received, before = self._counted
        now = time.monotonic()
        self._counted = (self._session.sent_bytes, self._session.received_bytes, now)
        passed = max(now - before, 0.001)
        self._rates = ((self._counted[0] - sent) / passed, (self._counted[1] - received) / passed)
        try:
            self._round_trip, _ = self._remote.ping(SECOND)
        except RshError:
            self._round_trip = None


class PromptLink:
    """The state of whatever connection a prompt has: it may be lost for good, and another one made."""

    def __init__(
        self, connected: Callable[[], Remote | None], refresh: Callable[[], None], tell: Callable[[float], None]
    ) -> None:
        """Prepare; `renew` begins.

        Args:
            connected: gives the connection, if there is one.
            refresh, tell: as LinkState.
        """
        self._connected = connected
        self._refresh = refresh
        self._tell = tell
        self._lock = threading.Lock()  # guards what follows where it is changed
        self._remote: Remote | None = None
        self._state: LinkState | None = None

    def renew(self) -> None:
        """Watch the connection that there is now; called by any thread."""
        remote = self._connected()
        with self._lock:
            if remote is not self._remote:
                self._forget()
                self._remote = remote
                self._state = LinkState(remote, self._refresh, self._tell) if remote is not None else None

    def away(self) -> bool:
        """Say whether there is no connection now, and one is being made."""
        return self._state is not None and self._state.away

    def words(self) -> str:
        """Give the state for the prompt."""
        return self._state.words() if self._state is not None else ""

    def toolbar(self, choice: str) -> str:
        """Give the line at the bottom."""
        return self._state.toolbar(choice) if self._state is not None else ""

    def close(self) -> None:
        """Watch no longer."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._state is not None:
            self._state.close()
            self._state = None
