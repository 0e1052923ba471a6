"""Frames: the size header, and the decoder that turns the bytes of one stream into frames.

The decoder says where the next bytes belong (`space`), and the driver puts them there: a short frame comes whole, and
the payload of a long one is decrypted straight into the buffer that the application will get, but for its first bytes
without a copy in between. A length is checked against the limit of the current state before anything is allocated.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from rsh.errors import ProtocolError
from rsh.protocol.buffers import Buffers

Buffer: TypeAlias = bytes | bytearray | memoryview

# kind, flags, channel, payload length: 10 bytes, network order.
HEADER: Final = struct.Struct(">BBII")

# 256 KiB: 16 full TLS records. What is longer lets one frame hold a keystroke up for longer, and a message of such a
# length is decoded into a multiple of it.
MAX_PAYLOAD: Final = 256 * 1024

# 1 MiB: of bulk data that nothing has to wait for. Two threads at each end hand every frame over, and to wake them
# costs as much as to encrypt 64 KiB. Not more than a lane may send at first (window.INITIAL_WINDOW).
MAX_DATA: Final = 1024 * 1024

# Before HELLO is done nobody has proved to speak this protocol; a HELLO needs some hundred bytes.
MAX_GREETING: Final = 4096

# What is read where nothing is known yet of what comes: most frames of keys, lines and reports are shorter.
NEAR: Final = 4096

# Payloads from here on are worth a buffer that is used again, and fill at least half of it: a peer whose frames nobody
# reads makes us hold no more than twice what its windows allow.
LARGE: Final = MAX_PAYLOAD // 2
_large: Final = Buffers(MAX_PAYLOAD)
_bulk: Final = Buffers(MAX_DATA)


class Kind(IntEnum):
    """What a frame carries."""

    LINK = 1  # a message about the link itself: not numbered, not replayed
    CONTROL = 2  # a message of one channel: numbered and replayed
    DATA = 3  # raw bytes of one lane of one channel: numbered and replayed


class Flags(IntEnum):  # as an IntFlag, each & with one would make an object: 1.3 us, some ten times for each key
    """The flags of a DATA frame; the low four bits are the lane."""

    LANE = 0x0F  # mask: 0 main (stdin up, stdout down), 1 stderr
    END = 0x10  # nothing more comes in this lane
    STARVED = 0x20  # this frame spent the last credit: a larger window may help
    HURRY = 0x40  # acknowledge this frame at once: the sender measures the path


# Python 3.11 takes 90 ns to reach a member of an enum, and 10 for a name of the module: what is done for each frame
# uses names.
_KINDS: Final = frozenset(map(int, Kind))
LINK: Final = Kind.LINK
DATA: Final = Kind.DATA


class Frame(NamedTuple):
    """One unit of the wire."""

    kind: int
    flags: int
    channel: int
    payload: Buffer


def encode_header(kind: int, flags: int, channel: int, length: int) -> bytes:
    """Give the ten bytes that precede a payload of `length` bytes."""
    return HEADER.pack(kind, flags, channel, length)


def encode(frame: Frame) -> bytes:
    """Give a whole frame as bytes."""
    return encode_header(frame.kind, frame.flags, frame.channel, len(frame.payload)) + bytes(frame.payload)


class Decoder:
    """Cuts the bytes of one stream into frames.

    Use: read up to `len(space())` bytes into `space()`, then call `filled(n)`, then `next_frame()` until it gives None.

    Attributes:
        limit: the largest payload accepted now, in bytes; raise it from MAX_GREETING to MAX_PAYLOAD after HELLO. From
            then on data may be as long as MAX_DATA.
    """

    def __init__(self, limit: int = MAX_GREETING) -> None:
        self.limit = limit
        self._near = memoryview(bytearray(NEAR))
        self._start = self._end = 0  # of what it holds
        # The frame whose payload is arriving elsewhere: (kind, flags, channel, buffer).
        self._arriving: tuple[int, int, int, bytearray | memoryview] | None = None
        self._space = self._near

    @property
    def between_frames(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return self._arriving is None and self._start == self._end

    def space(self) -> memoryview:
        """Give the place where the next bytes of the stream go; never empty once next_frame() has given None."""
        return self._space

    def filled(self, count: int) -> None:
        """Take note that the first `count` bytes of `space()` were filled."""
        self._space = self._space[count:]
        if self._arriving is None:
            self._end += count

    def next_frame(self) -> Frame | None:
        """Give the next frame that has arrived whole; None when more bytes are needed.

        Raises:
            ProtocolError: the header has an unknown kind or a length above the limit.
        """
        if self._arriving is not None:
            return None if len(self._space) else self._finish()
        start, end = self._start, self._end
        if end - start < HEADER.size:
            self._make_space()
            return None
        kind, flags, channel, length = HEADER.unpack_from(self._near, start)
        self._check(kind, length)
        start += HEADER.size
        if length > end - start:
            self._begin_payload(kind, flags, channel, length, self._near[start:end])
            return None
        self._start = start + length
        return Frame(kind, flags, channel, bytearray(self._near[start : self._start]))

    def _make_space(self) -> None:
        """Move what there is of a header to the front."""
        left = self._end - self._start
        if left and self._start:
            self._near[:left] = bytes(self._near[self._start : self._end])
        self._start, self._end = 0, left
        self._space = self._near[left:]

    def _check(self, kind: int, length: int) -> None:
        if kind not in _KINDS:
            raise ProtocolError(f"frame of unknown kind {kind}")
        limit = MAX_DATA if kind == DATA and self.limit == MAX_PAYLOAD else self.limit
        if length > limit:
            raise ProtocolError(f"frame of {length} bytes, {limit} allowed")

    def _begin_payload(self, kind: int, flags: int, channel: int, length: int, beginning: memoryview) -> None:
        """Have the rest of a payload go to where it stays."""
        payload = _room(length)
        self._arriving = (kind, flags, channel, payload)
        view = memoryview(payload)
        view[: len(beginning)] = beginning
        self._space = view[len(beginning) :]
        self._start = self._end = 0

    def _finish(self) -> Frame:
        assert self._arriving is not None
        frame = Frame(*self._arriving)
        self._arriving = None  # a view that we kept would keep its buffer from being used again
        self._space = self._near
        return frame


def _room(length: int) -> bytearray | memoryview:
    """Give memory for a payload, with anything in it."""
    if LARGE <= length <= MAX_PAYLOAD:
        return _large.take(length)
    return _bulk.take(length) if length >= MAX_DATA // 2 else bytearray(length)
