"""What a terminal in line mode makes of keys that were pressed while it was raw (termios(3)). Pure."""

from __future__ import annotations

import termios
from collections.abc import Sequence
from typing import Final

# Which key is none (_POSIX_VDISABLE).
NO_KEY: Final = b"\0"


def as_lines(keys: bytes, controls: Sequence[bytes | int]) -> tuple[bytes, bool]:
    """Obey what is for the line itself: erase a character, a word or the line, end it, or drop all there is.

    Args:
        controls: which keys these are, as termios.tcgetattr gives them.

    Returns:
        What is left, in which the key of the end stands at the beginning of a line only; and whether the key that
        interrupts was among them, before what is left.
    """
    intr, eof, erase, kill, word = (
        controls[which] for which in (termios.VINTR, termios.VEOF, termios.VERASE, termios.VKILL, termios.VWERASE)
    )
    left, interrupted = bytearray(), False
    for key in (bytes([byte]) for byte in keys.replace(b"\r", b"\n")):
        begun = left.rfind(b"\n") + 1
        if key == NO_KEY:
            left += key
        elif key == intr:
            left.clear()
            interrupted = True
        elif key in (erase, word, kill):
            how = {erase: _without_character, word: _without_word}.get(key, _nothing)
            left[begun:] = how(bytes(left[begun:]))
        elif key != eof or len(left) == begun:
            left += key
    return bytes(left), interrupted


def _without_character(line: bytes) -> bytes:
    return line.decode("utf-8", "surrogateescape")[:-1].encode("utf-8", "surrogateescape")


def _without_word(line: bytes) -> bytes:
    return line.rstrip(b" \t").rpartition(b" ")[0] + b" " if b" " in line.strip() else b""


def _nothing(line: bytes) -> bytes:
    return b""
