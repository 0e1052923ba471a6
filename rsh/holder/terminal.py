"""The terminal that a shell runs on: its two ends, its size, its modes, and what is typed into it."""

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress

from rsh.holder.gathering import Gathering

READ_SIZE = 16 * 1024

# Modes of a terminal that is as a shell needs it.
OUTPUT = termios.OPOST | termios.ONLCR
COOKED = termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN

# The keys that make a signal, by their places in a terminal's attributes.
SIGNALS = ((termios.VINTR, signal.SIGINT), (termios.VQUIT, signal.SIGQUIT), (termios.VSUSP, signal.SIGTSTP))

# Sends a signal to the foreground as a key does (ioctl_tty(2)).
TIOCSIG = 0x40045436

# What a terminal can hold unread, with room to spare (Linux: 8 KiB on its way, and 4 KiB of lines; pty(7)).
HOLDS = 64 * 1024

# What it holds without ICANON, with room to spare; and the keys that it does not take for text even so.
UNECHOED = 4000
KEYS = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")

# How long it may take to hold what it was given, and how often that is looked at, in seconds.
TAKING = 0.04
GLANCE = 0.0001


class Terminal:
    """A pseudo-terminal, both of whose ends stay open here.

    Attributes:
        master: the descriptor to wait for.
        typed: what was typed and it has not taken yet.
        closed: the end that programs have is, and with it the modes have gone.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.typed = bytearray()
        self.closed = False
        self._dropping = False  # its own queue is still full of what was interrupted
        self._fed = False  # something was typed since the last line ended
        self.master, self._slave = os.openpty()
        self._gathering = Gathering(self.master)
        self.name = os.ttyname(self._slave)
        self.resize(columns, rows)
        _prefer_utf8(self._slave)
        self._sane = termios.tcgetattr(self._slave)
        os.set_blocking(self.master, False)
        os.set_blocking(self._slave, False)

    def read(self) -> bytes:
        """Give what was printed; b"" when there is nothing now."""
        return self._gathering.all_behind(self._read_piece())

    def _read_piece(self) -> bytes:
        try:
            return os.read(self.master, READ_SIZE)
        except OSError:
            return b""

    def type(self, data: bytes, *, seen: bool = False) -> None:
        """Queue what was typed. An interrupt drops what nobody reads, as at a terminal, and does not wait behind it.

        Args:
            seen: no program has the terminal, and what was typed was shown already where that was.
        """
        self._fed = True
        if seen and not self.typed and len(data) <= UNECHOED and not KEYS.search(data):
            data = self._type_unechoed(data)
        attributes = termios.tcgetattr(self._slave)
        flags, interrupt = attributes[3], attributes[6][termios.VINTR]
        interrupts = flags & termios.ISIG and not flags & termios.NOFLSH and interrupt != b"\0"
        if self.typed and interrupts and interrupt in data:
            self.typed.clear()
            self._dropping = True
            self.signal(signal.SIGINT)
            data = data.rpartition(interrupt)[2]
        self.typed += data

    def _type_unechoed(self, data: bytes) -> bytes:
        """Have the terminal hold what was typed as if it had come while an editor of lines had it; give what is left.

        A worker takes it there and acts on the modes that it finds (flush_to_ldisc(), tty_buffer.c), so they have to
        stay until it has. That can be seen of whole lines only, or without lines.
        """
        before = termios.tcgetattr(self._slave)
        attributes = [*before[:6], list(before[6])]
        lines = max(data.rfind(b"\r"), data.rfind(b"\n")) + 1
        attributes[3] &= ~(termios.ECHO | termios.ECHONL | (0 if lines else termios.ICANON))
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        wanted = self._held() + (lines or len(data))
        taken = self._put(data)
        until = time.monotonic() + TAKING
        while self._held() < wanted and time.monotonic() < until:
            time.sleep(GLANCE)  # Nothing tells when the worker has done it, and the modes may not wait for long.
        termios.tcsetattr(self._slave, termios.TCSANOW, before)
        return data[taken:]

    def _put(self, data: bytes) -> int:
        try:
            return os.write(self.master, data)
        except OSError:
            return 0  # It is full.

    def _held(self) -> int:
        return int.from_bytes(fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)), sys.byteorder)

    def unread(self) -> bytes:
        """Take back what was typed and no program has read; also the beginning of a line that was not finished."""
        self._drop()
        if not self._fed:
            return b""
        self._fed = False
        before = termios.tcgetattr(self._slave)
        attributes = [*before[:6], list(before[6])]
        attributes[3] &= ~termios.ICANON
        attributes[6][termios.VMIN] = attributes[6][termios.VTIME] = 0
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        data = b""
        while len(data) < HOLDS and (piece := self._read_back()):
            data += piece
        termios.tcsetattr(self._slave, termios.TCSANOW, before)
        data, self.typed = data + self.typed, bytearray()
        return data.replace(b"\0", b"")[:HOLDS]  # The end of input that was typed is a NUL there.

    def _drop(self) -> None:
        if self._dropping:
            termios.tcflush(self._slave, termios.TCIFLUSH)
            self._dropping = False

    def _read_back(self) -> bytes:
        try:
            return os.read(self._slave, READ_SIZE)
        except OSError:
            return b""

    def restore(self) -> None:
        """Put the modes back that it began with, and forget what was typed before an interrupt: a line has ended."""
        self._drop()
        now = termios.tcgetattr(self._slave)
        if now[0] & termios.ICRNL and now[1] & OUTPUT == OUTPUT and now[3] & COOKED == COOKED:
            self._sane = now  # What the user has set by stty(1), such as -ixon or another erase character, stays.
        if now != self._sane:
            termios.tcsetattr(self._slave, termios.TCSANOW, self._sane)

    def shows_typing(self) -> bool:
        """Tell whether what is typed is shown: a password prompt is known by this fact and not guessed."""
        flags = termios.tcgetattr(self._slave)[3]
        return bool(flags & termios.ECHO) or not flags & termios.ICANON

    def resize(self, columns: int, rows: int) -> None:
        """Tell it its size."""
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal_of(self, keys: bytes) -> int:
        """Give the signal that the last such key among these makes; 0 for none."""
        attributes = termios.tcgetattr(self._slave)
        if not attributes[3] & termios.ISIG:
            return 0
        signals = {attributes[6][index]: number for index, number in SIGNALS if attributes[6][index] != b"\0"}
        last = max(signals, key=keys.rfind, default=b"\0")
        return signals[last] if last in signals and last in keys else 0

    def signal(self, number: int) -> int:
        """Send a signal to what runs in the foreground; give its process group, 0 when nobody has heard it."""
        try:
            group = self.group()
            if group:
                os.killpg(group, number)
            return group
        except (OSError, ValueError):
            return 0

    def signal_as_key(self, number: int) -> None:
        """Send what runs in the foreground a signal that a key could make, whoever it belongs to."""
        with suppress(OSError):
            fcntl.ioctl(self.master, TIOCSIG, number)

    def group(self) -> int:
        """Give the process group that has the terminal; 0 when nobody can tell."""
        try:
            return os.tcgetpgrp(self.master)
        except OSError:
            return 0

    def take_in(self) -> None:
        """Wait until it has acted on what it was given: a worker does, which poll(2) waits for (n_tty.c)."""
        poll = select.poll()
        poll.register(self._slave, select.POLLIN)
        poll.poll(0)

    def foreground(self) -> str:
        """Name the program in the foreground, "" when nobody can tell."""
        try:
            with open(f"/proc/{self.group()}/comm", encoding="utf-8", errors="replace") as file:
                return file.read().rstrip("\n")
        except (OSError, ValueError):
            return ""

    def end_others(self, shell: int) -> None:
        """Kill what runs in the foreground, unless that is the shell itself."""
        try:
            group = self.group()
            if group not in (0, shell):
                os.killpg(group, signal.SIGKILL)
        except (OSError, ValueError):
            pass

    def let_go(self) -> None:
        """Close the end that programs have: what is left in it can be read, and then it ends."""
        self.closed = True
        os.close(self._slave)


def _prefer_utf8(terminal: int) -> None:
    """Have the line discipline erase whole UTF-8 characters (IUTF8, termios(3))."""
    attributes = termios.tcgetattr(terminal)
    attributes[0] |= 0x4000
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
