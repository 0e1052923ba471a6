"""What is typed while a line runs: counted, and put together again where no program has read it.

The other side says what nobody has read, and that becomes keys at the prompt, Enter too. So it is believed only as far
as we have typed the same: nobody over there, the server or a program that types into its own terminal, gives us lines.
"""

from __future__ import annotations

import re
from typing import Final

from rsh.protocol.frames import Buffer

# Input of the line that runs that is remembered, in bytes: as much as may come back, and what was on its way.
MAX_RECENT: Final = 256 * 1024

# What a terminal takes for itself, unless stty(1) says otherwise: end of input, stop, go on; a NUL in their place.
_TAKEN: Final = b"\0\x04\x11\x13"

# What has a terminal do something, now: anything else a program may as well find there when it begins, so much at most.
_KEYS: Final = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_MOST: Final = 4000

_ERASE, _KILL, _WORD, _LITERAL = (0x08, 0x7F), 0x15, 0x17, 0x16


class Typed:
    """The input of one client. Whoever has it guards it.

    Attributes:
        sent: bytes in all.
    """

    def __init__(self) -> None:
        self.sent = 0
        self._recent = bytearray()  # the end of them, as far as it is for the line that runs
        self._ahead = b""  # what no line has read

    def begin_line(self, ahead: bytes = b"") -> int:
        """Take note that a line begins, and is given what was typed before it; give how much was sent by itself."""
        self._recent[:] = ahead
        return self.sent

    def send(self, data: Buffer, *, hidden: bool = False) -> None:
        """Note what goes to the line that runs. What is typed unseen, a password, never comes back.

        Nor does what was typed before: it was read before that, or dropped for it.
        """
        self.sent += len(data)
        if hidden:
            self._recent.clear()
            return
        self._recent += data
        del self._recent[:-MAX_RECENT]

    def keep(self, data: Buffer) -> None:
        """Note what was typed when no line ran any more."""
        self._ahead += bytes(data)

    def take_back(self, typed: int, unread: bytes) -> None:
        """Put together what was typed and not read: over there, on its way there, and here.

        Args:
            typed: bytes of our input that had come when the line ended.
            unread: the end of them, as the other side says.
        """
        late = min(max(self.sent - typed, 0), len(self._recent))
        come = bytes(self._recent[: len(self._recent) - late])
        self._ahead = ours(unread, come) + bytes(self._recent[len(come) :]) + self._ahead

    def take_ahead(self) -> bytes:
        """Give what no line has read; it is the caller's then."""
        ahead, self._ahead = self._ahead, b""
        return ahead


def split_at_keys(ahead: bytes) -> tuple[bytes, bytes]:
    """Give of what was typed ahead what a program may find, and the rest, from the first key on that does something."""
    found = _KEYS.search(ahead[:_MOST])
    start = found.start() if found else _MOST
    return ahead[:start], ahead[start:]


def ours(unread: bytes, typed: bytes) -> bytes:
    """Give as much of `unread`, in whole lines from its end, as is the end of what was typed."""
    claimed, typed = _as_read(unread), _as_read(typed)
    if typed.endswith(claimed):
        return claimed
    edited = _edited(typed)
    if edited.endswith(claimed):
        return claimed
    start = len(claimed) - max(_common_end(claimed, typed), _common_end(claimed, edited))
    return claimed[start:] if claimed[start - 1 : start] == b"\n" else claimed[start:].partition(b"\n")[2]


def _as_read(typed: bytes) -> bytes:
    """Give what a program reads from a terminal of what was typed."""
    return typed.translate(None, _TAKEN).replace(b"\r", b"\n")


def _edited(typed: bytes) -> bytes:
    """Do what a terminal does that gives whole lines (termios(3), ICANON): erase a character, a word, a line."""
    out = bytearray()
    literal = False
    for byte in typed:
        if literal or byte not in (*_ERASE, _KILL, _WORD, _LITERAL):
            out.append(byte)
            literal = False
        elif byte == _LITERAL:
            literal = True
        else:
            start = out.rfind(b"\n") + 1
            out[start:] = _erased(bytes(out[start:]), byte)
    return bytes(out)


def _erased(line: bytes, key: int) -> bytes:
    """Give what a key leaves of a line."""
    if key == _KILL:
        return b""
    if key == _WORD:
        return line[: line.rstrip().rfind(b" ") + 1]
    while line and 0x80 <= line[-1] < 0xC0:  # the end of a character in UTF-8
        line = line[:-1]
    return line[:-1]


def _common_end(one: bytes, other: bytes) -> int:
    """Count the bytes at the end that both have in common."""
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count
