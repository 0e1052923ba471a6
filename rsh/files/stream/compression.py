"""Compression of what a transfer sends: zstd, in blocks, between the record stream and the channel.

A block is a word of four bytes, network order, and content. With the top bit set it is a zstd frame of that length, and
a second word says how long its content is; otherwise the word is the length of content as it is. Blocks stand alone:
each can be left as it is, get a level of its own, and be expanded in bounded memory. A frame across all blocks would
save a few per cent more and lose all three.

What does not shrink is not tried again for a while, so that what is compressed already costs next to nothing.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from rsh.errors import ProtocolError, UsageError
from rsh.files.stream.effort import Effort
from rsh.files.stream.stream import Pipe
from rsh.protocol.frames import MAX_DATA, MAX_PAYLOAD, Buffer

if TYPE_CHECKING:
    import zstandard

MODES: Final = ("no", "near", "far", "always")

WORD: Final = struct.Struct(">I")
TWO_WORDS: Final = struct.Struct(">II")
COMPRESSED: Final = 0x8000_0000

# Words before a block, and what may be before it in its frame.
_WORDS: Final = 64

# Content of one block, and of one that is sent as it is: with its words it still fits one frame of the session.
MAX_BLOCK: Final = MAX_PAYLOAD - _WORDS
MAX_PLAIN: Final = MAX_DATA - _WORDS

_LEAST: Final = 256  # content shorter than this is not worth a frame of its own
_WORTH: Final = 0.95  # of the content: what shrinks less counts as incompressible
_TRIAL_LEVEL: Final = 1  # whether content shrinks again is tried at little cost
_MOST_SKIPPED: Final = 32  # blocks that are left alone after one that would not shrink


class Squeezed:
    """A pipe whose writes in lane 0 are compressed."""

    def __init__(self, pipe: Pipe, effort: Effort) -> None:
        self._pipe = pipe
        self._effort = effort
        self._compressors: dict[int, zstandard.ZstdCompressor] = {}
        self._skip = 0  # blocks to leave alone
        self._skip_next = 1  # so many after the next one that does not shrink

    @property
    def frame(self) -> int:
        """Bytes of the longest block now."""
        return MAX_BLOCK if self._effort.level else self._pipe.frame - _WORDS

    def read(self, lane: int = 0) -> Buffer:
        """Wait for the next piece."""
        return self._pipe.read(lane)

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts, joined."""
        if lane:
            self._pipe.write(*parts, lane=lane)
            return
        length = sum(map(len, parts))
        if length <= self.frame:
            self._block(parts, length)
            return
        whole = memoryview(b"".join(parts))
        for start in range(0, length, MAX_BLOCK):
            piece = whole[start : start + MAX_BLOCK]
            self._block((piece,), len(piece))

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane."""
        self._pipe.end(lane)

    def close(self) -> None:
        """Abandon both directions."""
        self._pipe.close()

    def _block(self, parts: tuple[Buffer, ...], length: int) -> None:
        if not length:
            return
        begun = time.monotonic()
        small = self._shrunk(parts, length)
        compressed = time.monotonic()
        if small is None:
            self._pipe.write(WORD.pack(length), *parts)
        else:
            self._pipe.write(TWO_WORDS.pack(COMPRESSED | len(small), length), small)
        now = time.monotonic()
        self._effort.account(length, compressed - begun, now - compressed, now)

    def _shrunk(self, parts: tuple[Buffer, ...], length: int) -> bytes | None:
        """Give the parts compressed; None when they go as they are."""
        level = self._effort.level
        if not level or length < _LEAST:
            return None
        if self._skip:
            self._skip -= 1
            return None
        if self._skip_next > 1:
            level = _TRIAL_LEVEL
        small = self._compressor(level).compress(parts[0] if len(parts) == 1 else b"".join(parts))
        if len(small) < length * _WORTH:
            self._skip_next = 1
            return small
        self._skip, self._skip_next = self._skip_next, min(2 * self._skip_next, _MOST_SKIPPED)
        return None

    def _compressor(self, level: int) -> zstandard.ZstdCompressor:
        import zstandard

        if level not in self._compressors:
            self._compressors[level] = zstandard.ZstdCompressor(level=level, write_checksum=False)
        return self._compressors[level]


class Expanded:
    """A pipe whose lane 0 is expanded as it is read. Raises ProtocolError for what is malformed."""

    frame: Final = MAX_PAYLOAD

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._blocks = self._expand()

    def read(self, lane: int = 0) -> Buffer:
        """Wait for the next piece; b"" at the end."""
        return next(self._blocks, b"") if lane == 0 else self._pipe.read(lane)

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts as they are."""
        self._pipe.write(*parts, lane=lane)

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane."""
        self._pipe.end(lane)

    def close(self) -> None:
        """Abandon both directions."""
        self._pipe.close()

    def _expand(self) -> Iterator[Buffer]:
        source = _Source(self._pipe)
        while word := source.exactly(WORD.size, may_end=True):
            length: int = WORD.unpack(word)[0]
            if length & COMPRESSED:
                size: int = WORD.unpack(source.exactly(WORD.size))[0]
                yield _inflated(source.exactly(_checked(length & ~COMPRESSED, MAX_BLOCK)), _checked(size, MAX_BLOCK))
                continue
            left = _checked(length, MAX_PLAIN)
            while left:
                piece = source.some(left)
                left -= len(piece)
                yield piece


class _Source:
    """Takes bytes from lane 0 in the pieces that are needed."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._view = memoryview(b"")

    def some(self, most: int) -> memoryview:
        """Give at least one byte, uncopied."""
        if not self._view:
            self._view = memoryview(self._pipe.read())
            if not self._view:
                raise ProtocolError("the stream ended in the middle of a block")
        piece, self._view = self._view[:most], self._view[most:]
        return piece

    def exactly(self, count: int, *, may_end: bool = False) -> bytes:
        """Give so many bytes; with `may_end` none when the lane has ended before the first."""
        if may_end and not self._view:
            self._view = memoryview(self._pipe.read())
            if not self._view:
                return b""
        pieces, left = [], count
        while left:
            pieces.append(self.some(left))
            left -= len(pieces[-1])
        return b"".join(pieces)


def _checked(length: int, most: int) -> int:
    if not 0 < length <= most:
        raise ProtocolError(f"block of {length} bytes")
    return length


def _inflated(frame: bytes, size: int) -> bytes:
    """Expand one zstd frame. Memory is taken for the declared size only, which was checked."""
    import zstandard

    try:
        if zstandard.frame_content_size(frame) != size:
            raise ProtocolError("a zstd frame of another size than its block")
        content = zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ProtocolError(f"not zstd: {error}") from error
    if len(content) != size:
        raise ProtocolError("a zstd frame of another size than it says")
    return content


def squeezed(pipe: Pipe, mode: str, direct: Callable[[], bool]) -> Pipe:
    """Give the pipe with its writes compressed as a mode says.

    Args:
        mode: "no"; "near" and "far" compress where that helps, a peer on this machine or elsewhere; "always".
        direct: as of Effort.
    """
    check_mode(mode)
    return pipe if mode == "no" else Squeezed(pipe, Effort(direct, near=mode == "near", always=mode == "always"))


def expanded(pipe: Pipe, mode: str) -> Pipe:
    """Give the pipe that undoes `squeezed` with the same mode."""
    check_mode(mode)
    return pipe if mode == "no" else Expanded(pipe)


def check_mode(mode: str) -> None:
    """Raise UsageError for a mode that does not exist."""
    if mode not in MODES:
        raise UsageError(f"unknown compression {mode[:40]!r}: choose from {', '.join(MODES)}")
