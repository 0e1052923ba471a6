"""The keys of the prompt, read no further than one that may end the line, as readline does. A screen module.

What stands behind Enter is for whatever the line starts, over there or here: who types ahead types into that, and a
password must not be taken for the next line.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from prompt_toolkit.input.posix_utils import PosixStdinReader
from prompt_toolkit.input.vt100 import Vt100Input, raw_mode
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from rsh.client.terminal.answers import without_answers

PASTE_BEGINS: Final = b"\x1b[200~"
PASTE_ENDS: Final = b"\x1b[201~"

# A terminal holds no more (N_TTY_BUF_SIZE, n_tty.c).
MOST: Final = 4096

# For how long the signal that tells that a terminal has gone is waited for, and from one look to the next, in seconds.
PATIENCE: Final = 0.5
GLANCE: Final = 0.01

_WHOLE: Final = len(PASTE_ENDS)
_ESCAPE: Final = 0x1B
_SPACE: Final = 0x20


class LineInput(Vt100Input):
    """The terminal as the prompt's keyboard.

    Attributes:
        typed_before: hears that there are keys already when a prompt begins: the terminal may have shown them.
        goes_on: tells at the end of a line whether keys behind it are for a program over there. The terminal stays raw
            then, for who is to hand it over to that: what acts on a line, or makes a signal, does so over there.
    """

    def __init__(self, stdin: TextIO) -> None:
        super().__init__(stdin)
        self.typed_before: Callable[[], None] = _nothing
        self.goes_on: Callable[[], bool] = _no
        self._ready: Callable[[], None] | None = None  # reads keys, while a prompt is there
        self._held = False  # keys are left where they are
        self._detached = False  # and that to whoever has the terminal for a while
        self._kept: raw_mode | None = None  # what the terminal is in, though the prompt is over
        self.stdin_reader = self._reader = LineReader(self.fileno(), encoding=stdin.encoding)

    @contextmanager
    def raw_mode(self) -> Iterator[None]:
        """Be raw while entered, which is the beginning of a prompt: now what was typed can be seen to be there."""
        mode = raw_mode(self.fileno())
        mode.__enter__()
        try:
            if _readable(self.fileno()):
                self.typed_before()
            yield
            if self.goes_on():
                self._kept = mode
        finally:
            if self._kept is None:
                mode.__exit__()

    def hand_over(self) -> list[Any] | None:
        """Leave a terminal that stayed raw to somebody else; give the modes it is to be put back to, None if it is."""
        kept, self._kept = self._kept, None
        return kept.attrs_before if kept is not None else None

    def give_back(self) -> None:
        """Put the terminal back if it stayed raw, and nobody has it now."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.__exit__()

    def type_ahead(self, data: bytes) -> None:
        """Have keys read, before all others, that were pressed when there was no prompt."""
        self._reader.ahead += data

    @contextmanager
    def attach(self, input_ready_callback: Callable[[], None]) -> Iterator[None]:
        """Have keys read by the event loop while entered."""
        with super().attach(input_ready_callback):
            self._ready = input_ready_callback
            self._read_ahead()
            try:
                yield
            finally:
                self._ready, self._held = None, False

    @contextmanager
    def detach(self) -> Iterator[None]:
        """Have keys left where they are while entered; afterwards only if that was so before."""
        with super().detach():
            self._detached = True
            try:
                yield
            finally:
                self._detached = False
        if self._held:
            self.hold()
        else:
            self._read_ahead()

    def hold(self) -> None:
        """Leave further keys where they are, till `go_on`, in the event loop."""
        if self._ready is not None:
            self._held = True
            asyncio.get_running_loop().remove_reader(self.fileno())

    def go_on(self) -> None:
        """Read keys again; more than once does no harm."""
        if self._ready is None or not self._held:
            return
        self._held = False
        if not self._detached:
            asyncio.get_running_loop().add_reader(self.fileno(), self._ready)
            self._read_ahead()

    def _read_ahead(self) -> None:
        """Read what was typed ahead: one piece now, the next when what that has begun had its turn."""
        if self._reader.ahead:
            asyncio.get_running_loop().call_soon(self._read_piece)

    def _read_piece(self) -> None:
        if self._ready is not None and self._reader.ahead and not (self._held or self._detached):
            self._ready()
            self._read_ahead()

    def rest(self) -> bytes:
        """Give what has come behind the line: while the line was edited, so that it was not echoed."""
        ahead, self._reader.ahead = bytes(self._reader.ahead), bytearray()
        try:
            return ahead + (os.read(self.fileno(), MOST) if _readable(self.fileno()) else b"")
        except OSError:
            return ahead


