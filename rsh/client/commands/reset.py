"""`rsh reset`: mends a terminal after a client was killed with no time to put anything back. Works offline.

Unlike modes.py this knows nothing of what was switched on, so it switches everything off that can be switched off
without harm, and keeps what is on the screen.
"""

from __future__ import annotations

import os
import termios
from typing import Any, Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.terminal.console import is_terminal, size
from rsh.errors import RshError

# Leaving an alternate screen that was not entered moves the cursor to where it was saved last. So it is saved first,
# and goes to the last line in the end, below all that is to be kept.
MENDING: Final = b"".join(
    (
        b"\x18\x1b\\",  # end a sequence that was begun (CAN), or a string (ST)
        b"\x1b<\x1b[4i\x1b[2l\x1b[12h",  # no VT52, no printer; keys are taken, and not shown a second time
        b"\x1b[?2026l",  # show what is drawn
        b"\x1b[<99u\x1b[=0u",  # kitty's keyboard, on the screen we are on
        b"".join(b"\x1b[?%dl" % mode for mode in (9, *range(1000, 1007), 1015, 1016)),  # mouse, focus
        b"\x1b[?2004l\x1b[?2031l\x1b[?2048l\x1b[?9001l",  # paste, colour schemes, sizes, keys of another system
        b"\x1b[>4m\x1b[>4f\x1b[?1l\x1b[?66l\x1b>",  # modified keys, cursor keys, keypad
        b"\x1b[m\x0f\x1b%G\x1b(B\x1b)B",  # style, character sets
        b"".join(
            b"\x1b]%b\x1b\\" % each for each in (b"8;;", b"104", b"110", b"111", b"112", b"9;4;0")
        ),  # links, colours
        b"\x1b[4l\x1b[20l\x1b[?5l\x1b[?7h\x1b[?69l\x1b[?6l\x1b[r",  # inserting, wrapping, margins: now at the top
        b"\x1b7\x1b[?1049l\x1b[?1047l\x1b[<99u\x1b[=0u",  # the main screen, and its keyboard
        b"\x1b[9999;1H\x1b[0 q\x1b[?25h",  # the last line; the cursor to be seen
    )
)


# The keys of `stty sane`.
_KEYS: Final = (
    (termios.VINTR, b"\x03"),
    (termios.VQUIT, b"\x1c"),
    (termios.VERASE, b"\x7f"),
    (termios.VKILL, b"\x15"),
    (termios.VEOF, b"\x04"),
    (termios.VSTART, b"\x11"),
    (termios.VSTOP, b"\x13"),
    (termios.VSUSP, b"\x1a"),
    (termios.VREPRINT, b"\x12"),
    (termios.VWERASE, b"\x17"),
    (termios.VLNEXT, b"\x16"),
    (termios.VMIN, 1),
    (termios.VTIME, 0),
)


def run_reset(context: Context, options: Options) -> int:
    """Carry out `rsh reset`.

    Raises:
        RshError: there is no terminal to be mended.
    """
    descriptor = next((each for each in (1, 2, 0) if is_terminal(each)), None)
    if descriptor is None:
        raise RshError("no terminal here")
    try:
        termios.tcflow(descriptor, termios.TCOON)
        termios.tcsetattr(descriptor, termios.TCSANOW, sane(termios.tcgetattr(descriptor)))
        os.write(descriptor, MENDING + tabs(size()[0]) + b"\r\n")
    except (OSError, termios.error) as error:
        raise RshError("the terminal has gone away") from error
    return 0


def tabs(columns: int) -> bytes:
    """Give what sets a tab stop at every eighth column, as tabs(1) does."""
    return b"\r\x1b[3g" + b"\x1b[8C\x1bH" * ((columns - 1) // 8)


def sane(attributes: list[Any]) -> list[Any]:
    """Give attributes as `stty sane` does; speed and size of characters stay."""
    input_, output, control, local, speed_in, speed_out, characters = attributes
    input_ |= termios.BRKINT | termios.ICRNL | termios.IXON | termios.IMAXBEL
    input_ &= ~(termios.IGNBRK | termios.INLCR | termios.IGNCR | termios.ISTRIP | termios.IXOFF | termios.IXANY)
    input_ &= ~(termios.IGNPAR | getattr(termios, "IUCLC", 0))  # the first is of raw mode
    output |= termios.OPOST | termios.ONLCR
    output &= ~(getattr(termios, "OLCUC", 0) | termios.OCRNL | termios.ONOCR | termios.ONLRET)
    control |= termios.CREAD
    local |= termios.ISIG | termios.ICANON | termios.IEXTEN | termios.ECHO | termios.ECHOE | termios.ECHOK
    local |= termios.ECHOCTL | termios.ECHOKE
    local &= ~(termios.ECHONL | termios.NOFLSH | termios.TOSTOP | termios.ECHOPRT)
    characters = list(characters)
    for index, key in _KEYS:
        characters[index] = key
    return [input_, output, control, local, speed_in, speed_out, characters]
