"""Hands signals that reach this process to a function that may take locks, in a thread of its own.

A Python signal handler runs between two instructions of the main thread, which may hold the very lock that the handler
wants. So the handlers do nothing: the interpreter writes the number into a pipe (signal.set_wakeup_fd), and a thread
reads it there.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any


class SignalRelay:
    """While entered, hands the numbers of some signals to `act`, which must not raise. For the main thread only.

    A signal that was ignored stays ignored: so nohup(1) and background jobs mean it.
    """

    def __init__(self, numbers: Iterable[int], act: Callable[[int], None]) -> None:
        self._numbers = frozenset(numbers)
        self._act = act
        self._before: dict[int, Any] = {}  # handlers to put back
        self._pipe = -1  # where the interpreter writes
        self._pipe_before = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> SignalRelay:
        read_end, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        self._pipe_before = signal.set_wakeup_fd(self._pipe, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _leave_it_to_the_pipe)
        self._thread = threading.Thread(target=self._relay, args=(read_end,), name="signal relay", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._pipe_before)
        os.close(self._pipe)
        if self._thread is not None:
            self._thread.join()

    def _relay(self, read_end: int) -> None:
        while numbers := os.read(read_end, 64):
            for number in numbers:
                if number in self._before:
                    self._act(number)
        os.close(read_end)


def name_of(number: int) -> str:
    """Give a signal's name without SIG."""
    return signal.Signals(number).name.removeprefix("SIG")


def _leave_it_to_the_pipe(number: int, frame: object) -> None:
    """Do nothing; that a handler is there is what counts."""
