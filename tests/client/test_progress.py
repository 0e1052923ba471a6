from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from rsh.client.columns import text_width
from rsh.client.progress import shorten, shown


@pytest.mark.parametrize("text", ["x" * 200, "日本語" * 40, "a日" * 60])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 10, 79])
def test_a_text_is_cut_in_its_middle_to_what_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert text_width(short) <= width
    if width >= 10:
        assert short.startswith(text[:2])
        assert short.endswith(text[-1])


def test_a_short_text_stays() -> None:
    assert shorten("abc", 3) == "abc"


def test_nothing_is_shown_where_nobody_looks() -> None:
    with shown(False) as progress:
        assert progress is None


def test_a_line_is_drawn_and_taken_away_on_a_terminal() -> None:
    code = (
        "import time\n"
        "from rsh.client.progress import shown\n"
        "with shown(True) as line:\n"
        "    line.started(b'name\\x1b[2J', 8192)\n"
        "    line._next = 0.0\n"
        "    line.moved(4096)\n"
    )
    master, slave = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "60", "LINES": "20"}
    subprocess.run([sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=environment, check=True)
    os.close(slave)
    screen = os.read(master, 4096)
    os.close(master)
    assert b"4.0 KiB" in screen
    assert b" 50% " in screen
    assert b"name\\x1b[2J" in screen
    assert screen.endswith(b"\r\x1b[K")
