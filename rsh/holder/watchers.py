"""Who watches a detached command: each is told when there is more to read, and may order its end.

A watcher gets a byte now and then when the log has grown, and the end of the stream when the job has ended. What it
writes are orders.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Final

# An order to end the command: this byte, then the seconds between TERM and KILL.
CANCEL: Final = struct.Struct(">cd")
CANCEL_BYTE: Final = b"c"

# Who may watch at once; more wait in the backlog and see the job's end.
MAX_WATCHERS: Final = 200

# Seconds that an order may name.
LONGEST: Final = 1e9

MORE: Final = b"."  # the log has grown


class Watchers:
    """The listening socket of one job, and all who have connected to it."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        listener.setblocking(False)
        self._watchers: dict[int, socket.socket] = {}

    def descriptors(self) -> list[int]:
        """Give the descriptors to be polled for input; nobody is let in while there are too many."""
        if len(self._watchers) < MAX_WATCHERS:
            return [self._listener.fileno(), *self._watchers]
        return list(self._watchers)

    def hear(self, ready: Iterable[int]) -> Iterator[float]:
        """Let in who waits, forget who has left, and give the orders: each the seconds between TERM and KILL.

        Args:
            ready: the descriptors that have something to read.
        """
        ready = set(ready)
        for number in [number for number in self._watchers if number in ready]:
            grace = self._hear(number)
            if grace is not None:
                yield grace
        if self._listener.fileno() in ready:
            self._admit()

    def tell(self) -> None:
        """Say that there is more to read; who has not read the last such word needs no other."""
        for watcher in self._watchers.values():
            _tell(watcher)

    def close(self) -> None:
        """Let everybody know that the job has ended."""
        for watcher in self._watchers.values():
            watcher.close()
        self._listener.close()

    def _admit(self) -> None:
        """Take in all who have connected and are of our account."""
        while len(self._watchers) < MAX_WATCHERS:
            try:
                watcher, _ = self._listener.accept()
            except OSError:
                return  # There is nobody else.
            credentials = watcher.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
            if struct.unpack("iII", credentials)[1] not in (os.geteuid(), 0):
                watcher.close()
                continue
            watcher.setblocking(False)
            self._watchers[watcher.fileno()] = watcher
            _tell(watcher)  # The log may have grown since it read that, and before we knew of it.

    def _hear(self, number: int) -> float | None:
        """Take an order, or note that a watcher has left."""
        watcher = self._watchers[number]
        try:
            order = watcher.recv(CANCEL.size)
        except BlockingIOError:
            return None
        except OSError:
            order = b""
        if len(order) == CANCEL.size and order[:1] == CANCEL_BYTE:
            grace: float = CANCEL.unpack(order)[1]
            return grace if 0 <= grace < LONGEST else None
        if not order:
            del self._watchers[number]
            watcher.close()
        return None


def _tell(watcher: socket.socket) -> None:
    try:
        watcher.send(MORE)
    except OSError:
        pass  # Its buffer is full of these; or it has left, which we shall read.
