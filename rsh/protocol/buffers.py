"""Large buffers that are used again: memory that was just in use is in the processor's cache, and need not be cleared.

A fresh buffer of 256 KiB costs as much as encrypting its content: the kernel clears its pages and we clear it again.
"""

from __future__ import annotations

from collections import deque
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Final

# Buffers that a pool keeps to be used again, unless it is told otherwise; more are made when more are in use.
KEPT: Final = 4


class Buffers:
    """A pool of buffers of one size, for any thread: who looks at a buffer has taken it out of the queue meanwhile.

    Nobody gives a buffer back. It is free when no memoryview of it is left, which Python knows: it refuses to resize
    memory that somebody looks at. It is mapped, so that the system has back at once what is not kept.
    """

    def __init__(self, size: int, kept: int = KEPT) -> None:
        """Begin with none.

        Args:
            size: of each, in bytes.
            kept: how many are kept to be used again.
        """
        self._size = size
        self._most = kept
        self._kept: deque[mmap] = deque()  # those used last come first

    def take(self, length: int) -> memoryview:
        """Give `length` bytes, with anything in them, that are the caller's as long as a view of them is left."""
        for _ in range(len(self._kept)):
            try:
                buffer = self._kept.popleft()
            except IndexError:  # the others are being looked at by other threads
                break
            if _is_free(buffer):
                return self._lend(buffer, length)
            self._kept.append(buffer)
        return self._lend(mmap(-1, self._size, MAP_PRIVATE | MAP_ANONYMOUS), length)

    def trim(self, kept: int = KEPT) -> None:
        """Keep no more than so many for now: what is large is over, and who comes next may be small."""
        while len(self._kept) > kept:
            try:
                self._kept.pop()
            except IndexError:  # another thread was faster
                return

    def _lend(self, buffer: mmap, length: int) -> memoryview:
        view = memoryview(buffer)[:length]  # from here on the buffer is not free
        if len(self._kept) < self._most:
            self._kept.appendleft(buffer)
        return view


def _is_free(buffer: mmap) -> bool:
    """Tell whether nobody looks at a buffer."""
    try:
        buffer.resize(len(buffer))
    except BufferError:
        return False
    return True
