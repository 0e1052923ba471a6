"""A changed file on its way out: what is new of it as content, what is there already as places in the old one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from xxhash import xxh3_128

from rsh.files.disk.digest import BLOCK
from rsh.files.stream.stream import PIECE, RecordWriter
from rsh.files.sync.blocks import KEPT, Old, compare
from rsh.files.transfer.outgoing import changed
from rsh.files.transfer.report import Progress
from rsh.files.transfer.results import Results
from rsh.protocol.sync_records import Reuse
from rsh.protocol.transfer_records import Same

NOTHING: Final = (0, 0)


class OutgoingPatch:
    """One open file.

    Args:
        status: of the file, when it was opened.
        old: what the target has.
        begin: announces the file as a Patch; called when something is found that differs, if ever.

    Attributes:
        begun: whether it was announced.
    """

    def __init__(
        self,
        fd: int,
        status: os.stat_result,
        old: Old,
        begin: Callable[[], None],
        out: RecordWriter,
        results: Results,
        progress: Progress,
    ) -> None:
        self.begun = False
        self._fd = fd
        self._status = status
        self._old = old
        self._announce = begin
        self._out = out
        self._results = results
        self._progress = progress
        self._digest = xxh3_128()
        self._reuse = NOTHING  # offset and length that have yet to be said
        self._same = 0  # bytes before the position that are there already, likewise

    def send(self) -> str:
        """Send the content; give "" or the symbolic name of why it has to be aborted. Raises OSError."""
        position, looked, size = 0, 0, self._status.st_size
        for content, offset in compare(self._fd, size, self._old):
            if self.begun and self._results.refuses_latest():
                return "ESTOPPED"
            if position >= looked + BLOCK:
                looked = position
                if changed(self._fd, self._status):
                    break  # the rest would be sent in vain
            self._digest.update(content)
            if not self.begun and offset != position:
                self._begin()
            if offset == KEPT:
                self._keep_written(len(content))
            elif offset >= 0:
                self._keep(offset, len(content))
            else:
                self._tell()
                self._new(memoryview(content))
            position += len(content)
        if position != size or changed(self._fd, self._status):
            return "ECHANGED"
        if not self.begun and self._old.size != size:
            self._begin()
        if self.begun:
            self._tell()
        return ""

    def digest(self) -> bytes:
        """Give the digest of the content."""
        return self._digest.digest()

    def _begin(self) -> None:
        self.begun = True
        self._announce()

    def _keep(self, offset: int, length: int) -> None:
        start, so_far = self._reuse
        if so_far and start + so_far == offset:
            self._reuse = (start, so_far + length)
        else:
            self._tell()
            self._reuse = (offset, length)
        self._progress.reused(length)

    def _keep_written(self, length: int) -> None:
        if self._reuse[1]:
            self._tell()
        self._same += length
        self._progress.reused(length)

    def _tell(self) -> None:
        """Say what has yet to be said: of the two never both."""
        if self._reuse[1]:
            self._out.record(Reuse(*self._reuse))
        if self._same:
            self._out.record(Same(self._same))
        self._reuse, self._same = NOTHING, 0

    def _new(self, content: memoryview) -> None:
        for start in range(0, len(content), PIECE):
            piece = bytes(content[start : start + PIECE])
            self._out.content(piece)
            self._progress.moved(len(piece))
