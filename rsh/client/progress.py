"""One line on the terminal that tells how a transfer goes: what was moved, how fast, and which file is on its way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rsh.client.columns import text_width
from rsh.client.complaints import say
from rsh.client.console import is_terminal, size
from rsh.client.units import human_size
from rsh.errors import FileError
from rsh.escape import printable
from rsh.files.report import Progress

_FIRST_AFTER: Final = 0.5  # seconds; what is done sooner needs no line
_EVERY: Final = 0.1
_MEMORY: Final = 3.0  # seconds over which the rate is smoothed


class ProgressLine(Progress):
    """Redraws one line of stderr as a transfer goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards everything below: two threads of the transfer call
        self._bytes = 0
        self._items = 0
        self._path = b""
        self._size = 0  # of the file that is on its way
        self._begun = 0  # bytes that had been moved before it
        self._rate = 0.0
        self._drawn = False
        self._last_time = time.monotonic()
        self._last_bytes = 0
        self._next = self._last_time + _FIRST_AFTER

    def started(self, path: bytes, size: int) -> None:
        """Show this name from now on."""
        with self._lock:
            self._path, self._size, self._begun = path, size, self._bytes
        self._tick()

    def moved(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self._bytes += count
        self._tick()

    def completed(self, items: int) -> None:
        """Take the number of items that have arrived."""
        with self._lock:
            self._items = items
        self._tick()

    def failed(self, error: FileError) -> None:
        """Leave it to the list at the end."""

    def clear(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._drawn:
                say("\r\x1b[K")
            self._drawn = False
            self._next = float("inf")

    def _tick(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        with self._lock:
            if now < self._next:
                return
            elapsed = max(now - self._last_time, 1e-6)
            share = min(1.0, elapsed / _MEMORY) if self._drawn else 1.0
            self._rate += share * ((self._bytes - self._last_bytes) / elapsed - self._rate)
            self._last_time, self._last_bytes, self._next = now, self._bytes, now + _EVERY
            self._drawn = True
            say("\r" + self._line(size()[0] - 1) + "\x1b[K")

    def _line(self, width: int) -> str:
        share = f"{min(100, (self._bytes - self._begun) * 100 // self._size):3}%" if self._size else ""
        figures = f"{_amount(self._bytes):>8}  {_amount(int(self._rate)):>8}/s  {self._items} done  {share} "
        return shorten(figures + printable(self._path), width)


def _amount(count: int) -> str:
    return f"{count} B" if count < 1024 else f"{human_size(count)[:-1]} {human_size(count)[-1]}iB"


def shorten(text: str, width: int) -> str:
    """Cut a text in its middle so that it takes at most `width` columns."""
    if text_width(text) <= width:
        return text
    behind = max(0, width - 1) // 3
    front = _fitting(text, max(0, width - 1) - behind)
    back = _fitting(text[::-1], behind)[::-1]
    return f"{front}…{back}" if width > 0 else ""


def _fitting(text: str, width: int) -> str:
    """Give as much of a text's beginning as fits."""
    end = next((count for count in range(1, len(text) + 1) if text_width(text[:count]) > width), len(text) + 1)
    return text[: end - 1]


@contextmanager
def shown(wanted: bool) -> Iterator[Progress | None]:
    """Show a line while entered, where stderr is a terminal that can redraw it; else give None."""
    if not wanted or not is_terminal(2) or os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        yield None
        return
    line = ProgressLine()
    try:
        yield line
    finally:
        line.clear()
