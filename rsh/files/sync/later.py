"""The second walk of a sync's source: large files that changed, and new ones that may be old ones under another name.

The target is asked about them some ahead of their turn, so that no round trip is waited for file by file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from rsh.errors import error_name
from rsh.files.disk.descent import Descent
from rsh.files.disk.names import join
from rsh.files.sync.blocks import block_size
from rsh.files.sync.sender import SyncSender
from rsh.files.transfer.links_sent import Name
from rsh.protocol.sync_records import Sign
from rsh.protocol.transfer_records import Leave

# Files whose signatures are asked for ahead of their turn; each takes up to 24 MB, most far less.
_AHEAD: Final = 4


class LaterSender(SyncSender):
    """Sends what the first walk has put off, wherever in the source it is."""

    _top = -1  # the top of the source

    def _second_part(self, top: int) -> None:
        if not self._later.count:
            return
        waiting: deque[tuple[bytes, int]] = deque()
        items = iter(self._later)
        with self._visiting(top):
            while not self._results.stopped:
                while len(waiting) < _AHEAD and (item := next(items, None)) is not None:
                    path, size = msgspec.msgpack.decode(item, type=tuple[bytes, int])
                    waiting.append((path, size))
                    self._ask(path, size)
                self._out.flush()
                if not waiting:
                    break
                self._settle(*waiting.popleft())

    @contextmanager
    def _visiting(self, top: int) -> Iterator[None]:
        """Go about in the source, by _go_to, and back to its top."""
        self._place = place = Descent(os.dup(top))
        try:
            yield
            self._go_to([])
        finally:
            self._place = None
            self._levels.clear()
            place.close()

    def _send_names(self, names: Iterable[Name]) -> None:
        with self._visiting(self._top):
            for _, (*above, name) in names:
                try:
                    self._go_to(above)
                    assert self._place is not None
                    self._send_file(self._place.fd, name)
                except OSError as error:
                    self._lose(name, error_name(error))

    def _ask(self, path: bytes, old_size: int) -> None:
        """Ask the target for what _settle will need to know."""
        if old_size >= 0:
            block = block_size(old_size)
            blocks = old_size // block + 2  # somebody else may write it meanwhile
            self._results.expect_signature(blocks)
            self._out.record(Sign(path, block, blocks))
            return
        try:
            # By its path: what is not where it was is only not recognised.
            self._renames.prepare(path, os.stat(join(self._top_path, path), follow_symlinks=False))
        except OSError:
            return

    def _settle(self, path: bytes, old_size: int) -> None:
        *above, name = path.split(b"/")
        old = self._results.signature(block_size(old_size)) if old_size >= 0 else None
        try:
            self._go_to(above)
            assert self._place is not None
            if old is not None:
                self._patch(self._place.fd, name, path, old)
            else:
                self._find(self._place.fd, name, path)
        except OSError as error:
            self._lose(name, error_name(error))

    def _go_to(self, names: list[bytes]) -> None:
        """Go to another directory of the source; the target follows."""
        assert self._place is not None
        place = self._place
        common = place.shared(names)
        while len(place.names) > common:
            if self._levels.pop().sent:
                self._out.record(Leave())
            place.leave()
        for name in names[common:]:
            place.enter(name)
            self._levels.append(self._level(name, place.fd, None))
