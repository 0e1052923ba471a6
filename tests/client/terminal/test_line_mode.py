from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from rsh.client.terminal.line_mode import as_lines


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A new terminal in line mode, without echo: the master and the slave."""
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[0] |= 0o40000  # IUTF8, which the module does not name
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    yield master, slave
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    "keys",
    [
        "ls -l\r",
        "lx\x7fs\r",
        "\x7f\x7fa\r\x7fb\r",
        "lä\x7f\x7f\x7fab\r",
        "one two\x17three\r",
        "one two  \x17three\r",
        "one\x17\x17two\r",
        " \x17x\r",
        "not this\x15but this\r",
        "before\ra b\x15c\r",
        "ec\x03exit 3\r",
        "a\rb\x03c\x7fd\r",
        "ab\x04\r",
    ],
)
def test_keys_make_the_lines_that_the_terminal_itself_makes_of_them(terminal: tuple[int, int], keys: str) -> None:
    master, slave = terminal
    os.write(master, keys.encode())
    made = os.read(slave, 4096)
    while not made.endswith(b"\n") or made.count(b"\n") < keys.rpartition("\x03")[2].count("\r"):
        made += os.read(slave, 4096)
    assert as_lines(keys.encode(), termios.tcgetattr(slave)[6]) == (made, "\x03" in keys)


def test_end_is_kept_at_the_beginning_of_a_line(terminal: tuple[int, int]) -> None:
    controls = termios.tcgetattr(terminal[1])[6]
    assert as_lines(b"a\r\x04b", controls) == (b"a\n\x04b", False)


def test_key_that_is_switched_off_is_a_character() -> None:
    controls = [b"\0"] * 32
    assert as_lines(b"a\x03\0b\x7f", controls) == (b"a\x03\0b\x7f", False)
