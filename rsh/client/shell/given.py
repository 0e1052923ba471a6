"""What a living shell was given, lines and input, for as long as it may have to be given that again.

The holder over there counts what it takes. Until it says so here, or the line has ended, its connection may break and
take along what was on its way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from rsh.errors import RshError
from rsh.files.stream.stream import RecordWriter
from rsh.protocol.frames import Buffer
from rsh.protocol.shell_records import Attached, Hangup, Line, Seen
from rsh.session.channel import Channel

# What a line is cut into on its way.
PIECE: Final = 128 * 1024

# Output is confirmed so often, in bytes.
CONFIRMED: Final = 64 * 1024

# Input that waits while there is no connection, in bytes; who types more has to wait.
MAX_TYPED_AHEAD: Final = 1024 * 1024

# Input that nobody over there has said to have taken, in bytes: more than a holder is sent before it has
# (wire.MAX_INPUT) and a channel's first window. Behind as much of what nobody reads, Ctrl-C still gets through.
MAX_UNTAKEN: Final = 8 * 1024 * 1024


class Given:
    """Gives a shell what it is to have, over one connection after another.

    Attributes:
        connected: whether there is a connection now.
    """

    def __init__(self, channel: Channel, *, kept: bool) -> None:
        """Begin with a channel.

        Args:
            kept: there may be another one after it, so that what this one loses is given again.
        """
        self._sending = threading.Condition()  # guards what follows, and keeps what is sent in order
        self.connected = True
        self._channel = channel
        self._lines = RecordWriter(channel, lane=1)
        self._kept = kept
        self._given_up = False
        self._line: tuple[Line, bytes] | None = None  # the last line, until it has ended
        self._typed = bytearray()  # input that may have to be sent again
        self._taken = 0  # bytes of input before that
        self._confirmed = 0  # of output

    def send_line(self, number: int, typed: int, line: bytes, ahead: bytes) -> None:
        """Give the shell a line; while there is no connection it waits for one.

        Args:
            typed: bytes of input that are not for it.
            ahead: what was typed for it already.
        """
        with self._sending:
            self._line = Line(len(ahead) + len(line), number, typed, len(ahead)), ahead + line
            if self.connected:
                self._try(self._write_line)

    def end_line(self) -> None:
        """Note that the line has ended: it need not be sent again."""
        with self._sending:
            self._line = None

    def type(self, data: Buffer) -> None:
        """Send what was typed. Raises RshError: nobody will take it any more."""
        with self._sending:
            while self._kept and not self._given_up and len(self._typed) > self._most:
                self._sending.wait()
            if self._kept:
                self._typed += data
            channel = self._channel if self.connected else None
        if channel is not None:
            try:
                channel.write(bytes(data))
            except RshError:
                if not self._kept:
                    raise

    @property
    def _most(self) -> int:
        """Bytes of input that may be kept; who types more has to wait."""
        return MAX_UNTAKEN if self.connected else MAX_TYPED_AHEAD

    def note_taken(self, typed: int) -> None:
        """Note how many bytes of input were taken, in all."""
        with self._sending:
            self._drop_taken(typed)

    def confirm(self, offset: int) -> None:
        """Tell, now and then, how much output has arrived."""
        if offset - self._confirmed >= CONFIRMED:
            with self._sending:
                self._confirmed = offset
                if self.connected:
                    self._try(self._write_seen)

    def hang_up(self) -> None:
        """Have the shell end; nothing is given again."""
        with self._sending:
            self._forget()
            self._try(self._write_hangup)

    def leave(self) -> None:
        """Say that we go; nothing is given again."""
        with self._sending:
            self._forget()
            self._try(self._lines.end)

    def give_up(self) -> None:
        """Let nobody wait any longer: there will be no connection any more."""
        with self._sending:
            self._given_up = True
            self._forget()

    def lose(self) -> None:
        """Note that there is no connection now."""
        with self._sending:
            self.connected = False

    def go_on(self, channel: Channel, attached: Attached) -> None:
        """Give over a new connection what was not taken over the last one; it may have to wait."""
        with self._sending:
            self._drop_taken(attached.typed)
            self._channel, self._lines = channel, RecordWriter(channel, lane=1)
            if self._line is not None and self._line[0].number > attached.number:
                self._try(self._write_line)
            self._try(lambda: channel.write(bytes(self._typed)))
            self._confirmed = attached.offset
            self.connected = True
            self._sending.notify_all()

    # --- with _sending held ---

    def _forget(self) -> None:
        self._kept = False
        self._sending.notify_all()

    def _drop_taken(self, typed: int) -> None:
        if typed > self._taken:
            del self._typed[: typed - self._taken]
            self._taken = typed
            self._sending.notify_all()

    def _try(self, write: Callable[[], None]) -> None:
        """Write, if the connection still takes it; when it is lost, the reader hears of it."""
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
