"""Two ends of a channel without a network: bounded, cut where the credit ends, woken when closed."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from rsh.errors import LinkError
from rsh.protocol.frames import MAX_PAYLOAD, Buffer

# Much less than a frame: whoever writes without somebody reading hangs, and frames arrive in pieces.
SMALL = 10_000


class _Lane:
    """One direction of one lane."""

    def __init__(self, capacity: int, broken: threading.Event) -> None:
        self._capacity = capacity
        self._broken = broken
        self._changed = threading.Condition()
        self._pieces: deque[Buffer] = deque()
        self._size = 0
        self._ended = False

    def read(self) -> Buffer:
        with self._changed:
            while not self._pieces:
                if self._ended:
                    return b""
                self._wait()
            piece = self._pieces.popleft()
            self._size -= len(piece)
            self._changed.notify_all()
            return piece

    def write(self, data: Buffer) -> None:
        rest = memoryview(data)
        while rest:
            with self._changed:
                assert not self._ended
                while self._size >= self._capacity:
                    self._wait()
                piece = rest[: min(self._capacity - self._size, MAX_PAYLOAD)]
                self._pieces.append(piece)
                self._size += len(piece)
                self._changed.notify_all()
            rest = rest[len(piece) :]

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _wait(self) -> None:
        if self._broken.is_set():
            raise LinkError("the pipe was closed")
        self._changed.wait()


class PipeEnd:
    """One end; obeys rsh.files.stream.stream.Pipe."""

    frame: Final = MAX_PAYLOAD

    def __init__(self, incoming: list[_Lane], outgoing: list[_Lane], broken: threading.Event) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._broken = broken

    def read(self, lane: int = 0) -> Buffer:
        return self._incoming[lane].read()

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        self._outgoing[lane].write(parts[0] if len(parts) == 1 else b"".join(parts))

    def end(self, lane: int = 0) -> None:
        self._outgoing[lane].end()

    def close(self) -> None:
        self._broken.set()
        for lane in self._incoming + self._outgoing:
            lane.wake()


def pipe_pair(capacity: int = SMALL) -> tuple[PipeEnd, PipeEnd]:
    """Make two ends; what one writes the other reads."""
    broken = threading.Event()
    up = [_Lane(capacity, broken) for _ in range(2)]
    down = [_Lane(capacity, broken) for _ in range(2)]
    return PipeEnd(down, up, broken), PipeEnd(up, down, broken)
