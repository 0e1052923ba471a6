"""Record streams: elements in a lane of a channel, written packed and read without a copy.

An element is a word of four bytes, network order, and what it announces: with the top bit set a record of that length,
otherwise that many bytes of content. Small elements are packed many to a write; a full piece of content is written
uncopied in a frame of its own. Credit and cutting are the channel's business: elements may arrive in any pieces.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import msgspec

from rsh.errors import ProtocolError
from rsh.protocol import record_stream
from rsh.protocol.frames import MAX_PAYLOAD, Buffer

if TYPE_CHECKING:
    from rsh.protocol.answer_records import AnswerRecord
    from rsh.protocol.any_record import Record

WORD: Final = struct.Struct(">I")
RECORD: Final = 0x8000_0000
MAX_ELEMENT: Final = MAX_PAYLOAD - WORD.size

# What is written at once, if there is so much: with the words of compression before it still one frame.
WRITE: Final = MAX_PAYLOAD - 64

# Content may be longer than a frame.
MAX_CONTENT: Final = 1024 * 1024

# What is read of a file at once where each piece is a frame: whole pages, and room for its word.
PIECE: Final = MAX_PAYLOAD - 4096

# Content below this is copied to its neighbours rather than handed on as a part of its own.
SMALL: Final = 16 * 1024

T = TypeVar("T", bound="Record")


class Pipe(Protocol):
    """What file work needs of a channel; rsh.session.Channel is one."""

    @property
    def frame(self) -> int:
        """Bytes that are best written at once, when there are so many: larger pieces are cut on their way."""

    def read(self, lane: int = 0) -> Buffer:
        """Wait for the next piece of a lane; b"" at its end."""

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts, joined; waits for credit. They must not change afterwards."""

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane."""

    def close(self) -> None:
        """Abandon both directions; whoever waits in read or write is woken with an error."""


class RecordWriter:
    """The writing half of a record stream."""

    def __init__(self, pipe: Pipe, lane: int = 0) -> None:
        self._pipe = pipe
        self._lane = lane
        self._packed = bytearray()  # what is not yet written; at most one frame

    def record(self, record: Record) -> None:
        """Add a record; it is written when a frame is full or at flush()."""
        packed = self._packed
        start = len(packed)
        packed += b"\0\0\0\0"
        record_stream.encode_record_into(record, packed, -1)
        length = len(packed) - start - WORD.size
        if length > MAX_ELEMENT:
            del packed[start:]
            raise ProtocolError("record too long")
        WORD.pack_into(packed, start, RECORD | length)
        if len(packed) > WRITE:
            self._packed = packed[start:]
            self._pipe.write(memoryview(packed)[:start], lane=self._lane)

    def content(self, piece: Buffer, moved: Callable[[int], object] = bool) -> None:
        """Add content of the file announced last: 1 to MAX_CONTENT bytes, kept uncopied when they are many.

        Args:
            moved: hears how much of it has been written, frame by frame: on a slow link all of it takes long.
        """
        word = WORD.pack(len(piece))
        if len(piece) < SMALL:
            if len(self._packed) + len(word) + len(piece) > WRITE:
                self.flush()
            self._packed += word
            self._packed += piece
            moved(len(piece))
            return
        if len(self._packed) > WRITE - SMALL:
            self.flush()
        packed, self._packed = self._packed, bytearray()
        packed += word
        self._frames(packed, memoryview(piece), moved)

    def _frames(self, packed: bytearray, rest: memoryview, moved: Callable[[int], object]) -> None:
        """Write full frames; a short end goes with what comes next."""
        full = self._pipe.frame
        frame, rest = rest[: full - len(packed)], rest[full - len(packed) :]
        self._pipe.write(packed, frame, lane=self._lane)
        moved(len(frame))
        while len(rest) >= SMALL:
            frame, rest = rest[:full], rest[full:]
            self._pipe.write(frame, lane=self._lane)
            moved(len(frame))
        self._packed += rest
        moved(len(rest))

    def flush(self) -> None:
        """Write what is packed."""
        if self._packed:
            packed, self._packed = self._packed, bytearray()
            self._pipe.write(packed, lane=self._lane)

    def end(self) -> None:
        """Flush and end the lane."""
        self.flush()
        self._pipe.end(self._lane)


class RecordReader(Generic[T]):
    """The reading half: iterate for records and, as memoryviews, content.

    The content of one element may come in several views, as it arrived. Whether content is due is for the caller to
    judge. A view is valid for as long as it is kept. Raises ProtocolError for what is malformed or ends half-way.
    """

    def __init__(self, pipe: Pipe, decoder: msgspec.msgpack.Decoder[T], lane: int = 0) -> None:
        self._pipe = pipe
        self._decoder = decoder
        self._lane = lane
        self._held = bytearray()  # the start of an element whose rest has not come
        self._needed = 0  # bytes in _held before looking at it again makes sense
        self._due = 0  # bytes of the current content element still to come

    def __iter__(self) -> Iterator[T | memoryview]:
        """Wait for elements until the lane ends."""
        while piece := self._pipe.read(self._lane):
            yield from self.cut(piece)
        self.cut(b"")

    def cut(self, piece: Buffer) -> Iterator[T | memoryview]:
        """Give the elements of a piece that somebody else has read; b"" is the end of the lane."""
        if not piece and (self._held or self._due):
            raise ProtocolError("the stream ended in the middle of an element")
        if self._held or self._needed:
            self._held += piece
            if len(self._held) < self._needed:
                return iter(())
            piece, self._held, self._needed = self._held, bytearray(), 0
        return self._elements(memoryview(piece))

    def _elements(self, view: memoryview) -> Iterator[T | memoryview]:
        position, end, decode = 0, len(view), self._decoder.decode
        while position < end:
            if self._due:
                piece = view[position : position + self._due]
                self._due -= len(piece)
                position += len(piece)
                yield piece
                continue
            start = position + WORD.size
            length = self._length(view, position) if start <= end else 0
            if not length or (length & RECORD and start + (length & ~RECORD) > end):
                self._hold(view[position:], length)
                return
            if not length & RECORD:
                self._due, position = length, start
                continue
            position = start + (length & ~RECORD)
            try:
                record = decode(view[start:position])
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise ProtocolError(f"malformed record: {error}") from error
            yield record

    def _length(self, view: memoryview, position: int) -> int:
        word: int = WORD.unpack_from(view, position)[0]
        if not 0 < word & ~RECORD <= (MAX_ELEMENT if word & RECORD else MAX_CONTENT):
            raise ProtocolError(f"element of {word & ~RECORD} bytes")
        return word

    def _hold(self, rest: memoryview, word: int) -> None:
        self._held = bytearray(rest)
        self._needed = WORD.size + (word & ~RECORD)


def write_records(pipe: Pipe, answers: Iterable[Record], lane: int = 0) -> None:
    """Write records as they come and end the lane: how a service answers."""
    writer = RecordWriter(pipe, lane)
    for record in answers:
        writer.record(record)
    writer.end()


def read_records(pipe: Pipe, lane: int = 0) -> Iterator[AnswerRecord]:
    """Give the records of an answer as they arrive, to the end of the lane.

    Raises:
        ProtocolError: something malformed, or content, which no answer has.
    """
    from rsh.protocol.answer_records import ANSWERS  # a shell's records are other ones

    for record in RecordReader(pipe, ANSWERS, lane):
        if isinstance(record, memoryview):
            raise ProtocolError("content in an answer")
        yield record
