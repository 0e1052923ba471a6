"""A changed file that is arriving: new content, pieces of the old file, and what an earlier try has written already."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from xxhash import xxh3_128

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.durability import LARGE
from rsh.files.disk.extents import SMALLEST_HOLE, make_hole
from rsh.files.disk.part import Finisher, Part
from rsh.files.transfer.incoming import check_room
from rsh.protocol.sync_records import Patch

_PIECE: Final = 1024 * 1024

_ZEROS: Final = bytes(SMALLEST_HOLE)


class IncomingPatch:
    """One file; the calls come in the order of its records.

    Attributes:
        record: the item.
        finisher: sets what it has beside its permissions.
        part: None when it has failed; then its content is dropped.

    Raises:
        ProtocolError: from any method: the source does not keep to what it announced.
        OSError, FileError: it could not be read or written; then drop() it.
    """

    def __init__(self, record: Patch, finisher: Finisher | None) -> None:
        self.record = record
        self.finisher = finisher
        self.part: Part | None = None
        self._basis = -1
        self._position = 0
        self._received = 0  # bytes of content that only the source has
        self._sparse = False  # the old file has holes, so zeros become some
        self._moved = False  # the part's own position is another one
        self._left = record.size
        self._digest = xxh3_128()

    def open(
        self, basis: int, directory: int, name: bytes, forsaken: Callable[[], bool] | None, claimed: int = -1
    ) -> None:
        """Make the part, or find it, if there is room for the file.

        Args:
            basis: descriptor of the old file; ours from now on.
            directory, name, forsaken, claimed: as Part.
        """
        self._basis = basis
        self.part = Part(directory, name, resume=True, forsaken=forsaken, claimed=claimed)
        status = os.fstat(basis)
        self._sparse = status.st_blocks * 512 < status.st_size
        if self.record.size >= LARGE and not self._sparse:
            there = os.fstat(self.part.fd).st_blocks * 512 if self.part.size else 0
            check_room(directory, self.record.size - there)

    def content(self, piece: memoryview | bytes) -> None:
        """Take new content."""
        self._spend(len(piece))
        self._received += len(piece)
        self._write(piece)

    def reuse(self, offset: int, length: int) -> None:
        """Take content of the old file."""
        self._spend(length)
        while length and self.part:
            piece = os.pread(self._basis, min(length, _PIECE), offset)
            if not piece:
                raise FileError("ECHANGED")
            self._write(piece)
            offset += len(piece)
            length -= len(piece)

    def same(self, length: int) -> None:
        """Keep what the part holds in this place. It goes into the digest, and so is proved."""
        self._spend(length)
        self._received += length
        self._moved = True
        while length and self.part:
            piece = os.pread(self.part.fd, min(length, _PIECE), self._position)
            if not piece:
                raise FileError("ECHANGED")
            self._digest.update(piece)
            self._position += len(piece)
            length -= len(piece)

    def finish(self, digest: bytes) -> bool:
        """Tell whether all is there and right."""
        if self._left:
            raise ProtocolError("less content than the file's size")
        if self.part and (self._moved or self.part.size > self.record.size):
            self.part.cut(self.record.size)
        return self._digest.digest() == digest

    def drop(self, *, leave: bool = False) -> None:
        """Remove the part, or with `leave` leave it to the next try if that would save anything; let go of the old."""
        part, self.part = self.part, None
        if part and leave and self._received >= BLOCK:
            part.leave()
        elif part:
            part.discard()
        if self._basis >= 0:
            os.close(self._basis)
            self._basis = -1

    def _write(self, piece: memoryview | bytes) -> None:
        if not self.part:
            return
        self._digest.update(piece)
        view, start = memoryview(piece), 0
        if self._sparse:
            for at in range(-self._position % SMALLEST_HOLE, len(view) - SMALLEST_HOLE + 1, SMALLEST_HOLE):
                if view[at : at + SMALLEST_HOLE] == _ZEROS:
                    self._put(view[start:at])
                    start = at + SMALLEST_HOLE
                    self._hole()
        self._put(view[start:])

    def _hole(self) -> None:
        """Leave a hole where zeros would stand."""
        assert self.part is not None
        if self._position < self.part.size:
            make_hole(self.part.fd, self._position, SMALLEST_HOLE)
        self._position += SMALLEST_HOLE
        self._moved = True

    def _put(self, piece: memoryview) -> None:
        """Write behind what came before, holes included."""
        assert self.part is not None
        if not piece:
            return
        if self._moved:
            self.part.seek(self._position)
            self._moved = False
        self.part.write(piece)
        self._position += len(piece)

    def _spend(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise ProtocolError("more content than the file's size")
