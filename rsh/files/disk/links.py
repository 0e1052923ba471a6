"""Hard links within a tree: where a file with several names was sent first."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

# Files whose further names have not been met yet. Beyond it they are sent as files of their own: a tree of which all
# names are linked to from outside must not fill the memory.
MAX_REMEMBERED: Final = 50_000


class Earlier(NamedTuple):
    """The name under which a file came first.

    Attributes:
        path: of that name, over there.
        item: number of the item that brought it; None if it was there already.
        mark: what was remembered with it.
        left: further names that have not been met.
    """

    path: bytes
    item: int | None
    mark: int
    left: int


class Links:
    """What a sender remembers of one tree."""

    def __init__(self) -> None:
        self._paths: dict[tuple[int, int], Earlier] = {}  # by device and inode

    def first(self, status: os.stat_result) -> Earlier | None:
        """Give the name under which this file was sent already, if it was. Call it once for each name."""
        key = (status.st_dev, status.st_ino)
        found = self._paths.get(key)
        if found and found.left > 1:
            self._paths[key] = found._replace(left=found.left - 1)
        elif found:
            del self._paths[key]
        return found

    def knows(self, status: os.stat_result) -> bool:
        """Tell whether first() would give a name."""
        return (status.st_dev, status.st_ino) in self._paths

    def remember(self, status: os.stat_result, path: bytes, item: int | None, mark: int = 0) -> None:
        """Remember a file that is being sent, by its path from the top of the tree."""
        if len(self._paths) < MAX_REMEMBERED:
            self._paths[status.st_dev, status.st_ino] = Earlier(path, item, mark, status.st_nlink - 1)
