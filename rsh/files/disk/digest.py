"""The digest of a large file: of the digests of its blocks.

Both ends know the digest of each block as they go, so that what is there already, and holes, need not be read or hashed
a second time, and a file that was interrupted can be proved block by block. Small files have a plain XXH3-128.
"""

from __future__ import annotations

from typing import Final

from xxhash import xxh3_128, xxh3_128_digest

from rsh.protocol.frames import MAX_DATA, Buffer

# What is read at once, compared at once, and at most sent again although it was there: whole pages, and with its word
# and those of compression still one frame (frames.MAX_DATA), so that it is written at once as well.
BLOCK: Final = MAX_DATA - 4096
SIZE: Final = 16  # bytes of one digest

# Blocks of a part that are looked at: 64 GiB, of which the digests are one MiB of memory.
MOST_BLOCKS: Final = 65536

_ZEROS: Final = bytes(BLOCK)
_ZERO_DIGEST: Final = xxh3_128_digest(_ZEROS)
_AT_ONCE: Final = 4096  # digests of zero blocks handed on together


class BlockDigest:
    """XXH3-128 over the XXH3-128 of each block of BLOCK bytes, the last one as long as it is."""

    __slots__ = ("_block", "_filled", "_total")

    def __init__(self) -> None:
        self._total = xxh3_128()
        self._block = xxh3_128()
        self._filled = 0  # bytes of the current block

    def update(self, piece: Buffer) -> None:
        """Add content."""
        if self._filled + len(piece) < BLOCK:
            self._block.update(piece)
            self._filled += len(piece)
            return
        rest = memoryview(piece)
        while self._filled + len(rest) >= BLOCK:
            room = BLOCK - self._filled
            self._block.update(rest[:room])
            self._close()
            rest = rest[room:]
        self._block.update(rest)
        self._filled = len(rest)

    def zeros(self, count: int) -> None:
        """Add so many zero bytes; whole blocks of them cost next to nothing."""
        if self._filled:
            first = min(count, BLOCK - self._filled)
            self.update(_ZEROS[:first])
            count -= first
        blocks, rest = divmod(count, BLOCK)
        while blocks:
            now = min(blocks, _AT_ONCE)
            self._total.update(_ZERO_DIGEST * now)
            blocks -= now
        self.update(_ZEROS[:rest])

    def blocks(self, digests: Buffer) -> None:
        """Add whole blocks by their digests. Only where a block begins."""
        assert not self._filled and len(digests) % SIZE == 0
        self._total.update(digests)

    def digest(self) -> bytes:
        """Give the digest of all that was added. Only once."""
        if self._filled:
            self._close()
        return self._total.digest()

    def _close(self) -> None:
        self._total.update(self._block.digest())
        self._block.reset()
        self._filled = 0
