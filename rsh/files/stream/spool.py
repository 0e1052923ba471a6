"""A list of byte strings that may become long: in memory while it is short, then in a file without a name."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Final

_WORD: Final = struct.Struct("=I")
_IN_MEMORY: Final = 1024 * 1024


class Spool:
    """Append first, then iterate, as often as wanted."""

    def __init__(self) -> None:
        self.count = 0
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  close() does it

    def append(self, item: bytes) -> None:
        """Add one at the end."""
        self.count += 1
        self._file.write(_WORD.pack(len(item)))
        self._file.write(item)

    def __iter__(self) -> Iterator[bytes]:
        """Give them in their order; nothing may be appended meanwhile."""
        self._file.seek(0)
        while word := self._file.read(_WORD.size):
            yield self._file.read(_WORD.unpack(word)[0])
        self._file.seek(0, 2)

    def close(self) -> None:
        """Give memory and file back."""
        self._file.close()
