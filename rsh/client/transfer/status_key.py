"""Hears that somebody wants to know how a transfer stands: Ctrl-T on our terminal, or SIGUSR1, as with dd(1).

Linux has no key that makes a SIGINFO. So Ctrl-T ends a line of the terminal meanwhile (VEOL2 of termios(3)), and can be
read when nothing else was typed: what is typed ahead stays where whoever it is for will look for it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
import threading
from typing import Any, Final

from rsh.client.terminal.console import is_terminal

CTRL_T: Final = b"\x14"

_UNSET: Final = b"\0"  # _POSIX_VDISABLE

# What ends us and leaves no time for anything, unless it is caught.
_ENDINGS: Final = (signal.SIGTERM, signal.SIGHUP)


class StatusKey:
    """While entered, `asked` tells of that wish. The signals are heard only where the main thread enters it."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._told = threading.Event()
        self._before: list[Any] | None = None  # how the terminal was; None while it is so
        self._handlers: dict[int, Any] = {}  # to be put back

    def __enter__(self) -> StatusKey:
        if threading.current_thread() is threading.main_thread():
            self._handlers[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, lambda *_: self._told.set())
            if self._take_key():
                for number in _ENDINGS:
                    if signal.getsignal(number) is signal.SIG_DFL:
                        self._handlers[number] = signal.signal(number, self._end)
        return self

    def __exit__(self, *exception: object) -> None:
        self._give_back()
        handlers, self._handlers = self._handlers, {}
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def asked(self) -> bool:
        """Say whether somebody has asked since this was called last."""
        if self._told.is_set():
            self._told.clear()
            return True
        return self._before is not None and self._pressed()

    def _take_key(self) -> bool:
        """Have Ctrl-T end a line, if we have the terminal and it has another use for neither."""
        if not is_terminal(self._descriptor):
            return False
        try:
            before = termios.tcgetattr(self._descriptor)
            if not before[3] & termios.ICANON or before[6][termios.VEOL2] != _UNSET or not self._ours():
                return False
            mode = [*before[:6], list(before[6])]
            mode[6][termios.VEOL2] = CTRL_T
            termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        except (termios.error, OSError):
            return False
        self._before = before
        return True

    def _ours(self) -> bool:
        """Say whether we are in the foreground: others are stopped when they touch the terminal."""
        return os.tcgetpgrp(self._descriptor) == os.getpgrp()

    def _pressed(self) -> bool:
        """Say whether Ctrl-T was typed, and nothing in front of it. Any other key that ends a line is lost."""
        try:
            waiting = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0\0\0\0")
            if int.from_bytes(waiting, sys.byteorder) != 1 or not self._ours():
                return False
            return os.read(self._descriptor, 1) == CTRL_T
        except OSError:
            return False

    def _give_back(self) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        try:
            if self._ours():
                mode = termios.tcgetattr(self._descriptor)
                mode[6][termios.VEOL2] = before[6][termios.VEOL2]
                termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        except (termios.error, OSError):
            pass  # It has gone away.

    def _end(self, number: int, frame: object) -> None:
        """End as the signal would have had us end, with the terminal as it was."""
        self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
