"""What is typed on its way to the terminal: none of it overtakes its line, which an interrupt ends whenever it comes.

A key that makes a signal (ISIG, termios(3)) tells whoever has the terminal just then. That is the shell while it reads
its line: it would drop what it has read of it, and run the rest as lines of their own; so keys wait until it has read
all. Soon after that there may be nobody who heeds the signal yet (settling.py). At a terminal of this machine such a
key drops what was typed before it, which comes to the same.
"""

import time

from rsh.holder.child import Child, feed
from rsh.holder.settling import Settling
from rsh.holder.terminal import HOLDS, Terminal

# How old a line may be for its program not to be there yet, in seconds; and how often it is looked for then.
FRESH = 2.0
GLANCE = 0.002


class Keyboard:
    """The keys of all clients, for one shell on a terminal."""

    def __init__(self, terminal: Terminal, child: Child) -> None:
        self._terminal = terminal
        self._child = child
        self._waiting = bytearray()  # for the line that runs
        self._read_at = 0.0  # when the shell was seen to have read that; 0.0 before
        self._settling: Settling | None = None  # a key waits for the line's program

    @property
    def waits(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    @property
    def is_early(self) -> bool:
        """Whether something waits for the shell to have read its line."""
        return bool(self._waiting) and not self._child.has_line

    @property
    def count(self) -> int:
        """How much has not been taken."""
        return len(self._waiting) + len(self._terminal.typed)

    @property
    def looks(self) -> bool:
        """Whether to look every GLANCE seconds how far the shell is."""
        return self._settling is not None

    def begin_line(self) -> None:
        """Take note that the shell is given a line."""
        self._read_at = 0.0
        self._settling = None

    def end_line(self) -> bytes:
        """Take note that it has ended; give what has come too late for it."""
        self._settling = None
        late, self._waiting = bytes(self._waiting), bytearray()
        return late[:HOLDS]

    def press(self, keys: bytes) -> None:
        """Have keys typed as soon as may be."""
        self._waiting += keys

    def pump(self) -> None:
        """Type what waits, if that is for the line, and give the terminal what it takes."""
        if self._child.has_line:
            self._read_at = self._read_at or time.monotonic()
            if self._waiting and self._is_settled():
                keys, self._waiting = bytes(self._waiting), bytearray()
                self._terminal.type(keys)
        feed(self._terminal.master, self._terminal.typed)

    def _is_settled(self) -> bool:
        """Tell whether a signal would be heeded that one of these keys makes."""
        if self._settling is None and time.monotonic() < self._read_at + FRESH:
            number = self._terminal.signal_of(bytes(self._waiting))
            self._settling = Settling(self._child.pid, number) if number else None
        if self._settling is not None and not self._settling.is_over():
            return False
        self._settling = None
        return True
