"""What a living shell tells the prompt of by itself: jobs' output, other clients' lines, the connection, its end."""

from __future__ import annotations

import termios
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.shell.company import Company
from rsh.client.shell.living import LivingShell
from rsh.client.shell.wishes import Wishes
from rsh.client.terminal.modes import Modes
from rsh.client.terminal.passthrough import Buffer, to_stdout
from rsh.client.text.units import duration
from rsh.errors import RshError
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.protocol.shell_records import Started

# A connection that is away for less is not worth a word, in seconds.
WORTH_TELLING: Final = 2.0

# A terminal with these begins a line anew by itself.
ENDS_LINES: Final = termios.OPOST | termios.ONLCR


class Telling(Company):
    """Hands on to the prompt what the shell's threads bring; base of TerminalShell, which has the shell.

    Attributes:
        above: shows what a background job prints while the prompt is shown.
        call: has the prompt give way, so that it calls `attend`; None while there is none that could.
        back: hears that there is another connection, as the last one was lost; called by a thread.
        returned: hears after how many seconds, if these were long; then it is to tell that.
        changed: hears that there is something else to be shown in the prompt; called by a thread, and must not wait.
        wishes: how programs have the terminal.
    """

    def __init__(self, wishes: Wishes) -> None:
        self.above: Callable[[Buffer], None] = _print
        self.call: Callable[[], None] | None = None
        self.back: Callable[[], None] = _nothing
        self.returned: Callable[[float], None] = self._tell_returned
        self.changed: Callable[[], None] = _nothing
        self.wishes = wishes
        self._modes = Modes()  # what lines, and jobs behind them, have switched on here
        self._living: LivingShell | None = None
        self._started: Started | None = None  # a line of another client's that we have not attended
        self._lost_at = 0.0

    def attends(self) -> bool:
        """Say whether there is a prompt that can give way."""
        return self.call is not None

    def line_started(self, started: Started) -> None:
        """Have the prompt give way to a line that is not ours."""
        self._started = started
        if self.call is not None:
            self.call()

    def notice(self, words: str) -> None:
        """Show who comes and goes, above the prompt; a program that runs is not to be disturbed."""
        if self._living is not None and not self._living.running:
            self.above(f"rsh: {printable(words)}\r\n".encode(errors="replace"))

    def jobs_changed(self) -> None:
        """Have the prompt show it."""
        self.changed()

    def connection_lost(self, error: RshError) -> None:
        """Note when the connection was lost: its session may have tried for long to have it again."""
        session = self.wishes.session
        tried = session is not None and not session.condition.connected
        self._lost_at = session.condition.since if session is not None and tried else time.monotonic()

    def connection_back(self, missed: int) -> None:
        """Say that it is back, when that took long, and what is missing."""
        self.wishes.renewed()
        self.back()
        seconds = time.monotonic() - self._lost_at
        if seconds >= WORTH_TELLING:
            self.returned(seconds)
        if missed > 0:
            self.notice(f"{missed} bytes of output were printed meanwhile and are lost")

    def _tell_returned(self, seconds: float) -> None:
        self.notice(f"connected again after {duration(seconds)}")

    def shell_over(self) -> None:
        """Have the prompt give way to what there is to tell of it."""
        if self.call is not None:
            self.call()

    def _show_above(self, data: Buffer) -> None:
        """Show a background job's output, and leave the terminal as the prompt needs it."""
        if self.wishes.transcoder is not None:
            data = self.wishes.transcoder.to_screen(data)
        self._modes.feed(data)
        self.above(bytes(data) + self._modes.undo(looks=False))  # What it is may be set only after the shell has begun.


def _print(data: Buffer) -> None:
    """Print what a terminal over there has made, where ours may be in line mode and would do it once more."""
    try:
        again = termios.tcgetattr(1)[1] & ENDS_LINES == ENDS_LINES
    except termios.error:
        again = False  # It is none.
    to_stdout(bytes(data).replace(b"\r\n", b"\n") if again else data)


def _nothing() -> None:
    """There is nobody who would have to know."""
