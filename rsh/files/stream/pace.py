"""A pipe that sends no faster than it was told to: a token bucket, in small steps, so that the rate is steady."""

from __future__ import annotations

import time
from typing import Final

from rsh.files.stream.stream import Pipe
from rsh.protocol.frames import Buffer

# How much may go at once after a pause, in seconds' worth: less and the waking up of threads eats into the rate.
_BURST: Final = 0.1

_SMALLEST: Final = 512  # bytes sent in one step, at least: below that headers outweigh content
_LARGEST: Final = 256 * 1024


class Paced:
    """Passes everything on to another pipe; `write` waits so that it sends `rate` bytes a second at most."""

    frame: Final = _LARGEST

    def __init__(self, pipe: Pipe, rate: int) -> None:
        self._pipe = pipe
        self._rate = rate
        self._step = max(_SMALLEST, min(_LARGEST, int(rate * _BURST)))
        self._tokens = float(self._step)  # bytes that may go now; below zero they are owed
        self._filled = time.monotonic()

    def read(self, lane: int = 0) -> Buffer:
        """Wait for the next piece."""
        return self._pipe.read(lane)

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts as fast as is allowed."""
        length = sum(map(len, parts))
        if length <= self._step:
            self._spend(length)
            self._pipe.write(*parts, lane=lane)
            return
        whole = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        for start in range(0, length, self._step):
            piece = whole[start : start + self._step]
            self._spend(len(piece))
            self._pipe.write(piece, lane=lane)

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane."""
        self._pipe.end(lane)

    def close(self) -> None:
        """Abandon both directions."""
        self._pipe.close()

    def _spend(self, count: int) -> None:
        """Take tokens; wait until the bucket is not empty any more."""
        now = time.monotonic()
        self._tokens = min(float(self._step), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens <= 0:
            # It is time that is waited for; a pipe that was closed meanwhile says so at the write behind it. What is
            # owed is a step at most: a tenth of a second, or 512 bytes at rates that nobody uses for long.
            time.sleep(-self._tokens / self._rate)
        self._tokens -= count


def paced(pipe: Pipe, rate: int) -> Pipe:
    """Give the pipe, paced unless the rate is 0."""
    return Paced(pipe, rate) if rate else pipe
