"""Parts of which the source was told what is in them: they stay locked until it sends the file.

Otherwise another sync of the same target could go on with one meanwhile, and what was told would not be there.
"""

from __future__ import annotations

import os
from typing import Final

# Held at once; a source asks for a few files ahead of their turn.
_MOST: Final = 16


class KeptParts:
    """Descriptors by the paths of the files that the parts are for. Close it."""

    def __init__(self) -> None:
        self._parts: dict[bytes, int] = {}

    def keep(self, path: bytes, fd: int) -> None:
        """Hold a part; the one that was held longest is let go of if there are too many."""
        self._let_go(path)
        self._parts[path] = fd
        while len(self._parts) > _MOST:
            self._let_go(next(iter(self._parts)))

    def take(self, path: bytes) -> int:
        """Give the part of a file to whoever writes it; -1 for none."""
        return self._parts.pop(path, -1)

    def close(self) -> None:
        """Let go of all."""
        for path in list(self._parts):
            self._let_go(path)

    def _let_go(self, path: bytes) -> None:
        if (fd := self._parts.pop(path, -1)) >= 0:
            os.close(fd)
