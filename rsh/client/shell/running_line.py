"""A line that runs in a living shell, as whoever has the terminal sees it."""

from __future__ import annotations

from rsh.client.shell.attended import Attended
from rsh.client.shell.living import LivingShell
from rsh.protocol.frames import Buffer
from rsh.session.deadline import NEVER, Deadline


class RunningLine(Attended):
    """A line that a living shell runs, in the shape of a RemoteProcess on a terminal."""

    def __init__(self, shell: LivingShell, line: bytes | None = None, ahead: bytes = b"") -> None:
        """Give the shell the line, and what was typed for it already; None stands for its own beginning."""
        super().__init__(shell)
        self._over = False
        if line is not None:
            shell.start_line(line, ahead)

    def read_stdout(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for output; b"" at its end."""
        return self._shell.next_output()

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait for the end of the line, or of the shell; give the status."""
        alive = self._shell.wait_ready(deadline)
        self._over = True
        return self._shell.status if alive else self._shell.ended or 0

    def close(self) -> None:
        """Give the line up if it still runs, and the shell with it: it belongs to nobody then."""
        if not self._over:
            self._shell.close()
