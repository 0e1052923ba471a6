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

from rsh.client.shell.given import Given
from rsh.errors import Code, LinkError, Refused, RshError
from rsh.files.stream.stream import RecordReader
from rsh.protocol import shell_records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import Attach, Terminal
from rsh.protocol.shell_records import Attached, Echo, Jobs, Ready, ShellRecord, Taken
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from rsh.session.inlet import Inlet

Again: TypeAlias = Callable[[Attach], Channel]

# Seconds between attempts to attach again: at first, and in the end.
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 2.0

# How long the other side may take to say whether the shell is still there, in seconds.
PATIENCE: Final = 20.0

# Records that are only noted.
QUICK: Final = (Ready, Echo, Jobs)

# What a session ends with whose shells live on; and a shell that does not answer now may do so later.
SURVIVED: Final = (Code.SHUTDOWN, Code.NO_SESSION, Code.IDLE, Code.BUSY)


class GivenUp(Exception):
    """An Again raises it: there will be no connection to the shell any more. Its other errors are tried again.

    Attributes:
        reason: why.
    """

    def __init__(self, reason: RshError) -> None:
        super().__init__(reason)
        self.reason = reason


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
        self._given = Given(channel, kept=again is not None)
        self._gone = threading.Event()  # nobody wants it any more
        self._attached = threading.Event()  # on this connection
        threading.Thread(target=self._stay, name="shell attachment", daemon=True).start()

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._given.connected

    # --- giving ---

    def send_line(self, number: int, typed: int, line: bytes, ahead: bytes) -> None:
        """As Given.send_line."""
        self._given.send_line(number, typed, line, ahead)

    def end_line(self) -> None:
        """As Given.end_line."""
        self._given.end_line()

    def type(self, data: Buffer) -> None:
        """As Given.type."""
        self._given.type(data)

    def confirm(self, offset: int) -> None:
        """As Given.confirm."""
        self._given.confirm(offset)

    def tell(self, message: Signal | Resize) -> None:
        """Send a message, if there is a connection; a size only when it is another one than was told before."""
        if isinstance(message, Resize):
            size = Terminal(message.columns, message.rows)
            if self._sized and size == self._size:
                return
            self._size, self._sized = size, True
        self._channel.tell(message)

    def hang_up(self) -> None:
        """Have the shell end, once it has taken what it is being given; does not wait for that."""
        self._go(self._given.hang_up)

    def leave(self) -> None:
        """Go, and let the shell live; as hang_up."""
        self._go(self._given.leave)

    def _go(self, tell: Callable[[], None]) -> None:
        self._again = None
        threading.Thread(target=tell, name="shell farewell", daemon=True).start()

    def close(self) -> None:
        """Be done with it at once."""
        self._again = None
        self._gone.set()
        self._channel.close(discard=True)  # Whoever waits to give the shell something gives up now.
        self._given.give_up()

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
        self._given.lose()
        self._given.give_up()
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
            self._given.note_taken(record.typed)
        elif not isinstance(record, memoryview):
            self._receiver.take_record(record)
        return True

    def _take_attached(self, attached: Attached, first: bool) -> None:
        self._id = attached.id
        self._receiver.take_attached(attached, first=first)
        if not first:
            going_on = (self._channel, attached)
            threading.Thread(target=self._given.go_on, args=going_on, name="shell go on", daemon=True).start()
        self._attached.set()

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
        self._given.lose()
        pause = FIRST_PAUSE
        while True:
            try:
                self._channel = self._attach()
                if self._gone.is_set():
                    self._channel.close(discard=True)
                return
            except RshError as error:
                if not self._may_return(error):
                    raise
            self._gone.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _attach(self) -> Channel:
        again = self._again
        if again is None:
            raise LinkError("the shell was given up")
        offset, sequence = self._receiver.standing()
        request = Attach(
            self._id, self._size, self._token, offset, seen=sequence, read_only=self._read_only, redraw=True
        )
        try:
            channel = again(request)
        except GivenUp as given_up:
            self._again = None
            raise given_up.reason from given_up
        channel.wait_accepted(Deadline(PATIENCE))
        return channel


def _cut(reader: RecordReader[ShellRecord], piece: Buffer) -> Iterator[ShellRecord | memoryview | None]:
    """Give the records of a piece; behind the last one None."""
    yield from reader.cut(piece)
    if not piece:
        yield None
