"""Tells of shells that were left over there, to whoever opens a new one: asked while the prompt is being prepared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.commands.sessions import offers, shells
from rsh.errors import RshError

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote

# For how long the first prompt waits for the answer, in seconds: one of those shells may take longer to give its own.
PATIENCE: Final = 0.1


class Offers:
    """One question, in a thread of its own."""

    def __init__(self, remote: Remote, host: str, own: Callable[[], str]) -> None:
        """Ask; that it cannot be answered is no reason not to work.

        Args:
            own: gives the id of our own shell, which may have been begun by the time of the answer.
        """
        self._host = host
        self._own = own
        self._remote = remote
        self._lock = threading.Lock()  # guards what follows
        self._lines: list[str] | None = None
        self._show: Callable[[list[str]], None] | None = None
        self._answered = threading.Event()
        threading.Thread(target=self._ask, name="offers", daemon=True).start()

    def tell(self, show: Callable[[list[str]], None], show_late: Callable[[list[str]], None]) -> None:
        """Have the answer shown, if there is one to be shown.

        Args:
            show: is called before we return. show_late: by a thread, when the answer takes its time.
        """
        self._answered.wait(PATIENCE)
        with self._lock:
            self._show = show_late
            lines = self._lines
        if lines:
            show(lines)

    def _ask(self) -> None:
        try:
            found = shells(self._remote)
            lines = offers([entry for entry in found if entry.id != self._own()], self._host)
        except RshError:
            lines = []
        with self._lock:
            self._lines = lines
            show = self._show
        self._answered.set()
        if show is not None and lines:
            show(lines)
