"""A glyph that turns while something is waited for. A screen module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from prompt_toolkit.application import Application

FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

# Seconds between two of them; and for how long it turns: on a link that is dead nobody has to look at it for ever.
TURN: Final = 0.1
LONGEST: Final = 6.0


class Spinner:
    """One glyph, behind the line of a prompt."""

    def __init__(self, app: Application[Any], waits: Callable[[], bool]) -> None:
        """Prepare.

        Args:
            waits: says whether there is something to wait for.
        """
        self._app = app
        self._waits = waits
        self._turns = 0  # so far; 0: it is not there
        self._asked = False  # a turn is to come

    @property
    def glyph(self) -> str:
        """What is to be seen now; "" for nothing."""
        return FRAMES[self._turns % len(FRAMES)] if self._turns else ""

    def begin_line(self) -> None:
        """Be gone; a turn that was to come went with the event loop of the last line."""
        self._turns, self._asked = 0, False

    def start(self) -> None:
        """Begin to turn, from the beginning, if it is still waited a moment from now; in the event loop."""
        self._turns = 0
        if not self._asked:
            self._later()

    def _later(self) -> None:
        if self._app.loop is not None:
            self._asked = True
            self._app.loop.call_later(TURN, self._turn)

    def _turn(self) -> None:
        self._asked = False
        shown = self._turns
        goes_on = self._app.is_running and self._waits() and shown * TURN < LONGEST
        self._turns = shown + 1 if goes_on else 0
        if goes_on:
            self._later()
        if shown or goes_on:
            self._app.invalidate()
