"""A line that runs in a living shell, as whoever has the terminal sees it."""

from __future__ import annotations

import threading

from rsh.client.shell.attended import Attended
from rsh.client.shell.living import LivingShell
from rsh.protocol.frames import Buffer
from rsh.session.deadline import NEVER, Deadline


class RunningLine(Attended):
    """A line that a living shell runs, in the shape of a RemoteProcess on a terminal.

    The shell is given it when its output is first asked for. By then whoever has the terminal hears its keys and its
    signals, so that none comes for a line that runs already and ends something else.
    """

    def __init__(self, shell: LivingShell, line: bytes | None = None, ahead: bytes = b"") -> None:
        """Have a line, and what was typed for it already; None stands for what the shell is at without us."""
        super().__init__(shell)
        self._line = line
        self._ahead = ahead
        self._begun = threading.Event()
        self._over = False

    def begin(self) -> None:
        """Give the shell the line; more than once does no harm. For one thread only."""
        if self._line is not None and not self._begun.is_set():
            self._shell.start_line(self._line, self._ahead)
        self._begun.set()

    def read_stdout(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for output; b"" at its end."""
        self.begin()
        return self._shell.next_output()

    def write(self, data: Buffer) -> None:
        """Send what was typed, behind the line."""
        self._begun.wait()
        super().write(data)

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait for the end of the line, or of the shell; give the status."""
        alive = self._shell.wait_ready(deadline)
        self._over = True
        return self._shell.status if alive else self._shell.ended or 0

    def close(self) -> None:
        """Give the line up if it still runs, and the shell with it: it belongs to nobody then."""
        if not self._over:
            self._shell.close()
        self._begun.set()  # Nobody waits for that any longer.
