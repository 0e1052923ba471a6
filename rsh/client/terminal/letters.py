"""What a stream has changed of how letters look: styles, character sets, a hyperlink that is open. Part of modes.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Look(NamedTuple):
    """How what is written looks, as far as it is saved and restored with the cursor (DECSC, DECRC)."""

    styled: bool = False
    charsets: tuple[tuple[bytes, bytes], ...] = ()
    shifted: bool = False
    origin: bool = False


class Letters:
    """How what is written looks now, in contrast to a terminal that has just started.

    Attributes:
        shifted: another character set than the first is used (SO, LS2, LS3).
        latin: the terminal does not take UTF-8.
        linked: an OSC 8 hyperlink is open.
    """

    def __init__(self) -> None:
        self.shifted = False
        self.latin = False
        self.linked = False
        self._styled = False
        self._charsets: dict[bytes, bytes] = {}  # b"(": b"0"

    def style(self, parameters: bytes) -> None:
        """Follow SGR: the last parameter has the last word; but the 0 of 38;5;0 is a colour."""
        last = parameters.rpartition(b";")[2].strip(b"0")
        self._styled = bool(last) or b"8;" in parameters

    def choose(self, slot: bytes, charset: bytes) -> None:
        """Follow SCS; B is ASCII, with which a terminal starts."""
        self._charsets[slot] = charset
        if charset == b"B":
            del self._charsets[slot]

    def look(self, *, origin: bool) -> Look:
        """Give what is saved with the cursor.

        Args:
            origin: the mode of that name is on; it is saved too, and is not ours.
        """
        return Look(self._styled, tuple(self._charsets.items()), self.shifted, origin)

    def restore(self, look: Look, *, surely: bool) -> None:
        """Follow what restores the cursor.

        Args:
            surely: every terminal does so; else the letters may look as before, too.
        """
        self._styled = look.styled or (self._styled and not surely)
        self._charsets = ({} if surely else self._charsets) | dict(look.charsets)
        self.shifted = look.shifted or (self.shifted and not surely)

    def reset_softly(self) -> None:
        """Follow DECSTR."""
        self._charsets.clear()
        self._styled = self.shifted = False

    def undo(self) -> Iterator[bytes]:
        """Give what makes them look as at the start."""
        if self.linked:
            yield b"\x1b]8;;\x1b\\"
        if self._styled:
            yield b"\x1b[m"
        if self.shifted:
            yield b"\x0f"
        if self.latin:
            yield b"\x1b%G"
        yield from (b"\x1b" + slot + b"B" for slot in self._charsets)

    def redo(self) -> Iterator[bytes]:
        """Give what changes the character sets again on a terminal where it was undone."""
        yield from (b"\x1b" + slot + charset for slot, charset in self._charsets.items())
        if self.shifted:
            yield b"\x0e"
