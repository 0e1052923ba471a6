"""What a client of a living shell asks for, as messages for its holder."""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator
from typing import Final

from rsh.errors import ProtocolError
from rsh.files.stream.stream import Pipe, RecordReader
from rsh.holder import wire
from rsh.protocol import shell_records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Resize, Signal
from rsh.protocol.shell_records import Hangup, Line, Seen, ShellRecord

# The longest line a shell is given, in bytes; more is a file, not a line.
MAX_LINE: Final = 8 * 1024 * 1024


class Asked:
    """What a client asks for in lane 1, as messages for the holder.

    Attributes:
        leaving: it has ended its lane: it goes on purpose.
    """

    def __init__(self, channel: Pipe) -> None:
        self.leaving = False
        self._records = RecordReader(channel, shell_records.SHELL, lane=1)
        self._line = bytearray()
        self._missing = 0  # bytes of the line that have not come
        self._head = b""

    def cut(self, piece: Buffer) -> Iterator[tuple[int, bytes]]:
        """Give the messages that a piece of the lane completes; b"" is its end."""
        for element in self._records.cut(piece):
            if isinstance(element, memoryview):
                yield from self._go_on(element)
            elif self._missing:
                raise ProtocolError(f"{type(element).__name__} in the place of a line")
            elif isinstance(element, Line):
                yield from self._begin(element)
            else:
                yield _message(element)
        if not piece:
            self.leaving = True
            yield wire.LEAVE, b""

    def _begin(self, line: Line) -> Iterator[tuple[int, bytes]]:
        if line.size > MAX_LINE or line.ahead > line.size:
            raise ProtocolError("a line beyond all measure")
        self._missing, self._head = line.size, wire.RUN_HEAD.pack(line.number, line.typed, line.ahead)
        self._line.clear()
        if not self._missing:
            yield wire.RUN, self._head

    def _go_on(self, piece: memoryview) -> Iterator[tuple[int, bytes]]:
        if len(piece) > self._missing:
            raise ProtocolError("a line is longer than it said")
        self._line += piece
        self._missing -= len(piece)
        if not self._missing:
            yield wire.RUN, self._head + self._line


def told(message: Signal | Resize | bool) -> tuple[int, bytes]:
    """Give the message for the holder; a bool says whether there is a connection to the client.

    A signal that is none here is number 0, which does nothing.
    """
    if isinstance(message, bool):
        return wire.AWAY, bytes([not message])
    if isinstance(message, Resize):
        return wire.RESIZE, struct.pack(">HH", message.columns, message.rows)
    number = getattr(signal, f"SIG{message.name}", None)
    return wire.SIGNAL, bytes([number if isinstance(number, signal.Signals) else 0])


def _message(record: ShellRecord) -> tuple[int, bytes]:
    if isinstance(record, Seen):
        return wire.SEEN, wire.NUMBER.pack(record.offset)
    if isinstance(record, Hangup):
        return wire.END, b""
    raise ProtocolError(f"{type(record).__name__} from a client")
