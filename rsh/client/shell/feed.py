"""What a living shell says, in one row for who reads at leisure: pieces of output, and where lines and it end."""

from __future__ import annotations

import queue
import threading
from typing import Final, NamedTuple, TypeAlias

from rsh.client.shell.attachment import Again
from rsh.client.shell.company import Company
from rsh.client.shell.living import END_PATIENCE, LivingShell
from rsh.errors import RshError
from rsh.protocol.frames import Buffer
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline

# Pieces of output that wait to be read; beyond them the program over there waits, as behind a full terminal.
MAX_WAITING: Final = 64


class Lost(NamedTuple):
    """Output is missing here, or a little before.

    Attributes:
        size: bytes that were printed while there was no connection, more than are kept over there.
    """

    size: int


class LineEnd(NamedTuple):
    """A line has ended, and all its output was before this.

    Attributes:
        status: its own.
    """

    status: int


class ShellEnd(NamedTuple):
    """The shell has ended, or is lost: nothing more comes.

    Attributes:
        returncode: as subprocess gives it; None when nobody knows. error: why it was lost.
    """

    returncode: int | None
    error: RshError | None = None


Item: TypeAlias = bytes | Lost | LineEnd | ShellEnd


class Feed(Company):
    """The row, and the thread that fills it, which ends with the shell or with `close`.

    Attributes:
        living: the shell; lines are given to it by `start_line`.
    """

    def __init__(self, channel: Channel, *, token: bytes = b"", again: Again | None = None) -> None:
        """Take over a channel that was opened with a Shell request; the shell's own beginning is the first line.

        Args:
            token, again: as Attachment.
        """
        self._items: queue.Queue[Item] = queue.Queue(MAX_WAITING)
        self._begun = threading.Semaphore(1)  # one for each line
        self._closed = False
        self.living = LivingShell(channel, self._take, token=token, again=again, company=self)
        self._pump = threading.Thread(target=self._pump_lines, name="feed", daemon=True)
        self._pump.start()

    def start_line(self, line: bytes) -> None:
        """Give the shell a line, when the end of the last one was read."""
        self.living.start_line(line)
        self._begun.release()

    def next(self, timeout: float | None) -> Item | None:
        """Give what comes next; None when nothing does within so many seconds, or, with None, wait for ever."""
        try:
            return self._items.get(timeout=timeout) if timeout != 0 else self._items.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """End the shell, and want nothing more."""
        self._closed = True
        self._drop()
        self.living.end(Deadline(END_PATIENCE))
        while self._pump.is_alive():
            self._begun.release()
            self._drop()
            self._pump.join(0.05)

    def connection_back(self, missed: int) -> None:
        """As Company."""
        if missed > 0 and not self._closed:
            self._items.put(Lost(missed))

    def _drop(self) -> None:
        """Make room for whoever waits to hand us output that nobody wants any more."""
        try:
            while True:
                self._items.get_nowait()
        except queue.Empty:
            pass

    def _take(self, data: Buffer) -> None:
        """Take output, also what comes while no line runs: a background job's; nobody wants it after `close`."""
        if not self._closed:
            self._items.put(bytes(data))

    def _pump_lines(self) -> None:
        """Hand the output of each line on, and its end."""
        while True:
            self._begun.acquire()
            try:
                while data := self.living.next_output():
                    self._take(data)
                if self._closed:
                    return
                alive = self.living.wait_ready()
            except RshError as error:
                self._items.put(ShellEnd(None, error))
                return
            if not alive:
                self._items.put(ShellEnd(self.living.ended))
                return
            self._items.put(LineEnd(self.living.status))
