"""The living shell, from here: lines go beside the terminal, and a Ready says when one has ended and where we stand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from rsh.client.shell.attachment import Again, Attachment
from rsh.client.shell.company import Company
from rsh.client.shell.output import Output
from rsh.client.shell.typed import Typed, split_at_keys
from rsh.errors import LinkError, ProtocolError, RshError
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.shell_records import Attached, Echo, Gap, Jobs, Notice, Ready, ShellRecord, Started
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline

Sink: TypeAlias = Callable[[Buffer], None]

# How long a shell may take to end, in seconds; the holder gives it two.
END_PATIENCE: Final = 4.0

TOKEN_SIZE: Final = 16


def new_token() -> bytes:
    """Give what a client is known by to the holder of its shell."""
    return os.urandom(TOKEN_SIZE)


class LivingShell:
    """One long-lived shell over there.

    While a line runs, its output is taken by `next_output`; what comes when none runs (a background job) goes to the
    idle sink. Its threads are those of the Attachment.

    Attributes:
        id, name: of the shell, once it has been heard of.
        directory: where the shell stands.
        status: of its last line.
        ended: its returncode once it has ended, as subprocess gives it; None while it lives.
        jobs: how many it has, running and stopped.
        settled: its first Ready was waited for.
        echoes: its terminal shows what is typed.
    """

    def __init__(
        self,
        channel: Channel,
        idle: Sink,
        *,
        token: bytes = b"",
        again: Again | None = None,
        company: Company | None = None,
        read_only: bool = False,
    ) -> None:
        """Take over a channel that was opened with a Shell or Attach request.

        Args:
            idle: takes what the terminal prints while no line runs; called by a thread of the shell's.
            token, again: as Attachment.
            company: hears of others, and of the connection; called by threads of the shell's.
        """
        self.id = self.name = ""
        self.directory = b""
        self.status = 0
        self.ended: int | None = None
        self.settled = False
        self.echoes = True
        self.jobs = 0
        self._idle = idle
        self._company = company or Company()
        self._changed = threading.Condition()  # guards what follows
        self._running = True  # the shell's own beginning counts as a line, and what runs when we come
        self._number = 0  # of our last line
        self._awaited: int | None = None  # sequence of the Ready that ends a line which is not ours
        self._sequence = 0  # of the last Ready
        self._output = Output()  # what waits in it is of the line that runs
        self._ready: Ready | None = None  # the end of the line that runs
        self._over = False
        self._leaving = False  # its end is expected here
        self._exit: Exit | None = None
        self._error: RshError | None = None
        self._typed = Typed()
        self._attachment = Attachment(channel, self, token, again, read_only=read_only)

    @property
    def alive(self) -> bool:
        """Whether lines can be given to it."""
        return self.ended is None and self._error is None and not self._over

    @property
    def connected(self) -> bool:
        """Whether there is a connection to it now."""
        return self._attachment.connected

    @property
    def running(self) -> bool:
        """Whether a line runs whose end was not waited for."""
        return self._running

    def start_line(self, line: bytes, ahead: bytes = b"") -> None:
        """Give the shell a line; it waits for one. `wait_ready` tells when the line has ended.

        Args:
            ahead: what was typed for it already, and shown.
        """
        text, keys = split_at_keys(ahead)
        with self._changed:
            self._running = True
            self._ready = None  # of somebody else's line
            self._awaited = None
            self._number += 1
            sent = self._typed.begin_line(text)
        self._attachment.send_line(self._number, sent, line, text)
        if keys:
            self.type(keys)

    def wait_ready(self, deadline: Deadline = NEVER) -> bool:
        """Wait until the shell waits for a line, and all that it had printed has arrived; False when it has ended.

        Raises:
            RshError: the shell is lost; DeadlineExpired.
        """
        with self._changed:
            while not self._line_is_over():
                deadline.check("waiting for the shell")
                self._changed.wait(deadline.left())
            ready, self._ready = self._ready, None
            self._running, self._awaited = False, None
            self._changed.notify_all()
            if ready is None:
                return self._conclude()
            self._typed.take_back(ready.typed, ready.unread)
            self.status, self.directory, self.settled = ready.status, ready.directory, True
        self._attachment.end_line()
        return True

    def next_output(self) -> Buffer:
        """Wait for output of the line that runs; b"" once the line has ended and all was taken."""
        with self._changed:
            while not self._output and not self._line_is_over():
                self._changed.wait()
            if not self._output:
                return b""
            piece = self._output.take()
            taken = self._output.taken
            self._changed.notify_all()
        self._attachment.confirm(taken)
        return piece

    def type(self, data: Buffer) -> None:
        """Send what was typed, to whatever reads from the terminal; behind the end of a line it is kept here."""
        with self._changed:
            if not self._running or self._ready is not None:
                self._typed.keep(data)
                return
            self._typed.send(data, hidden=not self.echoes)
        self._attachment.type(data)

    def take_typed_ahead(self) -> bytes:
        """Give what was typed while lines ran and no program has read; it is the caller's then."""
        with self._changed:
            return self._typed.take_ahead()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        self._attachment.tell(Resize(columns, rows))

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG, to what runs in the foreground."""
        self._attachment.tell(Signal(name))

    def end(self, deadline: Deadline) -> None:
        """End it as a terminal that goes away does, and wait until it has, or the deadline."""
        self._leaving = True
        self._attachment.hang_up()
        with self._changed:
            while not self._over and not deadline.expired:
                self._changed.wait(deadline.left())
        self.close()

    def leave(self, deadline: Deadline) -> None:
        """Let it live, and go; it is told that we do not come back, unless that takes too long."""
        self._leaving = True
        self._attachment.leave()
        with self._changed:
            while not self._over and not deadline.expired:
                self._changed.wait(deadline.left())
        self.close()

    def close(self) -> None:
        """Be gone, as if the connection were cut for good."""
        with self._changed:
            if self._exit is None:
                self._error = self._error or LinkError("the shell was given up")
            self._changed.notify_all()
        self._attachment.close()

    # --- inside ---

    def _line_is_over(self) -> bool:
        if not self._running or (self._ready is not None and self._ready.offset <= self._output.arrived):
            return True
        return self._over or self._error is not None

    def _conclude(self) -> bool:
        if self._exit is None:
            raise self._error or LinkError("the shell's end was not heard of")
        self.ended = -self._exit.signal if self._exit.signal else self._exit.status
        return False

    # --- called by the attachment ---

    def standing(self) -> tuple[int, int]:
        """Give the offset of the output that is wanted next, and the sequence of the last Ready."""
        with self._changed:
            return self._output.arrived, self._sequence

    def take_attached(self, attached: Attached, *, first: bool) -> None:
        """Note where the shell stands."""
        with self._changed:
            missed = self._output.begin(attached, first=first)
            self.id, self.name = attached.id, attached.name
            if first:
                self._typed.sent += attached.typed
            if first and not self._number:
                self._awaited = attached.sequence + attached.running
            self._changed.notify_all()
        if not first:
            self._company.connection_back(missed)

    def take_output(self, data: Buffer, wait: bool) -> bool:
        """Keep output for whoever attends the line; without one it goes to the idle sink."""
        with self._changed:
            if not wait and (self._output.full or not self._running):
                return False
            while self._output.full and self._error is None:
                self._changed.wait()
            kept = self._running
            data = self._output.come(data, keep=kept)
            arrived = self._output.arrived
            self._changed.notify_all()
        if not kept:
            self._idle(data)
            self._attachment.confirm(arrived)
        return True

    def take_record(self, record: ShellRecord) -> None:
        """Act on what the shell says. Raises ProtocolError: it may not say that."""
        if isinstance(record, Ready):
            self._take_ready(record)
        elif isinstance(record, Started):
            self._take_started(record)
        elif isinstance(record, Gap):
            self._take_gap(record)
        elif isinstance(record, Notice):
            self._company.notice(record.words)
        elif isinstance(record, Echo):
            self.echoes = record.on
        elif isinstance(record, Jobs):
            self.jobs = record.count
            self._company.jobs_changed()
        else:
            raise ProtocolError(f"{type(record).__name__} from the server")

    def _take_gap(self, gap: Gap) -> None:
        with self._changed:
            self._output.miss(gap)
            self._changed.notify_all()

    def _take_ready(self, ready: Ready) -> None:
        with self._changed:
            if ready.sequence <= self._sequence:
                return  # We know it: it was sent again.
            self._sequence = ready.sequence
            ours = ready.number == self._number != 0
            if self._running and (ours or (self._awaited is not None and ready.sequence >= self._awaited)):
                self._ready = ready
            elif not self._running:
                self.directory = ready.directory
            self._changed.notify_all()

    def _take_started(self, started: Started) -> None:
        with self._changed:
            if self._running or started.sequence <= self._sequence or not self._company.attends():
                return
            self._running, self._awaited = True, started.sequence
        self._company.line_started(started)

    def take_loss(self, error: RshError) -> None:
        """Tell that the connection is lost."""
        self._company.connection_lost(error)

    def take_end(self, exit: Exit | None, error: RshError | None) -> None:
        """Note that nothing comes any more."""
        with self._changed:
            self._exit = exit
            unheeded = not (self._running or self._leaving or self._error)
            if exit is None:
                self._error = self._error or error or LinkError("the shell's end was not heard of")
            self._over = True
            self._changed.notify_all()
        if unheeded:
            self._company.shell_over()
