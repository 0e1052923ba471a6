"""What a job has written, on disk: both streams in the order in which they came, bounded, the oldest dropped first.

A log is a row of files, the segments; the name of each says the position at its start. A position counts the bytes of
both streams together since the job began. A segment is a row of chunks: stream, position, length, bytes. Where a
position jumps, something was dropped: an old segment, or what a full disk did not take. The alternative, to stop at
the limit, would keep the beginning of a build and lose the error at its end.

One process writes, any number read beside it: a chunk that is not whole yet is the end for now.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from typing import Final, NamedTuple

STDOUT: Final = 1
STDERR: Final = 2

# Stream, position, length.
HEAD: Final = struct.Struct(">BQI")

# The longest chunk, in bytes: with its head 64 KiB, so that two fill a segment of the smallest log.
MAX_CHUNK: Final = 64 * 1024 - HEAD.size

# A log keeps at least so much, or a segment could not hold a chunk.
LEAST: Final = 1024 * 1024

# Segments of a full log: the more, the less is dropped at once.
SEGMENTS: Final = 8

PREFIX: Final = "output."


class Chunk(NamedTuple):
    """Bytes of one stream, and their position."""

    stream: int
    position: int
    data: bytes


class LogWriter:
    """The writing end of a log.

    Attributes:
        position: bytes written so far, also those that were dropped.
    """

    def __init__(self, folder: str, limit: int) -> None:
        """Begin a log in a folder that has none.

        Args:
            limit: bytes on disk, at least LEAST.
        """
        self.position = 0
        self._folder = folder
        self._limit = max(limit, LEAST)
        self._full = self._limit // SEGMENTS
        self._kept: deque[tuple[str, int]] = deque()  # segments before the current one: path, size
        self._path = ""  # of the current segment
        self._file = -1
        self._size = 0

    def append(self, stream: int, data: bytes) -> None:
        """Keep at most MAX_CHUNK bytes; when the disk does not take them they are dropped, and the job goes on."""
        chunk = HEAD.pack(stream, self.position, len(data)) + data
        try:
            if self._file < 0 or self._size + len(chunk) > self._full:
                self._begin_segment()
            self._write(chunk)
        except OSError:
            self._cut()
        self.position += len(data)

    def close(self) -> None:
        """Close the current segment."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin_segment(self) -> None:
        if self._file >= 0:
            self.close()
            self._kept.append((self._path, self._size))
        self._size = 0
        while self._kept and sum(size for _, size in self._kept) + self._full > self._limit:
            os.unlink(self._kept.popleft()[0])
        self._path = os.path.join(self._folder, f"{PREFIX}{self.position:020}")
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._size += len(chunk)

    def _cut(self) -> None:
        """Take back a chunk that is not whole."""
        if self._file >= 0:
            try:
                os.ftruncate(self._file, self._size)
                os.lseek(self._file, self._size, os.SEEK_SET)
            except OSError:
                self.close()  # The next chunk begins a segment of its own.


class LogReader:
    """Reads a log from a position on, also while it is being written."""

    def __init__(self, folder: str, position: int = 0) -> None:
        self._folder = folder
        self._wanted = position
        self._file = -1
        self._name = ""  # of the open segment
        self._offset = 0  # in it

    def read(self) -> Chunk | None:
        """Give the next chunk, None when there is none now."""
        while True:
            chunk = self._next_in_segment()
            if chunk is None and not self._next_segment():
                return None
            if chunk is not None and (kept := self._from_wanted(chunk)):
                return kept

    def close(self) -> None:
        """Close the open segment."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _from_wanted(self, chunk: Chunk) -> Chunk | None:
        """Leave out what is before the position that was asked for."""
        skipped = max(0, self._wanted - chunk.position)
        if skipped >= len(chunk.data):
            return None
        self._wanted = chunk.position + len(chunk.data)
        return Chunk(chunk.stream, chunk.position + skipped, chunk.data[skipped:])

    def _next_in_segment(self) -> Chunk | None:
        if self._file < 0:
            return None
        head = os.pread(self._file, HEAD.size, self._offset)
        if len(head) < HEAD.size:
            return None
        stream, position, length = HEAD.unpack(head)
        if stream not in (STDOUT, STDERR) or not 0 < length <= MAX_CHUNK:
            return None  # A crash of the machine left this behind.
        data = os.pread(self._file, length, self._offset + HEAD.size)
        if len(data) < length:
            return None
        self._offset += HEAD.size + length
        return Chunk(stream, position, data)

    def _next_segment(self) -> bool:
        """Go to the next segment if there is one and the open one is read to its end."""
        while later := [name for name in segments(self._folder) if name > self._name]:
            name = later[0] if self._name else _at(later, self._wanted)
            before = self._offset
            if self._next_in_segment() is not None:  # It came while we looked.
                self._offset = before
                return True
            self.close()
            self._name, self._offset = name, 0
            try:
                self._file = os.open(os.path.join(self._folder, name), os.O_RDONLY | os.O_CLOEXEC)
                return True
            except FileNotFoundError:
                continue  # It was dropped meanwhile; a later one is there.
        return False


def segments(folder: str) -> list[str]:
    """Give the names of a log's segments, the oldest first."""
    return sorted(name for name in os.listdir(folder) if name.startswith(PREFIX))


def _at(names: list[str], position: int) -> str:
    """Choose the segment that a position is in, or the oldest."""
    wanted = f"{PREFIX}{position:020}"
    return max((name for name in names if name <= wanted), default=names[0])
