from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys

import pytest

from rsh.client.shell.handover import can_be_continued, takes_output
from tests.machines import SOON

# What each of these does to a program's stay on the console, the terminal gets back in one way.
STAYS = {
    "ends": "handover.show(LOUD)",
    "fails": "handover.show(LOUD); raise ValueError",
    "is split": "[handover.show(LOUD[at:at + 1]) for at in range(len(LOUD))]",
    "talks": "handover.show(LOUD); handover.echo(b'x')",
}
LOUD = b"\x1b[?1049h\x1b[?25l\x1b[?1000h"
BACK = b"\x1b[?1049l\x1b[?25h\x1b[?1000l"


def run(body: str) -> bytes:
    """Run a stay in a process on a terminal; give all it has sent."""
    code = f"""
from rsh.client.shell.handover import Handover
from rsh.client.terminal.modes import Modes
LOUD = {LOUD!r}
try:
    with Handover(Modes()) as handover:
        {body}
except ValueError:
    pass
"""
    master, slave = pty.openpty()
    done = subprocess.Popen([sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    sent = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        sent += data
    os.close(master)
    assert done.wait(SOON) == 0, sent
    return sent


@pytest.mark.parametrize("body", STAYS.values(), ids=STAYS)
def test_the_console_is_given_back_however_a_stay_ends(body: str) -> None:
    assert run(body).endswith(BACK)


def test_nothing_is_shown_after_it_was_given_back() -> None:
    assert run("pass\n    handover.show(b'late')\n    handover.say('late')") == b""


def test_a_note_stands_at_the_top_of_a_full_screen() -> None:
    assert run("handover.note('lost')") == b"\r\nlost\r\n"
    sent = run("handover.show(LOUD); handover.note('lost')")
    assert b"\x1b7\x1b[1;1H\x1b[0;7mlost\x1b[m\x1b[K\x1b8" in sent


def test_a_screen_that_is_not_read_takes_nothing() -> None:
    master, slave = pty.openpty()
    assert takes_output(slave)
    os.set_blocking(slave, False)
    for _ in range(1000):  # The kernel goes on emptying it into the other end for a moment.
        with contextlib.suppress(BlockingIOError):
            os.write(slave, b"x" * 4096)
        if not takes_output(slave):
            break
    else:
        pytest.fail("it takes everything")
    os.close(slave)
    os.close(master)


def test_a_pipe_always_does() -> None:
    read_end, write_end = os.pipe()
    assert takes_output(write_end)
    os.close(read_end)
    os.close(write_end)


def test_a_group_without_a_shell_cannot_be_continued() -> None:
    code = "from rsh.client.shell.handover import can_be_continued; print(can_be_continued())"
    for alone, answer in ((True, b"False\n"), (False, None)):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, start_new_session=alone)
        assert answer in (None, done.stdout)
    assert can_be_continued() in (True, False)
