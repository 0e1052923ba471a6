"""The terminal beneath the prompt: what is written to it beside prompt_toolkit. A screen module."""

from __future__ import annotations

import signal
import sys

from prompt_toolkit.output import Output
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.output.vt100 import Vt100_Output


class Paper:
    """An output of prompt_toolkit's.

    Attributes:
        output: that.
    """

    def __init__(self, output: Output | None = None) -> None:
        """Take another output than the terminal, for tests."""
        self.output = output or _terminal()

    @property
    def columns(self) -> int:
        """How wide it is now."""
        return self.output.get_size().columns

    @property
    def rows(self) -> int:
        """How high it is now."""
        return self.output.get_size().rows

    def send(self, sequence: str) -> None:
        """Write at once, untouched. Raises SystemExit: the terminal has gone away, and nobody has said so yet."""
        try:
            self.output.write_raw(sequence)
            self.output.flush()
        except OSError as error:
            raise SystemExit(128 + signal.SIGHUP) from error

    def begin_line(self) -> None:
        """Go to a line of its own when the cursor is not at the beginning of one: zsh's PROMPT_SP.

        The mark and the blanks fill one line exactly. From the first column they end where they began, and are
        overwritten; from any other they end on the line below, and the mark stays and tells that no newline came.
        """
        self.send("\x1b[7m%\x1b[0m" + " " * (self.columns - 1) + "\r")


def _terminal() -> Output:
    """Give the terminal, without asking it where its cursor is.

    The answer could reach a command that has just been started; and a program that drives us does not give one.
    """
    output = create_output(sys.stdout)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output
