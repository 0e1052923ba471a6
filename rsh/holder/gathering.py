"""What a terminal gives, gathered while it is flooded.

A terminal gives 4 KiB at most at once (n_tty), and is read a thousand times a second then. Each piece costs everybody
on its way to the screen a wake-up or two, so large ones are put together of what follows at once. What is short, such
as the echo of a key, is never held up.
"""

import os
import select
import time

# A piece of so many bytes is a part of more; after it more is waited for: seconds of silence that end the waiting, and
# seconds in all, which is shorter than anybody sees.
FLOOD = 1024
SILENCE = 0.001
LONGEST = 0.02

# Bytes that are enough: with one read more it is still one frame, and one message to a socket's buffer. A flood begins
# with less, twice as much each time: all on its way have something to do at once, and its first lines are seen soon.
ENOUGH = 240 * 1024
LEAST = 8 * 1024

READ_SIZE = 16 * 1024


class Gathering:
    """Puts together what one terminal gives."""

    def __init__(self, terminal: int) -> None:
        """Prepare.

        Args:
            terminal: the descriptor that it is read from, by whoever has the first piece.
        """
        self._terminal = terminal
        self._enough = LEAST
        self._readable = select.poll()
        self._readable.register(terminal, select.POLLIN)

    def all_behind(self, first: bytes) -> bytes:
        """Give a piece that was read from the terminal together with what follows it at once."""
        if len(first) < FLOOD:
            return first
        pieces, count, until = [first], len(first), time.monotonic() + LONGEST
        while count < self._enough:
            if not self._readable.poll(SILENCE * 1000):
                self._enough = LEAST
                break
            piece = self._read()
            if not piece:
                break
            pieces.append(piece)
            count += len(piece)
            if time.monotonic() >= until:
                break
        else:
            self._enough = min(self._enough * 2, ENOUGH)
        return b"".join(pieces)

    def _read(self) -> bytes:
        try:
            return os.read(self._terminal, READ_SIZE)
        except OSError:
            return b""  # There is nothing, or nobody has the other side any more, which the next read tells too.
