"""What is typed on its way to the terminal: none of it overtakes its line, which an interrupt ends whenever it comes.

A key that makes a signal (ISIG, termios(3)) tells whoever has the terminal just then. That is the shell while it reads
its line: it would drop what it has read of it, and run the rest as lines of their own; so keys wait until it has read
all. Soon after that there may be nobody who heeds the signal yet (settling.py), and if it was for a shell that works by
itself it may be the next program's (unheeded.py). At a terminal of this machine such a key drops what was typed before
it, which comes to the same.
"""

import time

from rsh.holder.child import Child, feed
from rsh.holder.settling import Settling, is_shell
from rsh.holder.terminal import HOLDS, Terminal
from rsh.holder.unheeded import Unheeded
from rsh.holder.wording import TRAPS

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
        self._size = 0  # of the line
        self._traps = False  # a line may set a trap, or have defined what does
        self._settling: Settling | None = None  # a key waits for the line's program
        self._unheeded: Unheeded | None = None  # or has perhaps come too early for it

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
        return self._settling is not None or self._unheeded is not None

    def begin_line(self, line: bytes) -> None:
        """Take note that the shell is given a line."""
        self._read_at = 0.0
        self._size = len(line)
        self._traps = self._traps or TRAPS.search(line) is not None
        self._settling = self._unheeded = None

    def end_line(self) -> bytes:
        """Take note that it has ended; give what has come too late for it."""
        self._settling = self._unheeded = None
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
                self._type()
        feed(self._terminal.master, self._terminal.typed)
        if self._unheeded is not None:
            self._look_after(self._unheeded)

    def _is_settled(self) -> bool:
        """Tell whether a signal would be heeded that one of these keys makes."""
        if self._settling is None and time.monotonic() < self._read_at + FRESH:
            number = self._terminal.signal_of(bytes(self._waiting))
            self._settling = Settling(self._child.pid, number, self._size) if number else None
        return self._settling is None or self._settling.is_over()

    def _type(self) -> None:
        keys, self._waiting = bytes(self._waiting), bytearray()
        settling, self._settling = self._settling, None
        self._terminal.type(keys)
        if settling is None or settling.sleeps or self._traps or self._child.last.heeds:
            return
        feed(self._terminal.master, self._terminal.typed)
        self._terminal.take_in()
        if is_shell(self._terminal.group(), self._child.pid):
            self._unheeded = Unheeded(self._child.pid, settling.number)

    def _look_after(self, unheeded: Unheeded) -> None:
        """Send a signal to whom it is for, if it has become evident that it was lost."""
        if unheeded.is_lost(self._terminal.group()):
            self._terminal.signal_as_key(unheeded.number)
            self._unheeded = None
        elif unheeded.is_over:
            self._unheeded = None
