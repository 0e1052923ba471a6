"""Files of which the source was told what is in them: they stay open until it makes use of that.

Parts stay locked so, or another sync of the same target could go on with one meanwhile. And an old file is read as it
was told, although somebody replaces it: what was told would not be there.
"""

from __future__ import annotations

import os
from typing import Final

# Held at once; a source asks for a few files ahead of their turn.
_MOST: Final = 16


class KeptFiles:
    """Descriptors by paths. Close it."""

    def __init__(self) -> None:
        self._files: dict[bytes, int] = {}

    def keep(self, path: bytes, fd: int) -> None:
        """Hold a file; the one that was held longest is let go of if there are too many."""
        self._let_go(path)
        self._files[path] = fd
        while len(self._files) > _MOST:
            self._let_go(next(iter(self._files)))

    def take(self, path: bytes) -> int:
        """Give a file to whoever makes use of it; -1 for none."""
        return self._files.pop(path, -1)

    def close(self) -> None:
        """Let go of all."""
        for path in list(self._files):
            self._let_go(path)

    def _let_go(self, path: bytes) -> None:
        if (fd := self._files.pop(path, -1)) >= 0:
            os.close(fd)
