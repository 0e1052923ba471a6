from __future__ import annotations

import os
import pty
import termios

import pytest

from rsh.client.commands.reset import MENDING, sane, tabs
from rsh.client.terminal.console import RawMode
from rsh.client.terminal.modes import Modes


@pytest.mark.parametrize(
    "left",
    [
        b"\x1b[?1049h\x1b[?25l\x1b[?1000;1002;1003;1006;1015;1016h\x1b[?1004h\x1b[?2004h",
        b"\x1b[>1u\x1b[=3u\x1b[?1049h\x1b[>5u",
        b"\x1b[?47h\x1b[?6h\x1b[3;9r\x1b[?69h\x1b[?7l\x1b[4h\x1b[20h",
        b"\x1b[31m\x1b(0\x1b)0\x0e\x1b%@\x1b]8;;http://x\x1b\\",
        b"\x1b=\x1b[?1h\x1b[?66h\x1b[>4;2m\x1b[>4;1f\x1b[5 q\x1b[?5h",
        b"\x1b]11;#000\x07\x1b]10;red\x07\x1b]4;1;red\x07\x1b]12;red\x07\x1b]9;4;1;50\x07",
        b"\x1b[?2026h\x1b[?2031h\x1b[?2048h\x1b[?9001h\x1b]0;never ended",
        b"\x1b[?25l\x1b[12",
        b"\x1bP+q",
        b"\x1b[2;4h\x1b[12l\x1b[5i",
        b"\x1b[?2l",
    ],
)
def test_mending_leaves_nothing_on(left: bytes) -> None:
    modes = Modes(24)
    modes.feed(left)
    modes.feed(MENDING)
    assert modes.undo() == b""


def test_mending_shows_no_letter() -> None:
    import pyte

    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(b"kept" + MENDING.replace(b"\x1b[<99u", b"").replace(b"\x1b[=0u", b""))  # not pyte's
    assert "".join(screen.display).strip() == "kept"


@pytest.mark.parametrize("columns", [1, 8, 9, 80, 81])
def test_tab_stops_are_where_a_terminal_has_them_at_its_start(columns: int) -> None:
    import pyte

    new, mended = pyte.Screen(columns, 3), pyte.Screen(columns, 3)
    pyte.ByteStream(mended).feed(b"a\x1b[3g b\x1bHc" + tabs(columns))
    assert {stop for stop in new.tabstops if stop < columns} == mended.tabstops


def test_a_raw_terminal_is_sane_again() -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with RawMode(slave):
        raw = termios.tcgetattr(slave)
        raw[6][termios.VINTR] = b"\0"
        mended = sane(raw)
    termios.tcsetattr(slave, termios.TCSANOW, mended)
    after = termios.tcgetattr(slave)
    wanted = sane(before)
    assert (after[:4], after[6][termios.VINTR]) == (wanted[:4], b"\x03")
    os.close(slave)
    os.close(master)
