"""Ctrl-C that waits until what the main thread is at is whole.

Python raises KeyboardInterrupt between any two calls of the main thread. Where that leaves a frame counted and not
written, everything after it arrives under a wrong number, and nobody would notice.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Holds Ctrl-C back from the main thread; in all others it does nothing."""

    def __init__(self) -> None:
        self._known = signal.getsignal(signal.SIGINT) is not None  # else it is not Python's, and cannot be put back
        self._before: Any = None  # the handler, while it is held
        self._came: FrameType | None = None  # where Ctrl-C has found us meanwhile

    def hold(self) -> None:
        """Let nothing be raised in this thread for a Ctrl-C until `release`, which has to follow soon."""
        if self._known and threading.get_ident() == threading.main_thread().ident:
            self._came = None
            self._before = signal.signal(signal.SIGINT, self._note)

    def release(self) -> None:
        """Let a Ctrl-C do what it did before; one that has come does it now. Call it where `hold` was called."""
        if not self._known or threading.get_ident() != threading.main_thread().ident:
            return
        signal.signal(signal.SIGINT, self._before)
        if self._came is None:
            return
        if callable(self._before):
            self._before(signal.SIGINT, self._came)
        else:
            signal.raise_signal(signal.SIGINT)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = frame
