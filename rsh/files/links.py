"""Hard links within a tree: where a file with several names was sent first."""

from __future__ import annotations

import os
from typing import Final

# Files whose further names have not been met yet. Beyond it they are sent as files of their own: a tree of which all
# names are linked to from outside must not fill the memory.
MAX_REMEMBERED: Final = 50_000


class Links:
    """What a sender remembers of one tree."""

    def __init__(self) -> None:
        self._paths: dict[tuple[int, int], tuple[bytes, int]] = {}  # device, inode -> path, names still to come

    def first(self, status: os.stat_result) -> bytes:
        """Give the path under which this file was sent already; b"" if it was not."""
        key = (status.st_dev, status.st_ino)
        path, left = self._paths.get(key, (b"", 0))
        if left > 1:
            self._paths[key] = (path, left - 1)
        elif left:
            del self._paths[key]
        return path

    def remember(self, status: os.stat_result, path: bytes) -> None:
        """Remember a file that is being sent, by its path from the top of the tree."""
        if len(self._paths) < MAX_REMEMBERED:
            self._paths[status.st_dev, status.st_ino] = (path, status.st_nlink - 1)
