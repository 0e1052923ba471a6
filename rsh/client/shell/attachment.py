"""A connection to a living shell that is made anew when it is lost: nothing that goes over it is lost or doubled.

The holder over there counts what it was given, lines and bytes of input, and numbers what it gives, output and reports.
So whoever comes back says what has arrived, is told what was taken, and sends the rest again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Final, Protocol, TypeAlias

from rsh.errors import Code, LinkError, Refused, RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.protocol import shell_records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import Attach, Terminal
from rsh.protocol.shell_records import Attached, Echo, Hangup, Line, Ready, Seen, ShellRecord, Taken
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from rsh.session.inlet import Inlet

Again: TypeAlias = Callable[[Attach], Channel]

# What a line is cut into on its way.
PIECE: Final = 128 * 1024

# Output is confirmed so often, in bytes.
CONFIRMED: Final = 64 * 1024

# Input that waits while there is no connection, in bytes; who types more has to wait.
MAX_TYPED_AHEAD: Final = 1024 * 1024

# Seconds between attempts to attach again: at first, and in the end.
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 2.0

# How long the other side may take to say whether the shell is still there, in seconds.
PATIENCE: Final = 20.0

# Records that are only noted.
QUICK: Final = (Ready, Echo)

# What a session ends with whose shells live on; and a shell that does not answer now may do so later.
SURVIVED: Final = (Code.SHUTDOWN, Code.NO_SESSION, Code.IDLE, Code.BUSY)


class Receiver(Protocol):
    """Who takes what comes; called by threads of the attachment."""

    def take_attached(self, attached: Attached, *, first: bool) -> None:
        """Where the shell stands; the output that follows begins at its offset."""

    def take_output(self, data: Buffer, wait: bool) -> bool:
        """Output; False when it would have to wait until that can be taken, and must not."""

    def take_record(self, record: ShellRecord) -> None:
        """Anything else the shell says. Raises ProtocolError."""

    def take_loss(self, error: RshError) -> None:
        """The connection is lost; another one will be made."""

    def take_end(self, exit: Exit | None, error: RshError | None) -> None:
        """Nothing comes any more: the shell has ended, or why it was lost."""

    def standing(self) -> tuple[int, int]:
        """Give the offset of the output that is wanted next, and the sequence of the last Ready."""


class Attachment:
    """The connection, and what may have to be sent again.

    A thread makes new connections. What comes is taken by the session's reader where that takes no more than a note,
    else by a thread for each lane.
    """

    def __init__(
        self, channel: Channel, receiver: Receiver, token: bytes, again: Again | None, *, read_only: bool = False
    ) -> None:
        """Take over a channel that was opened with a Shell or Attach request.

        Args:
            token: what the request gave.
            again: opens a channel to the same shell, over a new connection if need be; None: the shell is lost with
                its channel.
        """
        self._channel = channel
        self._receiver = receiver
        self._token = token
        self._again = again
        self._id = ""
        self._size = Terminal(80, 24)
        self._sized = False  # it was told
        self._read_only = read_only
        self._exit: Exit | None = None
        self._given_up = False
        self._sending = threading.Condition()  # guards what follows, and keeps what is sent in order
        self._connected = True
        self._lines = RecordWriter(channel, lane=1)
        self._line: tuple[Line, bytes] | None = None  # the last line, until it has ended
        self._typed = bytearray()  # input that may have to be sent again
        self._taken = 0  # bytes of input before that
        self._confirmed = 0  # of output
        self._attached = threading.Event()  # on this connection
        threading.Thread(target=self._stay, name="shell attachment", daemon=True).start()

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connected

    # --- giving ---

    def send_line(self, number: int, typed: int, line: bytes, ahead: bytes) -> None:
        """Give the shell a line; while there is no connection it waits for one.

        Args:
            typed: bytes of input that are not for it.
            ahead: what was typed for it already.
        """
        with self._sending:
            self._line = Line(len(ahead) + len(line), number, typed, len(ahead)), ahead + line
            if self._connected:
                self._try(self._write_line)

    def end_line(self) -> None:
        """Note that the line has ended: it need not be sent again."""
        with self._sending:
            self._line = None

    def type(self, data: Buffer) -> None:
        """Send what was typed. Raises RshError: nobody will take it any more."""
        with self._sending:
            while not self._connected and len(self._typed) > MAX_TYPED_AHEAD and not self._given_up:
                self._sending.wait()
            if self._again is not None:
                self._typed += data
            channel = self._channel if self._connected else None
        if channel is not None:
            try:
                channel.write(bytes(data))
            except RshError:
                if self._again is None:
                    raise

    def confirm(self, offset: int) -> None:
        """Tell, now and then, how much output has arrived."""
        if offset - self._confirmed >= CONFIRMED:
            with self._sending:
                self._confirmed = offset
                if self._connected:
                    self._try(self._write_seen)

    def tell(self, message: Signal | Resize) -> None:
        """Send a message, if there is a connection; a size only when it is another one than was told before."""
        if isinstance(message, Resize):
            size = Terminal(message.columns, message.rows)
            if self._sized and size == self._size:
                return
            self._size, self._sized = size, True
        self._channel.tell(message)

    def hang_up(self) -> None:
        """Have the shell end."""
        with self._sending:
            self._again = None
            self._try(self._write_hangup)

    def leave(self) -> None:
        """Go, and let the shell live."""
        with self._sending:
            self._again = None
            self._try(self._lines.end)

    def close(self) -> None:
        """Be done with it at once."""
        with self._sending:
            self._given_up = True
            self._again = None
            self._sending.notify_all()
        self._channel.close(discard=True)

    def _try(self, write: Callable[[], None]) -> None:
        """Write, if the connection still takes it; when it is lost, the reader hears of it. _sending is held."""
        try:
            write()
        except RshError:
            pass

    def _write_line(self) -> None:
        if self._line is None:
            return
        record, content = self._line
        self._lines.record(record)
        for start in range(0, len(content), PIECE):
            self._lines.content(content[start : start + PIECE])
        self._lines.flush()

    def _write_seen(self) -> None:
        self._lines.record(Seen(self._confirmed))
        self._lines.flush()

    def _write_hangup(self) -> None:
        self._lines.record(Hangup())
        self._lines.flush()

    # --- receiving ---

    def _stay(self) -> None:
        """Receive until the shell has ended or is lost, over as many connections as it takes."""
        first = True
        while True:
            error = self._receive(self._channel, first=first)
            if self._exit is not None or error is None or not self._may_return(error):
                break
            first = False
            self._receiver.take_loss(error)
            try:
                self._come_back()
            except RshError as final:
                error = final
                break
        with self._sending:
            self._connected = False
            self._given_up = True
            self._sending.notify_all()
        self._receiver.take_end(self._exit, error)

    def _may_return(self, error: RshError) -> bool:
        lost = isinstance(error, LinkError) or (isinstance(error, Refused) and error.code in SURVIVED)
        return lost and self._again is not None and bool(self._id)

    def _receive(self, channel: Channel, *, first: bool) -> RshError | None:
        """Take all that comes over one connection; say why it ended."""
        self._attached.clear()
        over, output_over = threading.Event(), threading.Event()
        channel.listen(lambda message: self._hear(message, over))
        take_output = partial(self._take_output, output_over)
        Inlet(channel, 0, lambda piece: [piece], take_output, lambda error: output_over.set()).begin()
        ended: SimpleQueue[RshError | None] = SimpleQueue()
        reader = RecordReader(channel, shell_records.SHELL, lane=1)
        Inlet(channel, 1, partial(_cut, reader), partial(self._take, ended, first), ended.put).begin()
        error = ended.get()
        if error is not None and channel.closed_by is None:
            channel.close(discard=True)
        self._attached.set()
        output_over.wait()
        if error is None:
            over.wait()  # until there is an Exit, or will be none
        return error or channel.closed_by

    def _hear(self, message: Signal | Resize | Exit | None, over: threading.Event) -> None:
        if isinstance(message, Exit):
            self._exit = message
        if message is None or isinstance(message, Exit):
            over.set()

    def _take(
        self, ended: SimpleQueue[RshError | None], first: bool, record: ShellRecord | memoryview | None, wait: bool
    ) -> bool:
        """Take a record, None being the end of them; see Inlet."""
        if isinstance(record, QUICK):
            self._receiver.take_record(record)
        elif not wait:
            return False
        elif record is None:
            ended.put(None)
        elif isinstance(record, Attached):
            self._take_attached(record, first)
        elif isinstance(record, Taken):
            with self._sending:
                self._drop_taken(record.typed)
        elif not isinstance(record, memoryview):
            self._receiver.take_record(record)
        return True

    def _take_attached(self, attached: Attached, first: bool) -> None:
        self._id = attached.id
        self._receiver.take_attached(attached, first=first)
        if not first:
            threading.Thread(target=self._go_on, args=(attached,), name="shell go on", daemon=True).start()
        self._attached.set()

    def _go_on(self, attached: Attached) -> None:
        """Send again what was not taken; by a thread of its own, as it may have to wait."""
        with self._sending:
            self._drop_taken(attached.typed)
            self._lines = RecordWriter(self._channel, lane=1)
            if self._line is not None and self._line[0].number > attached.number:
                self._try(self._write_line)
            self._try(lambda: self._channel.write(bytes(self._typed)))
            self._confirmed = attached.offset
            self._connected = True
            self._sending.notify_all()

    def _drop_taken(self, typed: int) -> None:
        if typed > self._taken:
            del self._typed[: typed - self._taken]
            self._taken = typed

    def _take_output(self, over: threading.Event, data: Buffer, wait: bool) -> bool:
        """Take output, b"" being its end; see Inlet. Where it begins is known only with the Attached."""
        if not data:
            over.set()
            return True
        if not self._attached.is_set():
            if not wait:
                return False
            self._attached.wait()
        return self._receiver.take_output(data, wait)

    # --- coming back ---

    def _come_back(self) -> None:
        """Attach again; raises RshError when there is no use in trying any longer."""
        with self._sending:
            self._connected = False
        pause = FIRST_PAUSE
        while True:
            try:
                self._channel = self._attach()
                return
            except RshError as error:
                if not self._may_return(error):
                    raise
            with self._sending:
                self._sending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _attach(self) -> Channel:
        again = self._again
        if again is None:
            raise LinkError("the shell was given up")
        offset, sequence = self._receiver.standing()
        request = Attach(
            self._id, self._size, self._token, offset, seen=sequence, read_only=self._read_only, redraw=True
        )
        channel = again(request)
        channel.wait_accepted(Deadline(PATIENCE))
        return channel


def _cut(reader: RecordReader[ShellRecord], piece: Buffer) -> Iterator[ShellRecord | memoryview | None]:
    """Give the records of a piece; behind the last one None."""
    yield from reader.cut(piece)
    if not piece:
        yield None
