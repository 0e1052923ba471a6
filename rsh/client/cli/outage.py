"""Tells whoever waits that there is no connection just now, while a command runs without a terminal over there.

On a terminal of its own a command is looked after by foreground.py; a transfer shows it by its bar.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.text.complaints import say
from rsh.client.text.condition_text import describe

if TYPE_CHECKING:
    from rsh.errors import RshError
    from rsh.session.condition import Condition
    from rsh.session.session import Session

# Seconds that a lost connection may take to be there again without a word.
PATIENCE: Final = 2.0


class Outage:
    """While entered, one line on stderr when the connection stays away, and one when it is back.

    Attributes:
        lasts: whether there is no connection now.
        told: a word was said.
    """

    def __init__(
        self,
        session: Session | None,
        *,
        quiet: bool = False,
        verb: str = "",
        replaced: Callable[[], bool] | None = None,
    ) -> None:
        """Prepare.

        Args:
            quiet: say nothing.
            verb: of the command of ours that waits, which says so to a file as well; "" for a program whose stderr
                is what it writes there, and ours only on a terminal.
            replaced: of a command of ours at the prompt: says whether another session has taken the place of this one.
        """
        self.told = False
        self._replaced = replaced
        self._session = session
        self._terminal = os.isatty(2)
        self._silent = quiet or not (verb or self._terminal)
        self._ours = bool(verb) or replaced is not None
        self._who = f"rsh: {verb}" if verb else "rsh"
        self._lock = threading.Lock()  # guards what follows
        self._timer: threading.Timer | None = None
        self._told_at: float | None = None  # since when it was away, once that was told

    @property
    def lasts(self) -> bool:
        """Whether there is no connection now."""
        return self._session is not None and not self._session.condition.connected

    def __enter__(self) -> Outage:
        self._stop = self._session.watch(self._changed) if self._session and not self._silent else _nothing
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def follow(self, session: Session) -> None:
        """Look at another session, which has taken the place of one that is over."""
        self._stop()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            told_at, self._timer, self._told_at = self._told_at, None, None
            self._session = session
        self._say_back(told_at, session.condition)
        self.__enter__()

    def _say_back(self, told_at: float | None, condition: Condition) -> None:
        """Say that the connection is back, if it was told since when it was away."""
        if told_at is not None:
            say(f"{self._who}: connected again after {condition.since - told_at:.0f} s\n")

    def _changed(self, condition: Condition) -> None:
        with self._lock:
            over = self._session is not None and self._session.error is not None
            if (over or not condition.connected) and self._timer is None:
                self._timer = threading.Timer(PATIENCE, self._tell)
                self._timer.daemon = True
                self._timer.start()
                return
            if not condition.connected:
                return
            if self._timer is not None:
                self._timer.cancel()
            told_at, self._timer, self._told_at = self._told_at, None, None
        self._say_back(told_at, condition)

    def _tell(self) -> None:
        assert self._session is not None
        with self._lock:
            condition, error = self._session.condition, self._session.error
            if self._is_mended(condition, error):
                return
            self.told, self._told_at = True, condition.since
        if error is not None:  # A command that could not go on would have ended by now.
            say(f"{self._who}: {describe(condition, error)}; waiting for the next daemon\n")
            return
        say(f"{self._who}: {describe(condition)}{'; Ctrl-C leaves' if self._terminal else ''}\n")

    def _is_mended(self, condition: Condition, error: RshError | None) -> bool:
        """Say whether there is nothing to tell any more, or nobody waits."""
        if self._replaced is not None and self._replaced():
            return True
        return not self._ours if error is not None else condition.connected


def _nothing() -> None:
    """There is nobody to be told."""
