"""The living shell, from here: lines go beside the terminal, and a Ready says when one has ended and where we stand."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from rsh.errors import LinkError, ProtocolError, RshError
from rsh.files.stream import RecordReader, RecordWriter
from rsh.protocol import records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.records import Echo, Line, Ready
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline

Sink: TypeAlias = Callable[[Buffer], None]

# What a line is cut into on its way.
PIECE: Final = 128 * 1024

# Output that waits to be taken; above it the channel is not read, and the program over there waits in the end.
MAX_WAITING: Final = 256 * 1024


class LivingShell:
    """One long-lived shell over there.

    While a line runs, its output is taken by `next_output`; what comes when none runs (a background job) goes to the
    idle sink. Threads: `output` and `records` read the two lanes and end with the channel.

    Attributes:
        directory: where the shell stands.
        status: of its last line.
        ended: its returncode once it has ended, as subprocess gives it; None while it lives.
        settled: its first Ready was waited for.
        echoes: its terminal shows what is typed.
    """

    def __init__(self, channel: Channel, idle: Sink) -> None:
        """Take over a channel that was opened with a Shell request.

        Args:
            idle: takes what the terminal prints while no line runs; called by a thread of the shell's.
        """
        self.directory = b""
        self.status = 0
        self.ended: int | None = None
        self.settled = False
        self.echoes = True
        self._channel = channel
        self._idle = idle
        self._lines = RecordWriter(channel, lane=1)
        self._changed = threading.Condition()  # guards what follows
        self._running = True  # the shell's own beginning counts as a line
        self._pieces: deque[Buffer] = deque()  # output of the line that runs
        self._waiting = 0  # bytes in _pieces
        self._arrived = 0  # bytes of output in all
        self._readies: deque[Ready] = deque()
        self._output_over = False
        self._exit: Exit | None = None
        self._error: RshError | None = None
        channel.listen(self._on_message)
        for work in (self._read_output, self._read_records):
            threading.Thread(target=work, name=f"shell {work.__name__}", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether lines can be given to it."""
        return self.ended is None and self._error is None and self._channel.closed_by is None

    def start_line(self, line: bytes) -> None:
        """Give the shell a line; it waits for one. `wait_ready` tells when the line has ended."""
        with self._changed:
            self._running = True
        self._lines.record(Line(len(line)))
        for start in range(0, len(line), PIECE):
            self._lines.content(line[start : start + PIECE])
        self._lines.flush()

    def wait_ready(self, deadline: Deadline = NEVER) -> bool:
        """Wait until the shell waits for a line, and all that it had printed has arrived; False when it has ended.

        Raises:
            RshError: the link went away; DeadlineExpired.
        """
        with self._changed:
            while not self._line_is_over():
                deadline.check("waiting for the shell")
                self._changed.wait(deadline.left())
            if not self._is_ready():
                return self._conclude()
            ready = self._readies.popleft()
            self.status, self.directory, self.settled = ready.status, ready.directory, True
            self._end_line()
            return True

    def next_output(self) -> Buffer:
        """Wait for output of the line that runs; b"" once the line has ended and all was taken."""
        with self._changed:
            while not self._pieces and not self._line_is_over():
                self._changed.wait()
            if not self._pieces:
                return b""
            piece = self._pieces.popleft()
            self._waiting -= len(piece)
            self._changed.notify_all()
            return piece

    def type(self, data: Buffer) -> None:
        """Send what was typed, to whatever reads from the terminal."""
        self._channel.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        self._channel.tell(Resize(columns, rows))

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG, to what runs in the foreground."""
        self._channel.tell(Signal(name))

    def close(self) -> None:
        """Hang up."""
        self._fail(LinkError("the shell was given up"))

    # --- inside ---

    def _is_ready(self) -> bool:
        return bool(self._readies) and self._readies[0].offset <= self._arrived

    def _line_is_over(self) -> bool:
        if not self._running or self._is_ready():
            return True
        return self._output_over and bool(self._exit or self._error or self._channel.closed_by)

    def _end_line(self) -> None:
        self._running = False
        self._changed.notify_all()

    def _conclude(self) -> bool:
        self._end_line()
        if self._exit is None:
            raise self._error or self._channel.closed_by or LinkError("the shell's end was not heard of")
        self.ended = -self._exit.signal if self._exit.signal else self._exit.status
        return False

    def _read_output(self) -> None:
        try:
            while data := self._channel.read(0):
                self._take_output(data)
        except RshError as error:
            self._fail(error)
        with self._changed:
            self._output_over = True
            self._changed.notify_all()

    def _take_output(self, data: Buffer) -> None:
        with self._changed:
            while self._waiting > MAX_WAITING and self._error is None:
                self._changed.wait()
            wanted = not self._line_is_over()
            if wanted:
                self._pieces.append(data)
                self._waiting += len(data)
            self._arrived += len(data)
            self._changed.notify_all()
        if not wanted:
            self._idle(data)

    def _read_records(self) -> None:
        try:
            for record in RecordReader(self._channel, records.SHELL, lane=1):
                if isinstance(record, Ready):
                    self._take_ready(record)
                elif isinstance(record, Echo):
                    self.echoes = record.on
                else:
                    raise ProtocolError("a line from the server")
        except RshError as error:
            self._fail(error)

    def _take_ready(self, ready: Ready) -> None:
        with self._changed:
            if self._readies or not self._running:
                raise ProtocolError("a Ready without a line")
            self._readies.append(ready)
            self._changed.notify_all()

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        with self._changed:
            if isinstance(message, Exit):
                self._exit = message
            self._changed.notify_all()

    def _fail(self, error: RshError) -> None:
        with self._changed:
            if self._exit is None:
                self._error = self._error or error
            self._changed.notify_all()
        self._channel.close(discard=True)


class RunningLine:
    """A line that a living shell runs, in the shape of a RemoteProcess on a terminal.

    Attributes:
        leaving: the signal that told this client to end, without SIG; "" for none.
    """

    def __init__(self, shell: LivingShell, line: bytes | None = None) -> None:
        """Give the shell the line; None stands for its own beginning."""
        self.leaving = ""
        self._shell = shell
        self._over = False
        if line is not None:
            shell.start_line(line)

    def read_stdout(self, deadline: Deadline = NEVER) -> Buffer:
        """Wait for output; b"" at its end."""
        return self._shell.next_output()

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
        """Send a signal to what runs in the foreground; TERM and HUP are for us, and hang up."""
        if name in ("TERM", "HUP"):
            self.leaving = name
            self._shell.close()
        else:
            self._shell.signal(name)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        self._shell.resize(columns, rows)

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait for the end of the line, or of the shell; give the status."""
        alive = self._shell.wait_ready(deadline)
        self._over = True
        return self._shell.status if alive else self._shell.ended or 0

    def close(self) -> None:
        """Give the line up if it still runs, and the shell with it: it belongs to nobody then."""
        if not self._over:
            self._shell.close()
