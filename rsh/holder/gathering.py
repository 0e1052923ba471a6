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

# Bytes that are enough: with one read more it is still one frame, and one message to a socket's buffer.
ENOUGH = 240 * 1024

READ_SIZE = 16 * 1024


def gathered(terminal: int, first: bytes) -> bytes:
    """Give a piece that was read from a terminal together with what follows it at once."""
    if len(first) < FLOOD:
        return first
    pieces, count, until = [first], len(first), time.monotonic() + LONGEST
    readable = select.poll()
    readable.register(terminal, select.POLLIN)
    while count < ENOUGH and readable.poll(SILENCE * 1000) and time.monotonic() < until:
        try:
            piece = os.read(terminal, READ_SIZE)
        except OSError:
            break  # There is nothing, or nobody has the other side any more, which the next read tells too.
        if not piece:
            break
        pieces.append(piece)
        count += len(piece)
    return b"".join(pieces)
