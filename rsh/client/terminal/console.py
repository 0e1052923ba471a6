"""The user's own terminal: its size, raw mode, and its return to what it was."""

from __future__ import annotations

import errno
import os
import termios
from collections.abc import Callable
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


def layout_size() -> tuple[int, int]:
    """Give columns and rows to lay text out for: those of COLUMNS and LINES, whoever sets them wants it so (POSIX)."""
    columns, rows = size()
    return _from_environment("COLUMNS", columns), _from_environment("LINES", rows)


class RawMode:
    """While entered, hands every byte of a terminal through untouched, keys that make signals too.

    What is no terminal is left alone. `resume` sets it again after the process was stopped and continued.
    """

    def __init__(self, descriptor: int = 0, taken: Callable[[], list[Any] | None] = lambda: None) -> None:
        """Prepare.

        Args:
            taken: takes the terminal over from who has left it raw already; gives the modes to put back then.
        """
        self._descriptor = descriptor
        self._taken = taken
        self._before: list[Any] | None = None  # how it was; None while it is as it was
        self._paused = False

    def __enter__(self) -> RawMode:
        if is_terminal(self._descriptor):
            self._take()
        return self

    def __exit__(self, *exception: object) -> None:
        self.restore()

    def resume(self) -> None:
        """Set raw mode, if this was entered on a terminal."""
        if self._before is None:
            return
        if self._paused:
            self._take()
        else:
            self._set(_raw(self._before))

    def pause(self) -> None:
        """Put the terminal back till `resume`, which takes it as it is then."""
        if self._before is not None:
            self._paused = True
            self._set(self._before)

    def restore(self) -> None:
        """Put the terminal back; more than once does no harm."""
        before, self._before = self._before, None
        if before is not None:
            self._set(before)

    def _take(self) -> None:
        """Note how the terminal is, and set raw mode."""
        try:
            # Starts output that nobody has halted: nothing happens, but that we stop here while in the background,
            # where the terminal is as the editor of the shell wants it, and not as the shell will hand it to us.
            _past_stops(termios.tcflow, self._descriptor, termios.TCOON)
            before = self._taken() or termios.tcgetattr(self._descriptor)
        except termios.error:
            self._before = None  # The terminal has gone away.
            return
        self._before, self._paused = before, False
        self._set(_raw(before))

    def _set(self, mode: list[Any]) -> None:
        try:
            # Now: a terminal that takes no output must not keep us. What was written before was processed as it was.
            _past_stops(termios.tcsetattr, self._descriptor, termios.TCSANOW, mode)
        except termios.error:
            return  # The terminal has gone away: nothing is left to put back.


def _past_stops(call: Callable[..., None], *arguments: Any) -> None:
    """Do what stops us in the background (SIGTTOU), and is interrupted by the signal that continues us (termios(3))."""
    while True:
        try:
            return call(*arguments)
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise


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
