"""The user's own terminal: its size, raw mode, and its return to what it was."""

from __future__ import annotations

import errno
import os
import termios
from typing import Any, Final

FALLBACK_SIZE: Final = (80, 24)


def is_terminal(descriptor: int) -> bool:
    """Say whether a descriptor is a terminal; a closed one is none."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def size() -> tuple[int, int]:
    """Give columns and rows of the terminal that we stand on: of stdout, stdin or stderr, whichever is one.

    COLUMNS and LINES stand in for what a terminal does not know (0), and 80 by 24 for those.
    """
    columns = rows = 0
    for descriptor in (1, 0, 2):
        try:
            columns, rows = os.get_terminal_size(descriptor)
        except OSError:
            continue
        break
    return (
        columns or _from_environment("COLUMNS", FALLBACK_SIZE[0]),
        rows or _from_environment("LINES", FALLBACK_SIZE[1]),
    )


class RawMode:
    """While entered, hands every byte of a terminal through untouched, keys that make signals too.

    What is no terminal is left alone. `resume` sets it again after the process was stopped and continued.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None  # how it was; None while it is as it was

    def __enter__(self) -> RawMode:
        if is_terminal(self._descriptor):
            self._before = termios.tcgetattr(self._descriptor)
            self.resume()
        return self

    def __exit__(self, *exception: object) -> None:
        self.restore()

    def resume(self) -> None:
        """Set raw mode, if this was entered on a terminal."""
        if self._before is not None:
            self._set(_raw(self._before))

    def pause(self) -> None:
        """Put the terminal back till `resume`."""
        if self._before is not None:
            self._set(self._before)

    def restore(self) -> None:
        """Put the terminal back; more than once does no harm."""
        before, self._before = self._before, None
        if before is not None:
            self._set(before)

    def _set(self, mode: list[Any]) -> None:
        # Now: a terminal that takes no output must not keep us. What was written before was processed as it was.
        while True:
            try:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
                return
            except termios.error as error:
                # In the background this stops us (SIGTTOU), and the signal that continues us interrupts it.
                if error.args[0] != errno.EINTR:
                    return  # The terminal has gone away: nothing is left to put back.


def _raw(before: list[Any]) -> list[Any]:
    """Make raw attributes as ssh(1) does: no editing, no signals, no echo, no translation in or out."""
    mode = [*before[:6], list(before[6])]
    mode[0] |= termios.IGNPAR
    mode[0] &= ~(
        termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
        | termios.IXANY
        | termios.IXOFF
        | getattr(termios, "IUCLC", 0)
    )
    mode[1] &= ~termios.OPOST
    mode[3] &= ~(
        termios.ISIG | termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK | termios.ECHONL | termios.IEXTEN
    )
    mode[6][termios.VMIN] = 1
    mode[6][termios.VTIME] = 0
    return mode


def _from_environment(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**15 else otherwise
