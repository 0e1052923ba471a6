"""What a sync comes across that is alike already: counted, and told now and then to whoever shows how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_EVERY: Final = 0.25  # seconds
_LOOK: Final = 256  # items between two looks at the clock


class Alike:
    """A count of items and of their content.

    Args:
        tell: hears how much has been added since it was called last.
    """

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._items = 0
        self._bytes = 0
        self._left = _LOOK
        self._told = time.monotonic()

    def add(self, size: int, items: int = 1) -> None:
        """Count something, one item if nothing else is said."""
        self._items += items
        self._bytes += size
        self._left -= 1
        if not self._left:
            self._left = _LOOK
            if time.monotonic() - self._told >= _EVERY:
                self.flush()

    def flush(self) -> None:
        """Tell what has not been told."""
        self._told = time.monotonic()
        if self._items or self._bytes:
            items, size, self._items, self._bytes = self._items, self._bytes, 0, 0
            self._tell(items, size)
