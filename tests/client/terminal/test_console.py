from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from rsh.client.terminal.console import FALLBACK_SIZE, RawMode, is_terminal, layout_size, size


@pytest.fixture
def terminal() -> Iterator[int]:
    master, slave = pty.openpty()
    yield slave
    os.close(slave)
    os.close(master)


def test_every_byte_passes_untouched_in_raw_mode(terminal: int) -> None:
    with RawMode(terminal):
        mode = termios.tcgetattr(terminal)
        assert not mode[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
        assert not mode[1] & termios.OPOST
        assert not mode[0] & (termios.ICRNL | termios.IXON)


def test_the_terminal_is_put_back_after_an_exception(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with pytest.raises(ValueError), RawMode(terminal):
        raise ValueError
    assert termios.tcgetattr(terminal) == before


def test_raw_mode_is_set_again_after_a_stop(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with RawMode(terminal) as raw:
        termios.tcsetattr(terminal, termios.TCSANOW, before)  # as a shell does with a stopped job
        raw.resume()
        assert not termios.tcgetattr(terminal)[3] & termios.ICANON
    assert termios.tcgetattr(terminal) == before


def test_terminal_is_put_back_as_it_was_after_a_pause(terminal: int) -> None:
    with RawMode(terminal) as raw:
        raw.pause()
        between = termios.tcgetattr(terminal)
        between[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, between)
        raw.resume()
        assert not termios.tcgetattr(terminal)[3] & termios.ICANON
    assert termios.tcgetattr(terminal) == between


def test_what_is_no_terminal_is_left_alone() -> None:
    read_end, write_end = os.pipe()
    with RawMode(read_end):
        assert not is_terminal(read_end)
    os.close(read_end)
    os.close(write_end)
    assert not is_terminal(read_end)


@pytest.mark.parametrize(
    ("rows", "columns", "environment", "expected"),
    [
        (50, 132, {}, (132, 50)),
        (0, 0, {}, FALLBACK_SIZE),
        (0, 0, {"COLUMNS": "99", "LINES": "33"}, (99, 33)),
        (0, 0, {"COLUMNS": "-1", "LINES": "x"}, FALLBACK_SIZE),
        (1, 1, {}, (1, 1)),
    ],
)
def test_size_is_the_terminals_or_what_the_environment_says(
    terminal: int, rows: int, columns: int, environment: dict[str, str], expected: tuple[int, int]
) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    code = "import sys; from rsh.client.terminal.console import size; sys.stderr.write(repr(size()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert done.stderr == repr(expected)


def test_size_to_lay_out_for_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("LINES", "7")
    assert layout_size() == (33, 7)
    monkeypatch.setenv("COLUMNS", "none")
    assert layout_size() == (size()[0], 7)
