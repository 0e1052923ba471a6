"""What a stream of bytes has switched on at the terminal that shows it, and the sequences that put exactly that back.

Pure: bytes in, bytes out. A blind reset would do harm: leaving an alternate screen that was never entered moves the
cursor, and popping a keyboard mode that somebody else has pushed breaks their keys. So the stream is followed, and what
it left as a terminal has it at its start is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rsh.client.terminal.key_modes import MAX_DEPTH, KeyModes
from rsh.client.terminal.letters import Letters, Look
from rsh.client.terminal.sequences import Buffer, SequenceReader

# Private modes (DECSET) that are off when a terminal starts. Those whose beginning differs from terminal to terminal
# (8 autorepeat, 1007 wheel keys, 1034 meta ...) are not among them: nobody could say what to go back to.
_OFF: Final = frozenset(
    (1, 5, 6, 9, 12, 66, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2027, 2031, 2048, 9001)
)
_ON: Final = frozenset((2, 7, 25))  # sequences as we know them, autowrap, cursor shown
_ALTERNATE: Final = frozenset((47, 1047, 1049))
_ANSI: Final = frozenset((b"2", b"4", b"20"))  # locked keyboard, insert mode, newline mode
_ANSI_ON: Final = frozenset((b"12",))  # what is typed is not shown by the terminal itself
_LOOKS: Final = frozenset((5, 12))  # private modes that a prompt can live with

_VT52: Final = 2  # while this is off, the sequences of another terminal are obeyed
_ORIGIN: Final = 6
_CURSOR: Final = 1048  # saves the cursor, and restores it
_WITH_CURSOR: Final = 1049

# Colours that OSC sets, and the OSC that gives the terminal's own back.
_COLORS: Final = {b"4": b"104", b"5": b"105"} | {b"%d" % n: b"%d" % (n + 100) for n in range(10, 20)}


class Modes:
    """Follows one stream.

    Attributes:
        rows: of the terminal, so that a scroll region of all of them is known as none; 0 is unknown.
    """

    def __init__(self, rows: int = 0) -> None:
        self.rows = rows
        self._reader = SequenceReader(self)
        self._forget()

    def _forget(self) -> None:
        """Take the terminal for one that has just started."""
        self._private: dict[int, bool] = {}  # those that are not as at the start
        self._saved: dict[int, bool] = {}  # by XTSAVE
        self._alternate = 0  # the mode that entered the alternate screen
        self._ansi: set[bytes] = set()  # likewise
        self._keys = KeyModes()
        self._printing = False  # to a printer, and not to the screen
        self._letters = Letters()
        self._looks = [Look(), Look()]  # saved with the cursor, on the main and the other screen
        self._region = b""
        self._shape = b""  # of the cursor
        self._colors: dict[bytes, None] = {}  # what gives them back
        self._titles = 0  # pushed
        self._working = False  # OSC 9;4 progress is shown

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown, as full-screen programs do."""
        return self._alternate != 0

    # --- following ---

    def feed(self, data: Buffer) -> None:
        """Follow the next piece of the stream; sequences may be cut anywhere."""
        self._reader.feed(data)

    def obey_csi(self, name: bytes, parameters: bytes) -> None:
        """Follow a control sequence."""
        obey = _SEQUENCES.get(name)
        if obey is not None:
            obey(self, parameters)

    def obey_escape(self, between: bytes, final: bytes) -> None:
        """Follow an escape sequence."""
        if between in (b"(", b")", b"*", b"+"):
            self._letters.choose(between, final)
        elif between == b"%":
            self._letters.latin = final == b"@"
        elif not between and final in b"no":  # LS2, LS3
            self._letters.shifted = True
        elif not between and final == b"7":  # DECSC
            self._save_look()
        elif not between and final == b"8":  # DECRC
            self._restore_look()
        elif not between and final in b"=>":  # DECKPAM, DECKPNM
            self._keys.keypad = final == b"="
        elif not between and final == b"<":  # the end of VT52
            self._private.pop(_VT52, None)
        elif not between and final == b"c":  # RIS
            self._forget()

    def obey_osc(self, text: bytes) -> None:
        """Follow an operating system command."""
        number, _, value = text.partition(b";")
        if number in _COLORS and not value.endswith(b"?"):
            self._colors[_COLORS[number]] = None
        elif number == b"8":
            self._letters.linked = not value.endswith(b";")
        elif number == b"9" and value.startswith(b"4;"):
            self._working = not value.startswith(b"4;0")
        elif not value or number == b"104":
            self._colors.pop(number, None)

    def obey_shift(self, out: bool) -> None:
        """Follow SO or SI."""
        self._letters.shifted = out

    # --- control sequences ---

    def _set_private(self, parameters: bytes, on: bool = True) -> None:
        for number in _numbers(parameters):
            if number in _ALTERNATE:
                self._change_screen(number, on)
            elif number == _CURSOR:
                self._save_look() if on else self._restore_look()
            elif (number in _OFF and on) or (number in _ON and not on):
                self._private[number] = on
            else:
                self._private.pop(number, None)

    def _change_screen(self, number: int, on: bool) -> None:
        """Enter or leave the alternate screen; 1049 saves the cursor before and restores it behind that."""
        entered = self._alternate
        if number == _WITH_CURSOR and on and not entered:
            self._save_look()
        self._alternate = (entered or number) if on else 0
        self._keys.screen = 1 if self._alternate else 0
        if number == _WITH_CURSOR and not on and entered:
            self._restore_look(surely=False)

    def _save_look(self) -> None:
        look = self._letters.look(origin=self._private.get(_ORIGIN, False))
        self._looks[1 if self._alternate else 0] = look

    def _restore_look(self, *, surely: bool = True) -> None:
        """Follow what restores the cursor; not every terminal does it where it leaves the alternate screen."""
        look = self._looks[1 if self._alternate else 0]
        self._letters.restore(look, surely=surely)
        if look.origin or surely:
            self._set_private(b"%d" % _ORIGIN, look.origin)

    def _reset_private(self, parameters: bytes) -> None:
        self._set_private(parameters, on=False)

    def _save_private(self, parameters: bytes) -> None:
        for number in _numbers(parameters):
            if number in _OFF or number in _ON:
                self._saved[number] = self._private.get(number, number in _ON)

    def _restore_private(self, parameters: bytes) -> None:
        for number in _numbers(parameters):
            if number in self._saved:
                self._set_private(b"%d" % number, self._saved[number])

    def _set_ansi(self, parameters: bytes) -> None:
        numbers = parameters.split(b";")
        self._ansi.update(_ANSI.intersection(numbers))
        self._ansi.difference_update(_ANSI_ON.intersection(numbers))

    def _reset_ansi(self, parameters: bytes) -> None:
        numbers = parameters.split(b";")
        self._ansi.difference_update(_ANSI.intersection(numbers))
        self._ansi.update(_ANSI_ON.intersection(numbers))

    def _style(self, parameters: bytes) -> None:
        self._letters.style(parameters)

    def _region_rows(self, parameters: bytes) -> None:
        top, _, bottom = parameters.partition(b";")
        whole = not bottom.strip(b"0") or (self.rows > 0 and _number(bottom) >= self.rows)
        self._region = b"" if whole and _number(top) <= 1 else parameters

    def _shape_cursor(self, parameters: bytes) -> None:
        self._shape = parameters.strip(b"0")

    def _push_keyboard(self, parameters: bytes) -> None:
        self._keys.push(_number(parameters))

    def _pop_keyboard(self, parameters: bytes) -> None:
        self._keys.pop(_number(parameters))

    def _set_keyboard(self, parameters: bytes) -> None:
        flags, _, how = parameters.partition(b";")
        self._keys.set(_number(flags), how)

    def _modify_keys(self, parameters: bytes) -> None:
        self._keys.format(parameters, b"m")

    def _format_keys(self, parameters: bytes) -> None:
        self._keys.format(parameters, b"f")

    def _modify_no_keys(self, parameters: bytes) -> None:
        self._keys.format(parameters, b"m")

    def _print(self, parameters: bytes) -> None:
        if parameters in (b"4", b"5"):
            self._printing = parameters == b"5"

    def _window(self, parameters: bytes) -> None:
        if parameters[:2] == b"22":
            self._titles = min(self._titles + 1, MAX_DEPTH)
        elif parameters[:2] == b"23":
            self._titles = max(self._titles - 1, 0)

    def _soft_reset(self, parameters: bytes) -> None:
        """DECSTR: what it resets of what we follow."""
        for number in (1, 6, 7, 25, 66):
            self._private.pop(number, None)
        self._ansi.clear()
        self._letters.reset_softly()
        self._keys.keypad = False
        self._region = b""

    # --- putting back ---

    def undo(self, *, looks: bool = True) -> bytes:
        """Give what puts everything back, b"" for nothing, and take it for done.

        Args:
            looks: also what a prompt can live with, and the user may have wanted: colours, the cursor's shape, titles.
        """
        pieces = [self._reader.cut, *self._undo_deafness(), *self._undo_alternate()]  # this may have colours come back
        private = {number for number in self._private if looks or number not in _LOOKS}
        pieces += [*self._undo_text(private), *self._keys.undo()]
        pieces += [
            b"\x1b[?%d%b" % (number, b"h" if number in _ON else b"l") for number in sorted(private - {_VT52, _ORIGIN})
        ]
        pieces += self._undo_region(_ORIGIN in private)
        if looks:
            pieces += self._undo_looks()
        kept = {} if looks else {number: on for number, on in self._private.items() if number in _LOOKS}
        shape, colors, titles = self._shape, self._colors, self._titles
        saved, saved_looks = self._saved, self._looks
        self._reader.forget()
        self._forget()
        if not looks:
            self._private, self._shape, self._colors, self._titles = kept, shape, colors, titles
            self._saved, self._looks = saved, saved_looks
        return b"".join(pieces)

    def _undo_deafness(self) -> Iterator[bytes]:
        """Have the terminal obey us, and show what comes."""
        if self._private.get(_VT52) is False:
            yield b"\x1b<"
        if self._printing:
            yield b"\x1b[4i"

    def _undo_text(self, private: set[int]) -> Iterator[bytes]:
        """Undo what changes the look of letters; and first let the screen be drawn again."""
        if 2026 in private:
            private.discard(2026)
            yield b"\x1b[?2026l"
        yield from self._letters.undo()
        yield from (b"\x1b[%b%b" % (number, b"h" if number in _ANSI_ON else b"l") for number in sorted(self._ansi))

    def _undo_alternate(self) -> Iterator[bytes]:
        """Leave the alternate screen; each screen has a keyboard of its own."""
        if self._alternate:
            yield from self._keys.undo_screen(1)
            yield b"\x1b[?%dl" % self._alternate
            self._change_screen(self._alternate, on=False)
        yield from self._keys.undo_screen(0)

    def _undo_region(self, origin: bool) -> Iterator[bytes]:
        """Give the whole screen back to scrolling; that moves the cursor, which therefore is kept."""
        if origin:  # Where the cursor is cannot be kept: what keeps it keeps this mode too.
            yield b"\x1b[?6l\x1b[r\x1b[9999;1H"
        elif self._region:
            yield b"\x1b7\x1b[r\x1b8"

    def _undo_looks(self) -> Iterator[bytes]:
        if self._shape:
            yield b"\x1b[0 q"
        yield from (b"\x1b]%b\x1b\\" % reset for reset in self._colors)
        if self._working:
            yield b"\x1b]9;4;0\x1b\\"
        yield b"\x1b[23;0t" * self._titles

    def redo(self) -> bytes:
        """Give what sets everything again on a terminal where it was undone; colours and titles are not set again."""
        pieces = [b"\x1b[?%dh" % self._alternate] if self._alternate else []
        pieces += self._keys.redo_screen()
        pieces += [b"\x1b[?%d%b" % (number, b"h" if on else b"l") for number, on in sorted(self._private.items())]
        pieces += [b"\x1b[%b%b" % (number, b"l" if number in _ANSI_ON else b"h") for number in sorted(self._ansi)]
        pieces += self._letters.redo()
        pieces += self._keys.redo()
        pieces += [b"\x1b7\x1b[%br\x1b8" % self._region] if self._region else []
        pieces += [b"\x1b[%b q" % self._shape] if self._shape else []
        return b"".join(pieces)


def _numbers(parameters: bytes) -> list[int]:
    return [int(each) for each in parameters.split(b";") if each.isdigit() and len(each) < 6]


def _number(parameter: bytes) -> int:
    return int(parameter) if parameter.isdigit() and len(parameter) < 6 else 0


_SEQUENCES: Final[dict[bytes, Callable[[Modes, bytes], None]]] = {
    b"?h": Modes._set_private,
    b"?l": Modes._reset_private,
    b"?s": Modes._save_private,
    b"?r": Modes._restore_private,
    b"h": Modes._set_ansi,
    b"l": Modes._reset_ansi,
    b"m": Modes._style,
    b"r": Modes._region_rows,
    b" q": Modes._shape_cursor,
    b">u": Modes._push_keyboard,
    b"<u": Modes._pop_keyboard,
    b"=u": Modes._set_keyboard,
    b">m": Modes._modify_keys,
    b">f": Modes._format_keys,
    b">n": Modes._modify_no_keys,
    b"t": Modes._window,
    b"i": Modes._print,
    b"!p": Modes._soft_reset,
}
