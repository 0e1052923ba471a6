"""Frames: the size header, and the decoder that turns the bytes of one stream into frames.

The decoder says where the next bytes belong (`space`), and the driver puts them there: a payload is decrypted straight
into the buffer that the application will get, without a copy in between. A length is checked against the limit of the
current state before anything is allocated.
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

    Use: read up to `len(space())` bytes into `space()`, then call `filled(n)`, which gives a frame when one is whole.

    Attributes:
        limit: the largest payload accepted now, in bytes; raise it from MAX_GREETING to MAX_PAYLOAD after HELLO. From
            then on data may be as long as MAX_DATA.
    """

    def __init__(self, limit: int = MAX_GREETING) -> None:
        self.limit = limit
        self._header = bytearray(HEADER.size)
        # The frame whose payload is arriving: (kind, flags, channel, buffer), or None while its header is arriving.
        self._arriving: tuple[int, int, int, bytearray | memoryview] | None = None
        self._space = memoryview(self._header)

    @property
    def between_frames(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return self._arriving is None and len(self._space) == HEADER.size

    def space(self) -> memoryview:
        """Give the place where the next bytes of the stream go; never empty."""
        return self._space

    def filled(self, count: int) -> Frame | None:
        """Take note that the first `count` bytes of `space()` were filled.

        Returns:
            The frame that is now complete, or None when more bytes are needed.

        Raises:
            ProtocolError: the header has an unknown kind or a length above the limit.
        """
        self._space = self._space[count:]
        if len(self._space):
            return None
        if self._arriving is None:
            self._begin_payload()
            if len(self._space):
                return None
        return self._finish()

    def _begin_payload(self) -> None:
        kind, flags, channel, length = HEADER.unpack(self._header)
        if kind not in (Kind.LINK, Kind.CONTROL, Kind.DATA):
            raise ProtocolError(f"frame of unknown kind {kind}")
        limit = MAX_DATA if kind == Kind.DATA and self.limit == MAX_PAYLOAD else self.limit
        if length > limit:
            raise ProtocolError(f"frame of {length} bytes, {limit} allowed")
        payload = _room(length)
        self._arriving = (kind, flags, channel, payload)
        self._space = memoryview(payload)

    def _finish(self) -> Frame:
        assert self._arriving is not None
        frame = Frame(*self._arriving)
        self._arriving = None  # a view that we kept would keep its buffer from being used again
        self._space = memoryview(self._header)
        return frame


def _room(length: int) -> bytearray | memoryview:
    """Give memory for a payload, with anything in it."""
    if LARGE <= length <= MAX_PAYLOAD:
        return _large.take(length)
    return _bulk.take(length) if length >= MAX_DATA // 2 else bytearray(length)
