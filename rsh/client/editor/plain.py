"""The plain screen, for programs and dumb terminals: a fixed prompt, no escape byte, one line at a time.

The terminal's own line editing is used, so nothing is ever redrawn, and what was typed ahead stays where commands that
read the terminal find it.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from rsh.client.cli.output import writing
from rsh.client.editor.lines import is_unfinished
from rsh.client.terminal.echo import EchoOff
from rsh.client.terminal.line_mode import NO_KEY, as_lines
from rsh.client.terminal.passthrough import to_stdout

if TYPE_CHECKING:
    from rsh.client.text.prompt_text import Place

DEFAULT_PROMPT: Final = "rsh> "
CONTINUATION: Final = "... "  # the prompt of an unfinished line


class PlainScreen:
    """Reads lines from a terminal in its own line mode. A context manager when the echo is turned off."""

    def __init__(self, prompt: str = DEFAULT_PROMPT, *, ready: str = "", echo: bool = True) -> None:
        """Prepare.

        Args:
            prompt: the prompt, byte for byte.
            ready: a line that is written before each prompt; "" for none.
            echo: leave it to the terminal to show what is typed.
        """
        self._prompt = f"{ready}\n{prompt}" if ready else prompt
        self._ahead = b""
        self._end = b""  # the key in it by which the end of the input is asked for; b"" for none
        self._dropped = False  # what was typed ahead began with Ctrl-C
        self._echo = ExitStack()  # holds the echo off
        self._shows = echo

    def __enter__(self) -> PlainScreen:
        if not self._shows:
            self._echo.enter_context(EchoOff())
        return self

    def __exit__(self, *exception: object) -> None:
        self._echo.close()

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Ask for a line, or for several when the first one is unfinished.

        Raises:
            EOFError: at the end of the input. KeyboardInterrupt: Ctrl-C was typed.
        """
        try:
            text = self._ask(self._prompt)
        except EOFError:
            with _while_there():
                to_stdout(b"\n")
            raise
        try:
            while is_unfinished(text):
                text += "\n" + self._ask(CONTINUATION)
        except EOFError:
            pass  # The shell over there says best what is missing.
        return text

    def type_ahead(self, data: bytes) -> None:
        """Use what was typed while no line was asked for; the terminal has shown it then, and left it as it was."""
        try:
            controls = termios.tcgetattr(0)[6]
        except termios.error:
            return  # It has gone away.
        text, interrupted = as_lines(data, controls)
        self._ahead = text if interrupted else self._ahead + text
        self._end = controls[termios.VEOF].strip(NO_KEY)
        self._dropped = self._dropped or interrupted

    def take_ahead(self) -> bytes:
        """Give what no line has taken; it is the caller's then."""
        ahead, self._ahead = self._ahead, b""
        return ahead

    def give_back(self) -> None:
        """Do nothing: the terminal is as it was."""

    def tell(self, note: str, ring: str, *, fresh_line: bool) -> None:
        """Say nothing: every byte of this screen is promised (rsh(1), Plain mode)."""

    def leave(self, status: int) -> None:
        """End the program from a signal handler."""
        sys.exit(status)

    def _ask(self, prompt: str) -> str:
        try:
            with writing(), _while_there():
                to_stdout(os.fsencode(prompt))
            return os.fsdecode(self._read_line())
        except KeyboardInterrupt:
            to_stdout(b"\n")
            raise

    def _read_line(self) -> bytes:
        """Read to the end of the line and no byte further: what follows is for whoever reads next."""
        if self._dropped:
            self._dropped = False
            raise KeyboardInterrupt
        if self._end and self._ahead.startswith(self._end):
            self._ahead = self._ahead.removeprefix(self._end)
            raise EOFError
        line, newline, rest = self._ahead.partition(b"\n")
        self._ahead = rest
        while not newline:
            select.select([0], [], [])  # Ctrl-C is met here, where no line is lost by it
            with _while_there():
                piece = os.read(0, 65536)
            if not piece and not line:
                raise EOFError
            text, newline, self._ahead = piece.partition(b"\n")
            line += text
            if not piece:
                break
        return line


@contextmanager
def _while_there() -> Iterator[None]:
    """Use the terminal; end the program if it has gone away, as the signal does that may come later, or not to us."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EIO:
            raise SystemExit(128 + signal.SIGHUP) from error
        raise
