"""Memory that sessions have needed, given back to the system once they have gone.

What they held is free by then, for whoever comes next, but the C library keeps it: a session more costs nothing, and a
daemon that has seen a thousand at once, or a few with all that their windows may hold, stays at that size for good. So
it is asked for it when most have gone, or when it has become much.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Final

# Fewer sessions than these are not worth looking for what they have left, unless it is much: a few fast transfers are
# forgotten in less.
MANY: Final = 32
MUCH: Final = 128 * 1024 * 1024  # bytes

# Looks to wait after the last has left: what it had at work is given some seconds to end.
SETTLED: Final = 8


class Memory:
    """Watches how many sessions there are, and gives back what those who have gone have left."""

    def __init__(self) -> None:
        self._most = 0  # sessions at once since we gave back last
        self._last = 0  # sessions at the last look
        self._quiet = 0  # looks since somebody left
        self._size = resident()  # once we had given back last, without what was in use then

    def look(self, sessions: int, kept: Callable[[], int] = lambda: 0) -> bool:
        """Take note of how many sessions there are; whether memory was given back. Call it once a second.

        Args:
            kept: gives the bytes that these hold; asked seldom.
        """
        self._quiet = 0 if sessions < self._last else self._quiet + 1
        self._last = sessions
        self._most = max(self._most, sessions)
        if self._quiet < SETTLED:
            return False
        many = self._most >= MANY and sessions <= self._most // 2
        if not many and (self._quiet > SETTLED or resident() - kept() - self._size < MUCH):
            return False
        self._most = sessions
        give_back()
        self._size = resident() - kept()
        return True


def resident() -> int:
    """Give the bytes that this process has in memory, 0 where nobody tells: proc(5), statm."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def give_back() -> None:
    """Give back what nobody uses; a few milliseconds for each thousand sessions that were here."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # malloc_trim(3) is glibc's
    if trim is not None:
        trim(ctypes.c_size_t(0))
