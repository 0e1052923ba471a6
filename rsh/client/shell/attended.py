"""What whoever has the terminal does to a living shell, whatever that is at: types, signals, and tells its size."""

from __future__ import annotations

from typing import Final

from rsh.client.shell.living import LivingShell
from rsh.protocol.frames import Buffer
from rsh.session.deadline import NEVER, Deadline

KEYS: Final = {"INT": b"\x03", "QUIT": b"\x1c"}  # unless stty(1) has set others


class Attended:
    """A living shell in the shape of a RemoteProcess on a terminal, but for its output and its end.

    Attributes:
        leaving: the signal that told this client to end, without SIG; "" for none.
    """

    def __init__(self, shell: LivingShell) -> None:
        self.leaving = ""
        self._shell = shell

    def read_stderr(self, deadline: Deadline = NEVER) -> Buffer:
        """Give b"": a terminal has one output."""
        return b""

    def write(self, data: Buffer) -> None:
        """Send what was typed."""
        self._shell.type(data)

    def close_stdin(self) -> None:
        """Say that the keyboard has ended: as if Ctrl-D were typed."""
        self._shell.type(b"\x04")

    def signal(self, name: str) -> None:
        """Send a signal to what runs in the foreground; TERM and HUP are for us, and hang up.

        INT and QUIT are what our terminal makes of a key before it is handed over, and go as that: it keeps its place
        then.
        """
        if name in ("TERM", "HUP"):
            self.leaving = name
            self._shell.close()
        elif name in KEYS:
            self.write(KEYS[name])
        else:
            self._shell.signal(name)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        self._shell.resize(columns, rows)
