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
        # device, inode -> path, names still to come, mark
        self._paths: dict[tuple[int, int], tuple[bytes, int, int]] = {}

    def first(self, status: os.stat_result) -> bytes:
        """Give the path under which this file was sent already; b"" if it was not. Call it once for each name."""
        key = (status.st_dev, status.st_ino)
        path, left, mark = self._paths.get(key, (b"", 0, 0))
        if left > 1:
            self._paths[key] = (path, left - 1, mark)
        elif left:
            del self._paths[key]
        return path

    def knows(self, status: os.stat_result) -> bool:
        """Tell whether first() would give a path."""
        return (status.st_dev, status.st_ino) in self._paths

    def mark(self, status: os.stat_result) -> int:
        """Give the mark that was remembered with this file; 0 for none."""
        return self._paths.get((status.st_dev, status.st_ino), (b"", 0, 0))[2]

    def remember(self, status: os.stat_result, path: bytes, mark: int = 0) -> None:
        """Remember a file that is being sent, by its path from the top of the tree."""
        if len(self._paths) < MAX_REMEMBERED:
            self._paths[status.st_dev, status.st_ino] = (path, status.st_nlink - 1, mark)