class LineReader(PosixStdinReader):
    """Reads keys up to a control character, but for those of a paste, which run nothing.

    Attributes:
        ahead: keys that come before those of the terminal.
    """

    def __init__(self, descriptor: int, *, encoding: str) -> None:
        super().__init__(descriptor, encoding=encoding)
        self.ahead = bytearray()
        self._gone_at = 0.0  # when the terminal was seen to have gone away
        self._last = b""  # as many bytes as a mark of a paste has
        self._pasting = False

    def read(self, count: int = MOST) -> str:
        """Give what there is, so far, but for what the terminal has to say by itself."""
        found, pasting = bytearray(), self._pasting
        try:
            if not self.ahead and not _readable(self.stdin_fd):
                return ""
            there = len(self.ahead) or _waiting(self.stdin_fd)
            there = max(min(there, count), 1)  # at the end there is nothing, which has to be read
            while not (self._read_paste(found, there) if self._pasting else self._read_byte(found)):
                if len(found) >= there:
                    break
        except OSError as error:
            if error.errno == errno.EIO:
                self._hung_up()
        plain = not pasting and PASTE_BEGINS not in found
        return self._stdin_decoder.decode(without_answers(bytes(found)) if plain else bytes(found))

    def _hung_up(self) -> None:
        """Leave it to a signal to tell that the terminal has gone away; to our own where the kernel tells others only.

        That is so where the first program of the session is another one, and goes on.
        """
        now = time.monotonic()
        self._gone_at = self._gone_at or now
        if now > self._gone_at + PATIENCE:
            signal.raise_signal(signal.SIGHUP)
        else:
            time.sleep(GLANCE)

    def _read_byte(self, found: bytearray) -> bool:
        """Read one; say whether it ends what may be read now."""
        byte = self._take(1)
        found += byte
        self.closed = not byte
        self._last = (self._last + byte)[-len(PASTE_BEGINS) :]
        self._pasting = self._last == PASTE_BEGINS
        return self.closed or (byte[0] < _SPACE and byte[0] != _ESCAPE)

    def _read_paste(self, found: bytearray, there: int) -> bool:
        """Read of a paste what there is, in pieces that cannot go beyond its end; say whether nothing more comes."""
        last = self._last
        while self._pasting and len(found) < there and not self.closed:
            piece = self._take(_WHOLE - _begun(last) if _ESCAPE in last else _WHOLE)
            found += piece
            last = (last + piece)[-_WHOLE:]
            self.closed, self._pasting = not piece, last != PASTE_ENDS
        self._last = last
        return self.closed

    def _take(self, most: int) -> bytes:
        if not self.ahead:
            return os.read(self.stdin_fd, most)
        piece = bytes(self.ahead[:most])
        del self.ahead[:most]
        return piece


def as_typed(keys: list[KeyPress]) -> bytes:
    """Give the bytes that these keys were."""
    return "".join(_key(key) for key in keys).encode("utf-8", "surrogateescape")


def whole_pastes(data: bytes) -> bytes:
    """Put back the marks of a paste one of whose ends somebody has read: what is left of it still runs nothing."""
    begins, ends = data.find(PASTE_BEGINS), data.find(PASTE_ENDS)
    if ends >= 0 and not 0 <= begins < ends:
        data = PASTE_BEGINS + data
    return data + PASTE_ENDS if data.rfind(PASTE_BEGINS) > data.rfind(PASTE_ENDS) else data


def _key(key: KeyPress) -> str:
    if key.key == Keys.BracketedPaste:
        return f"{PASTE_BEGINS.decode()}{key.data}{PASTE_ENDS.decode()}"
    return key.data


def _begun(last: bytes) -> int:
    """Count the bytes at an end that may be the beginning of the mark."""
    return next(count for count in range(_WHOLE, -1, -1) if last.endswith(PASTE_ENDS[:count]))


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def _nothing() -> None:
    """There is nobody who would have to know."""


def _no() -> bool:
    return False


def _waiting(descriptor: int) -> int:
    """Count the bytes that can be read now."""
    count = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0")
    return int.from_bytes(count, sys.byteorder)
