"""A large file whose content is arriving: new content, holes, and what a part from an earlier try holds already."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Final

from xxhash import xxh3_128_digest

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.digest import BLOCK, MOST_BLOCKS, SIZE, BlockDigest
from rsh.files.disk.durability import LARGE
from rsh.files.disk.extents import make_hole
from rsh.files.disk.part import Finisher, Part
from rsh.files.disk.vacant import Elsewhere
from rsh.protocol.transfer_records import File

# Blocks of a part that are told to the sender at once: it can go on soon, and a record stays small.
_TOLD_AT_ONCE: Final = 16


class Incoming:
    """One file; the calls come in the order of its records.

    Attributes:
        record, index: the item.
        part: None when it has failed; then its content is dropped.
        finisher: sets what it has beside its permissions.
        elsewhere: where it goes when its name has been taken meanwhile (Part.place).

    Raises:
        ProtocolError: from any method: the sender does not keep to what it announced.
        OSError: it could not be written; then drop() it.
    """

    __slots__ = ("_digest", "_held", "_moved", "_position", "elsewhere", "finisher", "index", "part", "record")

    def __init__(self, record: File, index: int, finisher: Finisher | None) -> None:
        self.record = record
        self.index = index
        self.finisher = finisher
        self.elsewhere: Elsewhere | None = None
        self.part: Part | None = None
        self._position = 0
        self._moved = False  # the part's own position is another one
        self._held = bytearray()  # digests of the blocks that the part held
        self._digest = BlockDigest()

    def open(self, directory: int, name: bytes, forsaken: Callable[[], bool] | None = None) -> None:
        """Make the part, or find it, if there is room for the file; `forsaken` is that of Part."""
        self.part = Part(directory, name, resume=True, forsaken=forsaken)
        if self.record.room >= LARGE:
            there = os.fstat(self.part.fd).st_blocks * 512 if self.part.size else 0
            check_room(directory, self.record.room - there)

    def held(self) -> Iterator[bytes]:
        """Give the digests of the whole blocks that an earlier try has left, some at a time."""
        if not self.part:
            return
        blocks = min(self.part.size, self.record.size) // BLOCK
        for first in range(0, min(blocks, MOST_BLOCKS), _TOLD_AT_ONCE):
            last = min(first + _TOLD_AT_ONCE, blocks)
            digests = b"".join(self._block_digest(self.part.fd, block) for block in range(first, last))
            self._held += digests
            yield digests

    def content(self, piece: memoryview) -> None:
        """Take content."""
        position = self._advance(len(piece))
        if not self.part:
            return
        self._digest.update(piece)
        if self._moved:
            self.part.seek(position)
            self._moved = False
        self.part.write(piece)

    def hole(self, length: int) -> None:
        """Take zeros."""
        position = self._advance(length)
        if not self.part:
            return
        self._moved = True
        self._digest.zeros(length)
        if position < self.part.size:
            make_hole(self.part.fd, position, min(length, self.part.size - position))

    def same(self, length: int) -> None:
        """Keep whole blocks that the part holds, as was told by held()."""
        position = self._advance(length)
        if not self.part:
            return
        self._moved = True
        digests = memoryview(self._held)[position // BLOCK * SIZE : self._position // BLOCK * SIZE]
        if position % BLOCK or length % BLOCK or len(digests) != length // BLOCK * SIZE:
            raise ProtocolError("blocks that are not there are said to be the same")
        self._digest.blocks(digests)

    def finish(self, digest: bytes) -> bool:
        """Tell whether the content is what was sent. Nothing more comes."""
        if self._position != self.record.size:
            raise ProtocolError("less content than the file's size")
        if not self.part:
            return False
        if self._moved or self.part.size > self.record.size:
            self.part.cut(self.record.size)
        return self._digest.digest() == digest

    def drop(self, *, leave: bool = False) -> None:
        """Remove the part, or with `leave` leave it to the next try if that would save anything."""
        part, self.part = self.part, None
        if part and leave and self._position >= BLOCK:
            part.leave()
        elif part:
            part.discard()

    def _advance(self, length: int) -> int:
        """Go on by so many bytes; give where they begin."""
        position = self._position
        self._position += length
        if self._position > self.record.size:
            raise ProtocolError("more content than the file's size")
        return position

    def _block_digest(self, fd: int, block: int) -> bytes:
        content = os.pread(fd, BLOCK, block * BLOCK)
        if len(content) != BLOCK:
            raise FileError("ECHANGED", b"")
        return xxh3_128_digest(content)


def check_room(directory: int, needed: int) -> None:
    """Raise ENOSPC when a file will not fit, before anything of it was sent in vain."""
    space = os.statvfs(directory)
    free = space.f_bavail if os.geteuid() else space.f_bfree
    if space.f_blocks and free * space.f_frsize < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
