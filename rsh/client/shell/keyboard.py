"""Sends what is typed to a program over there, and does what the escapes in it ask of us.

Two threads: one reads keys, the other one sends them. So an escape is heard while the other side takes no input, or
the link is dead.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.terminal.escapes import Action, CommandLine, EscapeReader
from rsh.errors import RshError

if TYPE_CHECKING:
    from rsh.client.terminal.passthrough import Attachable

# A terminal gives no more at once (N_TTY_BUF_SIZE, n_tty.c).
READ_SIZE: Final = 4096

# Typed bytes that wait to be sent. Above it only a piece a second is read, for the escape that may be in it: so nothing
# is lost, and memory does not grow as fast as a paste.
MAX_WAITING: Final = 256 * 1024
PAUSE: Final = 1.0

# Seconds for the last keys to be sent, once the program that they are for is over.
IMPATIENCE: Final = 0.5


class Keyboard:
    """The keyboard while a program over there has it."""

    def __init__(
        self,
        process: Attachable,
        escapes: EscapeReader,
        act: Callable[[Action], None],
        *,
        echo: Callable[[bytes], None],
        convert: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Prepare.

        Args:
            act: does what an escape asks for; it must not wait for the other side.
            echo: shows what is typed on the line of `~C`.
            convert: makes what was typed fit for the other side.
        """
        self._process = process
        self._escapes = escapes
        self._act = act
        self._echo = echo
        self._convert = convert
        self._line: CommandLine | None = None  # `~C` is being typed
        self._changed = threading.Condition()  # guards what follows
        self._waiting: deque[bytes] = deque()
        self._count = 0  # bytes in it
        self._over = False

    def feed(self, descriptor: int, stop: int) -> bool:
        """Read keys until there are no more, or `stop` has something to say; False when the terminal has gone away."""
        sender = threading.Thread(target=self._send, name="keyboard send", daemon=True)
        sender.start()
        waiting = select.poll()
        waiting.register(stop, 0)
        waiting.register(descriptor, select.POLLIN)
        try:
            while not any(ready == stop for ready, _ in waiting.poll()):
                try:
                    data = os.read(descriptor, READ_SIZE)
                except BlockingIOError:
                    continue
                except OSError:
                    return False  # EIO: hung up, or nobody's foreground any more
                if not data:
                    return False
                self._take(data)
                self._wait_for_room()
            return True
        finally:
            self._end()
            sender.join(IMPATIENCE)  # What was read is with the process then, which knows whether anybody wants it.

    def _take(self, data: bytes) -> None:
        """Take keys; behind a `~C` in the midst of them begins its line."""
        pieces = (
            [data] if self._line is None and not self._escapes.may_begin(data) else [bytes((byte,)) for byte in data]
        )
        for piece in pieces:
            if self._line is not None:
                self._edit(self._line, piece[0])
                continue
            for each in self._escapes.feed(piece, time.monotonic()):
                if isinstance(each, bytes):
                    self._enqueue(each)
                elif each is Action.COMMAND_LINE:
                    self._line = CommandLine()
                    self._echo(b"\r\nrsh> ")
                else:
                    self._act(each)

    def _edit(self, line: CommandLine, byte: int) -> None:
        """Type on the line of `~C`."""
        self._echo(line.feed(byte))
        if line.done:
            self._line = None
            if line.action is not None:
                self._act(line.action)
            elif line.text.strip():
                self._act(Action.HELP)

    def _enqueue(self, data: bytes) -> None:
        if self._convert is not None:
            data = self._convert(data)
        if not data:
            return  # It was a part of a character.
        with self._changed:
            self._waiting.append(data)
            self._count += len(data)
            self._changed.notify_all()

    def _wait_for_room(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._count <= MAX_WAITING or self._over, PAUSE)

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _send(self) -> None:
        try:
            while data := self._next():
                self._process.write(data)
        except RshError:
            self._end()  # It has ended, or takes no input any more: then nobody misses ours.

    def _next(self) -> bytes:
        """Wait for something to send; b"" when nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over)
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._count = 0
            self._changed.notify_all()
            return data
