"""Converts between the encoding of our terminal and another one that is spoken over there; nothing else changes.

Only encodings in which ASCII, control sequences included, stands for itself: a terminal has no other.
"""

from __future__ import annotations

import codecs
import locale
from typing import Final

from rsh.errors import UsageError

# What every encoding for terminals leaves as it is: all of ASCII, and sequences such as programs send.
_UNTOUCHED: Final = bytes(range(128)) + b"\x1b[1;31m\x1b(0~\x1b(B\x1b]0;t\x07\x0e\x0f$B~{"

_PYTHONS_OWN: Final = ("unicode-escape", "unicode_escape", "raw-unicode-escape", "raw_unicode_escape")  # of its sources


class Transcoder:
    """Both directions of one connection. Characters may be cut anywhere; what has no counterpart is shown as `?`."""

    def __init__(self, codec: str, ours: str | None = None) -> None:
        """Prepare.

        Args:
            codec: the name of what is spoken over there, as Python knows it.
            ours: of our terminal's; by default that of the locale.

        Raises:
            UsageError: there is no such codec, or it is none for terminals.
        """
        self.codec = checked(codec)
        ours = ours or terminal_encoding()
        self._from_there = codecs.getincrementaldecoder(self.codec)("replace")
        self._from_here = codecs.getincrementaldecoder(ours)("replace")
        self._ours = ours

    def to_screen(self, data: bytes | bytearray | memoryview) -> bytes:
        """Convert what comes from over there; what is not whole yet is kept for the next piece."""
        return self._from_there.decode(bytes(data)).encode(self._ours, "replace")

    def end(self) -> bytes:
        """Give what was not whole at the end of a program's output as it is to be seen, and begin anew.

        The next program's is not to be read with the half of a character, or in a character set that this one left.
        """
        left = self._from_there.decode(b"", final=True)
        self._from_there.reset()
        return left.encode(self._ours, "replace")

    def to_other_side(self, data: bytes) -> bytes:
        """Convert what was typed."""
        return self._from_here.decode(data).encode(self.codec, "replace")

    def line(self, text: str) -> bytes:
        """Convert a line of the prompt; stray bytes in it stay as they are.

        Raises:
            UsageError: it has a character that does not exist over there. A `?` in its place would be a pattern there.
        """
        try:
            return text.encode(self.codec, "surrogateescape")
        except UnicodeEncodeError as error:
            raise UsageError(f"no '{text[error.start]}' in {self.codec}: the line was not run") from error


def checked(codec: str) -> str:
    """Give a codec's own name.

    Raises:
        UsageError: there is no such codec, or it is none for terminals.
    """
    try:
        name = codecs.lookup(codec).name
        codecs.getincrementaldecoder(name)
        text = "" if name in _PYTHONS_OWN else _UNTOUCHED.decode(name)
        fit = text.encode(name) == _UNTOUCHED == text.encode("latin-1")
    except LookupError as error:
        raise UsageError(f"--encoding: no encoding '{codec}'", advice="names are those of Python's codecs") from error
    except (ValueError, TypeError):
        fit = False
    if not fit:
        raise UsageError(f"--encoding: '{codec}' is no encoding for terminals: ASCII does not stand for itself in it")
    return name


def terminal_encoding() -> str:
    """Give the encoding of our locale, UTF-8 in the place of none or of plain ASCII."""
    try:
        name = codecs.lookup(locale.getencoding()).name
    except LookupError:
        return "utf-8"
    return "utf-8" if name == "ascii" else name
