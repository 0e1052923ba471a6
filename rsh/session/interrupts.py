"""Ctrl-C that waits until what the main thread is at is whole.

Python raises KeyboardInterrupt between any two calls of the main thread. Where that leaves a frame counted and not
written, everything after it arrives under a wrong number, and nobody would notice.
"""

from __future__ import annotations

import signal
import threading
from importlib import import_module
from types import FrameType
from typing import Any, Final

# signal.signal makes an enum of each handler it meets: 14 us for two calls, for each key. What it calls takes 0.7.
_set_handler: Final = import_module("_signal").signal


class Interrupts:
    """Holds Ctrl-C back from the main thread; in all others it does nothing. May be entered again while it is held."""

    def __init__(self) -> None:
        self._known = signal.getsignal(signal.SIGINT) is not None  # else it is not Python's, and cannot be put back
        self._main = threading.main_thread().ident
        self._depth = 0  # how often it is held
        self._before: Any = None  # the handler, while it is held
        self._came: FrameType | None = None  # where Ctrl-C has found us meanwhile

    @property
    def came(self) -> bool:
        """Whether Ctrl-C has come while it is held."""
        return self._came is not None

    def hold(self) -> None:
        """Let nothing be raised in this thread for a Ctrl-C until `release`, which has to follow soon."""
        if threading.get_ident() == self._main and self._known:
            if not self._depth:
                self._came = None
                self._before = _set_handler(signal.SIGINT, self._note)
            self._depth += 1

    def release(self) -> None:
        """Let a Ctrl-C do what it did before; one that has come does it now. Call it where `hold` was called."""
        if threading.get_ident() != self._main or not self._known:
            return
        self._depth -= 1
        if self._depth:
            return
        _set_handler(signal.SIGINT, self._before)
        if self._came is None:
            return
        if callable(self._before):
            self._before(signal.SIGINT, self._came)
        else:
            signal.raise_signal(signal.SIGINT)

    def __enter__(self) -> None:
        self.hold()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = frame
