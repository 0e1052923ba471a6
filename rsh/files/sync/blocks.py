"""What a file has in common with an older one that is somewhere else: found by digests of the older one's blocks.

The older file's holder sends a digest and the first bytes, the anchor, of each block. Whoever has the new file compares
block by block where they are expected. Only where that fails is anything searched for: first whether the block stands
elsewhere in the old file, then whether an old block begins at any of the next bytes, which is what an insertion or
deletion leaves behind. rsync's rolling checksum looks at every byte of the file for that; in Python that would be the
whole cost, and here it is paid only at the places that changed.

Two contents with the same 64-bit digest are told apart by the digest of the whole file, which both ends compare.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from xxhash import xxh3_64_digest, xxh3_128_digest

from rsh.files.disk.digest import BLOCK, SIZE
from rsh.protocol.frames import Buffer
from rsh.protocol.sync_records import Signature

HASH: Final = 8  # bytes of a block's digest
ANCHOR: Final = 16  # bytes of a block's beginning

_LEAST_BLOCK: Final = 4096
_MOST_BLOCK: Final = 1024 * 1024
_AT_ONCE: Final = 8192  # blocks of one Signature record: 192 KiB

_CHUNK: Final = 4 * 1024 * 1024  # read at once
_REACH: Final = 1024 * 1024  # how far ahead the end of an insertion is looked for
_LOOK: Final = 16  # blocks whose anchors are looked for there
_TRIES: Final = 32  # places of one anchor that are compared: a file may repeat itself
_MOST_SKIPPED: Final = 256  # blocks that are sent without a search after one that found nothing
_MOST_INDEXED: Final = 262_144  # blocks of a file that are put into tables: 64 MB of memory


def block_size(size: int) -> int:
    """Give the block size for an old file: about half the root of its size, so that digests and blocks cost alike."""
    block = _LEAST_BLOCK
    while block < _MOST_BLOCK and 4 * block * block < size:
        block *= 2
    return block


def sign(fd: int, block: int, blocks: int) -> Iterator[Signature]:
    """Give the signature of an open file, in as many records as it takes; the last one says so.

    Args:
        blocks: how many at most. What the file has beyond, as it has become larger, is told by its size alone.

    Raises:
        OSError: it cannot be read.
    """
    hashes, anchors, offset, end = bytearray(), bytearray(), 0, blocks * block
    chunk = max(_CHUNK // block, 1) * block
    while piece := os.pread(fd, min(chunk, end - offset), offset):
        view = memoryview(piece)
        for start in range(0, len(piece), block):
            hashes += xxh3_64_digest(view[start : start + block])
            anchors += piece[start : start + ANCHOR].ljust(ANCHOR, b"\0")
        offset += len(piece)
        if len(hashes) >= _AT_ONCE * HASH - chunk // block * HASH:
            yield Signature(offset, bytes(hashes), bytes(anchors), True)
            hashes.clear()
            anchors.clear()
        if len(piece) % block:
            break
    size = offset if offset < end else max(offset, os.fstat(fd).st_size)
    yield Signature(size, bytes(hashes), bytes(anchors), False)


NOWHERE: Final = -1
KEPT: Final = -2


class Old(NamedTuple):
    """An old file as its signature tells."""

    size: int
    block: int
    hashes: bytes
    anchors: bytes
    kept: bytes = b""  # digests of the first whole blocks of the new file that an earlier try has written already

    def length(self, index: int) -> int:
        """Give the length of a block."""
        return min(self.block, self.size - index * self.block)


class Piece(NamedTuple):
    """A piece of the new file, and where it stands in the old one: NOWHERE, or KEPT if it is written already."""

    content: Buffer
    offset: int


def compare(fd: int, size: int, old: Old) -> Iterator[Piece]:
    """Give an open file piece by piece, in order. It ends early when the file has become shorter.

    Raises:
        OSError: it cannot be read.
    """
    return _Comparison(fd, size, old).pieces()


class _Comparison:
    def __init__(self, fd: int, size: int, old: Old) -> None:
        self._old = old
        self._window = _Window(fd)
        self._size = size
        self._count = len(old.hashes) // HASH
        self._position = 0  # in the new file
        self._expected = 0  # the old block that is expected there
        self._matched = 0  # the old block behind the last one that matched
        self._skip = 0  # blocks to pass on without a search
        self._skip_next = 1
        self._by_hash: dict[bytes, int] | None = None  # built when something does not match
        self._by_anchor: dict[bytes, int] = {}

    def pieces(self) -> Iterator[Piece]:
        while self._position < self._size:
            if self._old.kept and (kept := self._kept_here()):
                yield Piece(kept, KEPT)
                self._go_on_behind(len(kept))
                continue
            room = self._limit() - self._position
            content = self._window.view(self._position, min(self._old.block, room))
            if not content:
                return
            index = self._place_of(content)
            if index >= 0:
                yield self._match(content, index)
                continue
            length, self._expected = self._resync(content)
            length = min(length, room)
            while length:
                some = self._window.view(self._position, min(length, _CHUNK // 16))
                if not some:
                    return
                yield Piece(some, NOWHERE)
                self._position += len(some)
                length -= len(some)

    def _kept_here(self) -> memoryview | None:
        """Give the block at hand if it is written already."""
        index, within = divmod(self._position, BLOCK)
        known = self._old.kept[index * SIZE : (index + 1) * SIZE]
        if within or not known:
            return None
        content = self._window.view(self._position, BLOCK)
        return content if len(content) == BLOCK and xxh3_128_digest(content) == known else None

    def _limit(self) -> int:
        """Give where the next piece ends at the latest: where a block begins that may be written already."""
        following = self._position // BLOCK + 1
        return following * BLOCK if following < len(self._old.kept) // SIZE else self._size

    def _go_on_behind(self, length: int) -> None:
        self._position += length
        self._expected = self._matched = self._position // self._old.block

    def _match(self, content: memoryview, index: int) -> Piece:
        self._position += len(content)
        self._expected = self._matched = index + 1
        self._skip, self._skip_next = 0, 1
        return Piece(content, index * self._old.block)

    def _place_of(self, content: memoryview) -> int:
        """Give the old block that is this content, the expected one first; -1 for none."""
        digest = xxh3_64_digest(content)
        if self._is(self._expected, digest, len(content)):
            return self._expected
        if self._by_hash is None:
            self._build_tables()
        assert self._by_hash is not None
        found = self._by_hash.get(digest, -1)
        return found if found >= 0 and self._old.length(found) == len(content) else -1

    def _is(self, index: int, digest: bytes, length: int) -> bool:
        at = index * HASH
        return index < self._count and self._old.hashes[at : at + HASH] == digest and self._old.length(index) == length

    def _build_tables(self) -> None:
        self._by_hash = {}
        if self._count > _MOST_INDEXED:
            return
        hashes, anchors = self._old.hashes, self._old.anchors
        for index in range(self._count - 1, -1, -1):  # of equal ones the first stays
            self._by_hash[hashes[index * HASH : (index + 1) * HASH]] = index
            anchor = anchors[index * ANCHOR : (index + 1) * ANCHOR]
            if anchor.count(anchor[:1]) < ANCHOR:
                self._by_anchor[anchor] = index

    def _resync(self, content: memoryview) -> tuple[int, int]:
        """Nothing old begins here: give how much is new, and the old block that is expected behind it."""
        block = self._old.block
        behind = self._position + block
        following = self._window.view(behind, min(block, max(0, self._size - behind)))
        if not following or self._is(self._expected + 1, xxh3_64_digest(following), len(following)):
            return len(content), self._expected + 1  # changed in its place, the commonest case
        if self._skip:
            self._skip -= 1
            return len(content), self._expected + 1
        found = self._search_near() or self._search_far()
        if found is not None:
            return found
        self._skip, self._skip_next = self._skip_next, min(2 * self._skip_next, _MOST_SKIPPED)
        return len(content), self._expected + 1

    def _search_near(self) -> tuple[int, int] | None:
        """Look whether any old block begins within the next block: so it does behind whatever was deleted."""
        start = self._position
        buffer, base = self._window.around(start, 2 * self._old.block)
        known = self._by_anchor
        tries = 0
        for at in range(start - base, min(start - base + self._old.block, len(buffer) - ANCHOR)):
            index = known.get(buffer[at : at + ANCHOR], -1)
            if index >= 0:
                tries += 1
                if self._verify(base + at, index):
                    return base + at - start, index
                if tries >= _TRIES:
                    break
        return None

    def _search_far(self) -> tuple[int, int] | None:
        """Look further ahead for the old blocks that come next: so they do behind what was inserted."""
        start = self._position
        nexts = {*range(self._matched, self._matched + _LOOK), *range(self._expected, self._expected + _LOOK)}
        for index in sorted(nexts):
            anchor = self._old.anchors[index * ANCHOR : (index + 1) * ANCHOR]
            if len(anchor) < ANCHOR or anchor not in self._by_anchor:
                continue
            at = start
            for _ in range(_TRIES):
                buffer, base = self._window.around(start, _REACH)
                at = buffer.find(anchor, at - base, start - base + _REACH) + base
                if at < start:
                    break
                if self._verify(at, index):
                    return at - start, index
                at += 1
        return None

    def _verify(self, position: int, index: int) -> bool:
        content = self._window.view(position, min(self._old.block, self._size - position))
        return self._is(index, xxh3_64_digest(content), len(content))


class _Window:
    """The part of a file that is looked at. Not a mapping: that would end the process when the file gets shorter."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._base = 0
        self._buffer = b""

    def view(self, position: int, length: int) -> memoryview:
        """Give some bytes, fewer at the end of the file; valid for as long as they are kept."""
        buffer, base = self.around(position, length)
        return memoryview(buffer)[position - base : position - base + length]

    def around(self, position: int, length: int) -> tuple[bytes, int]:
        """Give a buffer that holds some bytes, as far as the file goes, and where it begins."""
        end = self._base + len(self._buffer)
        missing = position < self._base or position + length > end
        if missing and not (self._base <= position and self._at_end(end)):
            self._base = position
            self._buffer = os.pread(self._fd, max(length, _CHUNK), position)
        return self._buffer, self._base

    def _at_end(self, end: int) -> bool:
        """Tell whether nothing is behind what we have, so that reading again would give no more."""
        return bool(self._buffer) and end >= os.fstat(self._fd).st_size
