"""Our console, handed over to a program on the other side: a raw wire, till it is taken back exactly as it was.

The one place that knows how to give the terminal back, whatever the reason: the end of the program, an error, a signal,
a stop. Bytes from over there pass through `show`, which follows what they switch on (modes.py).
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from rsh.client.terminal.console import RawMode, is_terminal, size
from rsh.client.terminal.passthrough import Buffer, Sink, to_stdout

if TYPE_CHECKING:
    from rsh.client.terminal.encoding import Transcoder
    from rsh.client.terminal.modes import Modes

# Seconds that a terminal which takes nothing is waited for when it is to be given back.
PATIENCE: Final = 1.0


class Handover:
    """One stay of a program on our console; a context manager.

    The lock keeps what is shown whole, and apart from what is put back: nothing is shown after that.
    """

    def __init__(
        self,
        modes: Modes,
        *,
        show: Sink = to_stdout,
        looks: bool = True,
        shown: bool = True,
        transcoder: Transcoder | None = None,
        taken: Callable[[], list[Any] | None] = lambda: None,
    ) -> None:
        """Prepare; the console is as it was.

        Args:
            modes: follows what is shown; what it knows to be on before is put back as well.
            show: writes to the screen.
            looks: put back what a prompt can live with, too (Modes.undo).
            shown: `show` is the screen, if we have one.
            transcoder: converts what is shown.
            taken: as RawMode.
        """
        self._modes = modes
        self._write = show
        self._looks = looks
        self._transcoder = transcoder
        self._raw = RawMode(0, taken)
        self._lock = threading.Lock()
        self._given = False  # the console is the program's
        self._on_screen = shown and is_terminal(1)  # else what is shown goes to a file, which is to hold it as it came
        self._screen = -1  # the terminal, opened once more: to be written to without waiting

    def __enter__(self) -> Handover:
        self._modes.rows = size()[1]
        self._screen = _open_again(1 if self._on_screen else 2)
        self._raw.__enter__()
        self._given = True
        return self

    def __exit__(self, *exception: object) -> None:
        with self._hold():
            self._given = False
            half = self._transcoder.end() if self._transcoder is not None else b""
            try:
                self._put_back(half * self._on_screen + self._modes.undo(looks=self._looks))
            finally:
                self._raw.restore()
                os.close(self._screen)

    def show(self, data: Buffer) -> None:
        """Show what came from over there. Raises OSError when the screen is gone."""
        with self._lock:
            if not self._given:
                return
            if self._transcoder is not None:
                data = self._transcoder.to_screen(data)
            if self._on_screen:
                self._modes.feed(data)
            self._write(data)

    def say(self, *lines: str) -> None:
        """Show lines of our own, whatever the program has on the screen. They are safe for a terminal already."""
        text = "".join(f"\r\n{line}" for line in lines) + "\r\n"
        with self._hold():
            if self._given:
                self._put_back(text.encode(errors="replace"))

    def note(self, line: str) -> bool:
        """Show a line of our own that was not asked for; in the alternate screen at its top, and then give True.

        There it stands on what the program has drawn, which has to be drawn again some time.
        """
        covering = self._modes.alternate
        if not covering:
            self.say(line)
            return False
        shown = line[: max(size()[0] - 1, 1)]
        self.echo(f"\x1b7\x1b[1;1H\x1b[0;7m{shown}\x1b[m\x1b[K\x1b8".encode(errors="replace"))
        return True

    def echo(self, data: bytes) -> None:
        """Show what is typed to us and not to the program; on the terminal only."""
        with self._hold():
            if self._given:
                self._put_back(data)

    def suspend(self) -> None:
        """Give the console back, stop this process, and hand the console over again once it goes on."""
        with self._hold():
            again = self._modes.redo()
            self._put_back(self._modes.undo())
            self._raw.pause()
            # To this very thread: what is sent to the process may stop it only after we have gone on.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            self._raw.resume()
            self._put_back(again)
            self._modes.feed(again)

    def resume(self) -> None:
        """Be a raw wire again after somebody else has stopped and continued this process."""
        self._raw.resume()

    def window_changed(self, rows: int) -> None:
        """Take note of the rows that there are now."""
        self._modes.rows = rows

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Hold the lock, or go on without it when a write to a screen that takes nothing has it."""
        held = self._lock.acquire(timeout=PATIENCE)
        try:
            yield
        finally:
            if held:
                self._lock.release()

    def _put_back(self, sequence: bytes) -> None:
        """Write to the terminal, unless it takes nothing."""
        waiting = select.poll()
        waiting.register(self._screen, select.POLLOUT)
        while sequence and waiting.poll(PATIENCE * 1000):
            try:
                sequence = sequence[os.write(self._screen, sequence) :]
            except BlockingIOError:
                continue
            except OSError:
                return  # It has gone away.


def takes_output(descriptor: int) -> bool:
    """Say whether what is written to a terminal is taken, soon at least; to anything else it is."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT)
    return not is_terminal(descriptor) or bool(waiting.poll(PATIENCE * 1000))


def _open_again(descriptor: int) -> int:
    """Open a terminal once more, for writes that do not wait; whoever shares `descriptor` must not suffer from that."""
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return os.dup(descriptor)  # It is none, or has no name here.


def can_be_continued() -> bool:
    """Say whether there is a shell that could continue us after a stop (setpgid(2): the group is not orphaned)."""
    group = os.getpgrp()
    try:
        with open(f"/proc/{group}/stat", "rb") as file:
            parent = int(file.read().rpartition(b")")[2].split()[1])
        return parent != 0 and os.getpgid(parent) != group and os.getsid(parent) == os.getsid(0)
    except (OSError, ValueError):
        return False  # The leader of the group has ended, or the parent is not to be seen.
