"""A terminal that does not show what is typed: it keeps it for whoever reads next."""

from __future__ import annotations

import termios
from typing import Any


class EchoOff:
    """While entered, keys are not shown; those that make signals still do. What is no terminal has no echo."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None  # how it was; None while it is as it was

    def __enter__(self) -> EchoOff:
        try:
            before = termios.tcgetattr(self._descriptor)
        except termios.error:
            return self
        mode = [*before[:6], list(before[6])]
        mode[3] &= ~(termios.ECHO | termios.ECHONL)
        self._before = before
        self._set(mode)
        return self

    def __exit__(self, *exception: object) -> None:
        before, self._before = self._before, None
        if before is not None:
            self._set(before)

    def _set(self, mode: list[Any]) -> None:
        try:
            # Now: a terminal that takes no output must not keep us.
            termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        except termios.error:
            pass  # It has gone away.
