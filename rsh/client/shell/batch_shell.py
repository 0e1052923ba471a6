"""A shell over there without a terminal: lines go in one after the other, its outputs and their statuses come out."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from rsh.errors import LinkError, ProtocolError, RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.protocol import shell_records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.shell_records import BatchLine, LineEnd
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline

# What a line is cut into on its way.
PIECE: Final = 128 * 1024

# What may wait of one output; above it the channel is not read, and the program over there waits in the end.
MAX_WAITING: Final = 1024 * 1024


class _Output:
    """One output of the line that runs. The shell's lock guards it."""

    def __init__(self) -> None:
        self.pieces: deque[Buffer] = deque()
        self.waiting = 0  # bytes in pieces
        self.arrived = 0  # bytes in all
        self.over = False


class BatchShell:
    """One shell over there; each line of it has the shape of a RemoteProcess.

    Threads: `output` and `records` read the two lanes and end with the channel.

    Attributes:
        directory: where it stands. status: of its last line.
        ended: its returncode once it has ended, as subprocess gives it; None while it lives.
    """

    def __init__(self, channel: Channel) -> None:
        """Take over a channel that was opened with a Batch request."""
        self.directory = b""
        self.status = 0
        self.ended: int | None = None
        self._channel = channel
        self._lines = RecordWriter(channel, lane=1)
        self._changed = threading.Condition()  # guards what follows
        self._stdout, self._stderr = _Output(), _Output()
        self._end: LineEnd | None = None  # of the line that runs
        self._exit: Exit | None = None
        self._error: RshError | None = None
        channel.listen(self._on_message)
        for work in (self._read_output, self._read_records):
            threading.Thread(target=work, name=f"batch {work.__name__}", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether lines can be given to it."""
        return self.ended is None and self._error is None and self._channel.closed_by is None

    def start_line(self, line: bytes) -> None:
        """Give the shell a line; it waits for one.

        Raises:
            RshError: it has ended, or the link went away.
        """
        with self._changed:
            self._end = None
        self._lines.record(BatchLine(len(line)))
        for start in range(0, len(line), PIECE):
            self._lines.content(line[start : start + PIECE])
        self._lines.flush()

    def read_stdout(self) -> Buffer:
        """Wait for output of the line that runs; b"" once it has ended and all was taken."""
        return self._next(self._stdout)

    def read_stderr(self) -> Buffer:
        """Wait for error output, likewise."""
        return self._next(self._stderr)

    def write(self, data: Buffer) -> None:
        """Do nothing: a line has no input."""

    def close_stdin(self) -> None:
        """Do nothing: there is none."""

    def resize(self, columns: int, rows: int) -> None:
        """Do nothing: there is no terminal."""

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG, to the shell and what it runs."""
        self._channel.tell(Signal(name))

    def wait(self, deadline: Deadline = NEVER) -> int:
        """Wait for the end of the line, or of the shell; give the status.

        Raises:
            RshError: the link went away; DeadlineExpired.
        """
        with self._changed:
            while not self._is_over(self._stdout) or not self._is_over(self._stderr):
                deadline.check("waiting for the line")
                self._changed.wait(deadline.left())
            if self._end is not None:
                self.status, self.directory = self._end.status, self._end.directory
                return self.status
            if self._exit is None:
                raise self._error or self._channel.closed_by or LinkError("the shell's end was not heard of")
            self.ended = -self._exit.signal if self._exit.signal else self._exit.status
            return self.ended

    def close(self) -> None:
        """Give the line up if it still runs, and the shell with it: it belongs to nobody then."""
        with self._changed:
            over = self._end is not None or self._exit is not None
        if not over:
            self.give_up()

    def give_up(self) -> None:
        """Want nothing more of the shell."""
        self._fail(LinkError("the shell was given up"))

    # --- inside ---

    def _is_over(self, output: _Output) -> bool:
        if self._error is not None or output.over:
            return True
        if self._end is None:
            return False
        return output is self._stderr or self._end.offset <= output.arrived

    def _next(self, output: _Output) -> Buffer:
        with self._changed:
            while not output.pieces and not self._is_over(output):
                self._changed.wait()
            if not output.pieces:
                return b""
            piece = output.pieces.popleft()
            output.waiting -= len(piece)
            self._changed.notify_all()
            return piece

    def _take(self, output: _Output, data: Buffer) -> None:
        with self._changed:
            while output.waiting > MAX_WAITING and self._error is None:
                self._changed.wait()
            output.pieces.append(data)
            output.waiting += len(data)
            output.arrived += len(data)
            self._changed.notify_all()

    def _read_output(self) -> None:
        try:
            while data := self._channel.read(0):
                self._take(self._stdout, data)
        except RshError as error:
            self._fail(error)
        self._finish(self._stdout)

    def _read_records(self) -> None:
        try:
            for element in RecordReader(self._channel, shell_records.BATCH, lane=1):
                if isinstance(element, memoryview):
                    self._take(self._stderr, element)
                elif isinstance(element, LineEnd):
                    self._take_end(element)
                else:
                    raise ProtocolError("a line from the server")
        except RshError as error:
            self._fail(error)
        self._finish(self._stderr)

    def _take_end(self, end: LineEnd) -> None:
        with self._changed:
            if self._end is not None:
                raise ProtocolError("the end of no line")
            self._end = end
            self._changed.notify_all()

    def _finish(self, output: _Output) -> None:
        with self._changed:
            while self._exit is None and self._error is None and self._channel.closed_by is None:
                self._changed.wait()
            output.over = True
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
