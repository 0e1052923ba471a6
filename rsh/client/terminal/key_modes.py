"""What a stream of bytes asked of the keyboard of the terminal that shows it, and what puts that back; for modes.py.

Pure. Keys are sent in more than one way: keypad and cursor keys by DECKPAM, modified keys by xterm's XTMODKEYS, all of
them by kitty's protocol, of which each of the two screens has a stack of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# How deep kitty's keyboards are counted: terminals keep fewer, and pop the rest without a word.
MAX_DEPTH: Final = 32


class KeyModes:
    """Follows one stream.

    Attributes:
        keypad: whether the keypad sends sequences of its own (DECKPAM).
        screen: whose stack is meant: 0 for the main one, 1 for the alternate one.
    """

    def __init__(self) -> None:
        self.keypad = False
        self.screen = 0
        self._stacks: tuple[list[int], list[int]] = ([0], [0])  # flags of kitty's
        self._formats: dict[bytes, bytes] = {}  # final byte and resource: whole parameters (XTMODKEYS)

    @property
    def _stack(self) -> list[int]:
        return self._stacks[self.screen]

    def push(self, flags: int) -> None:
        """Follow kitty's push."""
        stack = self._stack
        stack.append(flags)
        del stack[1 : max(1, len(stack) - MAX_DEPTH)]

    def pop(self, count: int) -> None:
        """Follow kitty's pop, of one if it is 0."""
        stack = self._stack
        del stack[max(1, len(stack) - (count or 1)) :]

    def set(self, flags: int, how: bytes) -> None:
        """Follow kitty's change of what is at the top: by adding them, removing them, or wholly."""
        stack = self._stack
        stack[-1] = {b"2": stack[-1] | flags, b"3": stack[-1] & ~flags}.get(how, flags)

    def format(self, parameters: bytes, final: bytes) -> None:
        """Follow XTMODKEYS or XTFMTKEYS, by their final byte; without a value that sets the resource back."""
        resource, _, value = parameters.partition(b";")
        if value.strip(b"0") and resource.isdigit() and len(resource) == 1:
            self._formats[final + resource] = parameters
        else:
            self._formats.pop(final + resource, None)

    def undo_screen(self, screen: int) -> Iterator[bytes]:
        """Give what puts the keyboard of a screen back, which must be shown."""
        stack = self._stacks[screen]
        if len(stack) > 1:
            yield b"\x1b[<%du" % (len(stack) - 1)
        if stack[0]:
            yield b"\x1b[=0u"

    def undo(self) -> Iterator[bytes]:
        """Give what puts the rest back."""
        if self.keypad:
            yield b"\x1b>"
        yield from (b"\x1b[>%b%b" % (name[1:], name[:1]) for name in self._formats)

    def redo_screen(self) -> Iterator[bytes]:
        """Give what sets the keyboard of the screen again that is shown."""
        if self._stack[0]:
            yield b"\x1b[=%du" % self._stack[0]
        yield from (b"\x1b[>%du" % flags for flags in self._stack[1:])

    def redo(self) -> Iterator[bytes]:
        """Give what sets the rest again."""
        yield from (b"\x1b[>%b%b" % (value, name[:1]) for name, value in self._formats.items())
        if self.keypad:
            yield b"\x1b="
