"""What a keyboard says to rsh itself while all else it says goes over there: `~.` and its relatives, as in ssh(1).

Pure. An escape counts at the beginning of a line only, which is after Enter and at the very beginning, and never inside
of a paste. Ctrl-\\ three times within a second ends the client: the way out when nothing else is known.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from rsh.errors import UsageError

DEFAULT: Final = ord("~")


class Action(Enum):
    """What the user wants of us."""

    DISCONNECT = "disconnect"
    DETACH = "detach"
    SUSPEND = "suspend"
    LIST = "list"
    BACKGROUND = "background"
    COMMAND_LINE = "command line"
    RECONNECT = "reconnect"
    STATUS = "status"
    HELP = "help"
    KILL = "kill"


Typed: TypeAlias = bytes | Action

_KEYS: Final = {
    ord("."): Action.DISCONNECT,
    ord("d"): Action.DETACH,
    0x1A: Action.SUSPEND,  # Ctrl-Z
    ord("#"): Action.LIST,
    ord("&"): Action.BACKGROUND,
    ord("C"): Action.COMMAND_LINE,
    ord("R"): Action.RECONNECT,
    ord("s"): Action.STATUS,
    ord("?"): Action.HELP,
}
_ABOUT: Final = (
    (".", "disconnect"),
    ("d", "detach: leave, and let the shell live on over there"),
    ("^Z", "suspend rsh"),
    ("#", "list what is open in this session"),
    ("&", "leave it running in the background"),
    ("C", "a command line"),
    ("R", "reconnect now"),
    ("s", "the state of the connection"),
    ("?", "this help"),
)

_ENTER: Final = b"\r\n"
_QUIT: Final = 0x1C
_QUITS: Final = 3
_QUIT_WITHIN: Final = 1.0  # seconds for all three: who asks a program for its threads does so with pauses
_PASTE: Final = (b"\x1b[200~", b"\x1b[201~")


class EscapeReader:
    """Takes escapes out of what is typed."""

    def __init__(self, character: int | None = DEFAULT) -> None:
        """Know the character that begins an escape; with None everything goes over there."""
        self._character = character
        self._at_start = True
        self._escaped = False  # the character was typed, and what it means comes next
        self._pasting = False
        self._recent = b""  # the last bytes, in which a paste may begin or end
        self._quits: list[float] = []  # when Ctrl-\ was typed, last of all

    def feed(self, data: bytes, now: float) -> list[Typed]:
        """Give what is to be sent and what is to be done, in order.

        Args:
            now: a clock in seconds.
        """
        if self._character is None:
            return [data]
        found: list[Typed] = []
        text = bytearray()
        for byte in data:
            action = self._take(byte, text, now)
            if action is not None:
                found += [bytes(text), action] if text else [action]
                text.clear()
        return [*found, bytes(text)] if text else found

    def may_begin(self, data: bytes) -> bool:
        """Say whether an escape may be in some keys."""
        return self._escaped or (self._character is not None and self._character in data)

    def _take(self, byte: int, text: bytearray, now: float) -> Action | None:
        if self._escaped:
            self._escaped = False
            if byte in _KEYS:
                return _KEYS[byte]
            if byte != self._character:
                text.append(self._character or 0)
        elif self._at_start and byte == self._character and not self._pasting:
            self._escaped = True
            return None
        text.append(byte)
        self._at_start = byte in _ENTER
        self._follow_paste(byte)
        if byte == _QUIT and self._is_third_quit(now):
            text.pop()
            return Action.KILL
        if byte != _QUIT:
            self._quits.clear()
        return None

    def _follow_paste(self, byte: int) -> None:
        if byte == 0x1B:
            self._recent = b"\x1b"
        elif self._recent:
            self._recent += bytes((byte,))
            if self._recent in _PASTE:
                self._pasting = self._recent == _PASTE[0]
            if not any(mark.startswith(self._recent) for mark in _PASTE):
                self._recent = b""

    def _is_third_quit(self, now: float) -> bool:
        self._quits = [*(when for when in self._quits if now - when <= _QUIT_WITHIN), now]
        return len(self._quits) >= _QUITS


def parse_escape(text: str | None) -> int | None:
    """Read the value of --escape: one character, `^X`, or `none`.

    Raises:
        UsageError: it is nothing of these.
    """
    if text is None:
        return DEFAULT
    if text == "none":
        return None
    if len(text) == 2 and text[0] == "^" and "?" <= text[1].upper() <= "_":
        return ord(text[1].upper()) ^ 0x40
    if len(text) == 1 and text.isascii() and text not in "\r\n\0":
        return ord(text)
    raise UsageError(f"--escape: '{text}' is no single character, ^X or none")


def help_text(character: int | None) -> list[str]:
    """Give the lines of `~?`."""
    shown = caret(character or DEFAULT)
    lines = [f"{shown}{key:<3} {about}" for key, about in _ABOUT]
    return ["After Enter:", *lines, f"{shown}{shown:<3} send {shown}", "Ctrl-\\ three times at once ends rsh."]


def caret(character: int) -> str:
    """Name a key: `~`, `^A`."""
    return f"^{chr(character ^ 0x40)}" if character < 0x20 or character == 0x7F else chr(character)


class CommandLine:
    """The line of `~C`, which is typed while the terminal is raw."""

    def __init__(self) -> None:
        self.text = ""
        self.done = False  # Enter was typed, or the line given up

    def feed(self, byte: int) -> bytes:
        """Take one key; give what the screen is to show for it."""
        if byte in _ENTER:
            self.done = True
            return b"\r\n"
        if byte in (0x03, 0x04, 0x07, 0x1B):  # Ctrl-C, Ctrl-D, Ctrl-G, Esc
            self.text, self.done = "", True
            return b"\r\n"
        if byte in (0x08, 0x7F):
            gone, self.text = self.text[-1:], self.text[:-1]
            return b"\b \b" if gone else b""
        if 0x20 <= byte < 0x7F and len(self.text) < 60:
            self.text += chr(byte)
            return bytes((byte,))
        return b""

    @property
    def action(self) -> Action | None:
        """What the line asks for; None for nothing that is known. A beginning that is unique will do."""
        word = self.text.strip().lower()
        known = [action for action in Action if action not in (Action.COMMAND_LINE, Action.KILL)]
        near = [action for action in known if word and action.value.startswith(word)]
        exact = [action for action in near if action.value == word]
        return (exact or near)[0] if exact or len(near) == 1 else None
