"""The plain screen, for programs and dumb terminals: a fixed prompt, no escape byte, one line at a time.

The terminal's own line editing is used, so nothing is ever redrawn, and what was typed ahead stays where commands that
read the terminal find it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from rsh.client.lines import is_unfinished
from rsh.client.passthrough import to_stdout

if TYPE_CHECKING:
    from rsh.client.prompt_text import Place

DEFAULT_PROMPT: Final = "rsh> "
CONTINUATION: Final = "... "  # the prompt of an unfinished line


class PlainScreen:
    """Reads lines from a terminal in its own line mode."""

    def __init__(self, prompt: str = DEFAULT_PROMPT) -> None:
        """Use this prompt, byte for byte."""
        self._prompt = prompt

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Ask for a line, or for several when the first one is unfinished.

        Raises:
            EOFError: at the end of the input. KeyboardInterrupt: Ctrl-C was typed.
        """
        try:
            text = self._ask(self._prompt)
        except EOFError:
            to_stdout(b"\n")
            raise
        try:
            while is_unfinished(text):
                text += "\n" + self._ask(CONTINUATION)
        except EOFError:
            pass  # The shell over there says best what is missing.
        return text

    def leave(self, status: int) -> None:
        """End the program from a signal handler."""
        sys.exit(status)

    def _ask(self, prompt: str) -> str:
        try:
            to_stdout(os.fsencode(prompt))
            return os.fsdecode(_read_line())
        except KeyboardInterrupt:
            to_stdout(b"\n")
            raise


def _read_line() -> bytes:
    """Read to the end of the line and no byte further: what follows is for whoever reads next."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece and not line:
            raise EOFError
        if not piece:
            break
        line += piece
    return line.removesuffix(b"\n")
