"""Finds the control sequences in a stream of bytes for a terminal, cut anywhere, as a terminal's own parser finds them.

Pure. The grammar is that of ECMA-48 and of xterm's ctlseqs. Text costs three searches by memchr. C1 controls of one
byte (0x80 to 0x9f) are no controls in UTF-8 and are passed over.
"""

from __future__ import annotations

import re
from typing import Final, Protocol, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

# A sequence longer than this is no sequence, and of a string no more is looked at.
MAX_SEQUENCE: Final = 1024

# C0 controls in the middle of a sequence are obeyed and do not end it; CAN, SUB and ESC do.
_C0: Final = bytes((*range(0x18), 0x19, *range(0x1C, 0x20)))
_INSIDE: Final = rb"\x00-\x17\x19\x1c-\x1f"
_CSI: Final = re.compile(rb"\x1b\[([%b0-?]*+)([%b -/]*+)([@-~])?" % (_INSIDE, _INSIDE))
_ESCAPE: Final = re.compile(rb"\x1b([ -/]*+)([0-~])?")
# A run of what coloured and full-screen output is made of: SGR, moving, erasing, and text between. Most of all output.
# Going back to the own colours of the terminal switches nothing on, and is often the last word (op of terminfo). A
# possessive group would need no bound, but up to Python 3.11.4 it ends too far, and it takes wrong parameters.
_OWN_COLOURS: Final = rb"[34]9(?:;49)?m"
_RUN: Final = re.compile(
    rb"(?:\x1b\[(?:%b|([0-9;]*+)m|[0-9;]*+[A-HJ-MPSTX@df])[^\x1b\x0e\x0f]*+){1,500}" % _OWN_COLOURS
)
_END_OF_OSC: Final = re.compile(rb"[\x07\x18\x1a\x1b]")
_END_OF_STRING: Final = re.compile(rb"[\x18\x1a\x1b]")
_STRINGS: Final = b"]PX^_"  # what begins OSC, DCS, SOS, PM and APC

_CANCEL: Final = b"\x18"
_END: Final = b"\x1b\\"  # ST


class Follower(Protocol):
    """Who is told of what was found."""

    def obey_csi(self, name: bytes, parameters: bytes) -> None:
        """Take a control sequence: its private prefix, intermediate and final bytes as the name.

        Those that only move, erase, or take the terminal's own colours may be left out, and of several that only style
        (SGR), all but the last.
        """

    def obey_escape(self, between: bytes, final: bytes) -> None:
        """Take an escape sequence."""

    def obey_osc(self, text: bytes) -> None:
        """Take an operating system command, or the beginning of a long one."""

    def obey_shift(self, out: bool) -> None:
        """Take SO (True) or SI: of several in a row the last one."""


class SequenceReader:
    """Reads one stream."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._rest = b""  # a sequence that has begun
        self._string: bytearray | None = None  # a string that has begun, with what begins it
        self._open = False  # a string has begun whose own end has not come

    @property
    def cut(self) -> bytes:
        """What ends the sequence that the stream stands in the middle of; b"" when it stands in none.

        Nothing but its own end ends a string everywhere: to tmux and screen it goes on behind CAN and ESC.
        """
        if self._open:
            return _CANCEL + _END
        return _CANCEL if self._rest else b""

    def feed(self, data: Buffer) -> None:
        """Read the next piece."""
        if isinstance(data, memoryview):
            data = bytes(data)
        if self._rest:
            data, self._rest = self._rest + data, b""
        start = 0 if self._string is None else self._read_string(data, 0)
        shifts = b"\x0e" in data or b"\x0f" in data
        while start >= 0:
            escape = data.find(b"\x1b", start)
            if shifts:
                self._read_shifts(data, start, len(data) if escape < 0 else escape)
            if escape < 0:
                return
            run = _RUN.match(data, escape)
            if run is None:
                start = self._read_sequence(data, escape)
                continue
            if run[1] is not None:
                self._follower.obey_csi(b"m", run[1])
            start = run.end()

    def forget(self) -> None:
        """Be outside of any sequence."""
        self._rest, self._string, self._open = b"", None, False

    def _read_shifts(self, data: bytes | bytearray, start: int, end: int) -> None:
        out, back = data.rfind(b"\x0e", start, end), data.rfind(b"\x0f", start, end)
        if out != back:
            self._follower.obey_shift(out > back)

    def _read_sequence(self, data: bytes | bytearray, start: int) -> int:
        """Read what an ESC begins; give where it ends, -1 when that is not in this piece."""
        kind = data[start + 1 : start + 2]
        if kind and kind in _STRINGS:
            self._string, self._open = bytearray(kind), True
            return self._read_string(data, start + 2)
        match = (_CSI if kind == b"[" else _ESCAPE).match(data, start)
        assert match is not None  # Whatever follows an ESC matches as far as it goes.
        end = match.end()
        if match[match.re.groups] is None:
            if end < len(data) or end - start > MAX_SEQUENCE:
                return end  # What stands here ended the sequence before it was whole.
            self._rest = bytes(data[start:])
            return -1
        if kind == b"[":
            self._found_csi(match[1], match[2], match[3])
        else:
            self._open = self._open and match[0] != _END
            self._follower.obey_escape(match[1], match[2])
        return end

    def _found_csi(self, parameters: bytes, between: bytes, final: bytes) -> None:
        if between or not parameters.isdigit():
            parameters, between = parameters.translate(None, _C0), between.translate(None, _C0)
        if parameters[:1] in (b"?", b">", b"<", b"="):
            self._follower.obey_csi(parameters[:1] + between + final, parameters[1:])
        else:
            self._follower.obey_csi(between + final, parameters)

    def _read_string(self, data: bytes | bytearray, start: int) -> int:
        """Read on in a string; give where it ends, -1 when that is not in this piece."""
        string = self._string
        assert string is not None
        match = (_END_OF_OSC if string[:1] == b"]" else _END_OF_STRING).search(data, start)
        end = len(data) if match is None else match.start()
        string += data[start : min(end, start + MAX_SEQUENCE - len(string))]
        if match is None:
            return -1
        self._string = None
        if string[:1] == b"]":
            self._open = match[0] != b"\x07"
            self._follower.obey_osc(bytes(string[1:]))
        return end if data[end : end + 1] == b"\x1b" else end + 1
