"""The content of a large file on its way out: what has to be sent of it, without holes and what is there already."""

from __future__ import annotations

import os
from typing import Final

from xxhash import xxh3_128_digest

from rsh.files.disk.digest import BLOCK, BlockDigest
from rsh.files.disk.extents import data_ranges
from rsh.files.stream.stream import RecordWriter
from rsh.files.transfer.report import Progress
from rsh.files.transfer.results import Results
from rsh.protocol.buffers import Buffers
from rsh.protocol.transfer_records import Hole, Same

# A block is in use until the peer has acknowledged it, and that takes a while; for a fresh one the kernel clears pages.
_blocks: Final = Buffers(BLOCK, kept=16)


class Outgoing:
    """One open file, announced as a File.

    Args:
        status: of the file, when it was announced.
    """

    def __init__(
        self, fd: int, status: os.stat_result, out: RecordWriter, results: Results, progress: Progress
    ) -> None:
        self._fd = fd
        self._status = status
        self._out = out
        self._results = results
        self._progress = progress
        self._position = 0
        self._same = 0  # bytes before the position that are there already, which has yet to be said
        self._digest = BlockDigest()

    def send(self) -> str:
        """Send the content; give "" or the symbolic name of why it has to be aborted. Raises OSError."""
        for start, end in data_ranges(self._fd, self._status):
            self._hole(start)
            while self._position < end:
                if self._results.refuses_latest():
                    return "ESTOPPED"
                if not self._piece(end):
                    return "ECHANGED"
        self._hole(self._status.st_size)
        self._tell_same()
        return "ECHANGED" if changed(self._fd, self._status) else ""

    def digest(self) -> bytes:
        """Give the digest of what was sent."""
        return self._digest.digest()

    def _piece(self, end: int) -> bool:
        """Send what is left of a block; False when there is nothing any more."""
        position = self._position
        room = _blocks.take(min(BLOCK - position % BLOCK, end - position))
        piece = room[: os.preadv(self._fd, [room], position)]
        if not piece or changed(self._fd, self._status):  # what is known to be in vain need not be sent to its end
            return False
        self._position += len(piece)
        held = self._results.held(position // BLOCK) if len(piece) == BLOCK else b""
        if held and xxh3_128_digest(piece) == held:
            self._same += BLOCK
            self._digest.blocks(held)
            self._progress.reused(BLOCK)
            return True
        self._tell_same()
        self._digest.update(piece)
        self._out.content(piece, self._progress.moved)
        return True

    def _hole(self, end: int) -> None:
        length = end - self._position
        if length:
            self._tell_same()
            self._position = end
            self._digest.zeros(length)
            self._out.record(Hole(length))
            self._progress.reused(length)

    def _tell_same(self) -> None:
        if self._same:
            self._out.record(Same(self._same))
            self._same = 0


def release_blocks() -> None:
    """Give most of the memory back that sending large files has taken: a transfer is over."""
    _blocks.trim()


def changed(fd: int, before: os.stat_result) -> bool:
    """Tell whether a file was written to since. Two writes within a tick of the kernel's clock can go unseen."""
    after = os.fstat(fd)
    return (after.st_size, after.st_mtime_ns, after.st_ctime_ns) != (
        before.st_size,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
