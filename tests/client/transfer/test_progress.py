from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from rsh.client.cli.context import Context
from rsh.client.transfer.progress import fields, in_words, shown
from rsh.client.transfer.tally import State
from rsh.protocol.answer_records import Total
from rsh.session.condition import Condition
from tests.machines import SOON

STATE = State(b"", 0, 0, 5 * 2**20, 7, Total(10, 10 * 2**20, True), 2.0**20, 5.0, 5.0)

# Runs what is indented below with a context, and waits until something has been shown.
PRELUDE = """
import sys, threading
from rsh.client.transfer import progress
from rsh.client.cli.context import Context
from rsh.protocol.answer_records import Total
import rsh
context = Context("cli", rsh.connect)
context.verb = "put"
seen = threading.Event()
for kind in (progress.Lines, progress.Bars, progress.Events):
    kind.first = kind.every = 0.01
    def show(self, state, show=kind.show):
        show(self, state)
        if state.share is not None and state.items:
            seen.set()
    kind.show = show
with progress.shown(context, lambda: [Total(2, 8192, True)], json=JSON) as tally:
    tally.started(b"name\\x1b[2J", 8192)
    tally.moved(4096)
    tally.completed(1)
    assert seen.wait(90)
"""


def run(stderr: int, *, json: bool = False) -> subprocess.CompletedProcess[bytes]:
    code = PRELUDE.replace("JSON", str(json))
    environment = {"TERM": "xterm", "COLUMNS": "100", "LINES": "20", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, env=environment, check=True, timeout=SOON)


def test_nothing_is_shown_when_nothing_is_wanted() -> None:
    context = Context("cli", pytest.fail)
    context.quiet = True
    with shown(context) as progress:
        assert progress is None


def test_a_line_tells_all_at_once() -> None:
    assert in_words(STATE) == "50%, 5.0 MiB of 10 MiB, 1.0 MiB/s, 7 of 10 files, 5.0 s left"


def test_a_line_says_that_it_is_scanning() -> None:
    assert in_words(STATE._replace(total=None, scanning=True)) == "5.0 MiB (scanning), 1.0 MiB/s, 7 files"
    assert in_words(STATE._replace(retries=1), 1000).startswith(
        "50%, 5.3 MB of 11 MB, 1.1 MB/s, 7 of 10 files, 1 retry, "
    )
    assert in_words(STATE._replace(total=None)) == "5.0 MiB, 1.0 MiB/s, 7 files"
    assert "scanning: 10 MiB so far" in in_words(STATE._replace(total=Total(10, 10 * 2**20, False)))


def test_a_lost_connection_is_told_in_every_way() -> None:
    lost = Condition(connected=False, since=time.monotonic() - 10, attempts=2, reason="no \x1b answer")
    state = STATE._replace(lost=lost)
    words = in_words(state)
    assert re.match(r"5\.0 MiB, 7 files; no connection for 1\d s: no \\x1b answer; attempts: 2", words)
    assert fields(state)["away"] >= 10 and fields(STATE)["away"] is None


def test_lines_come_where_there_is_no_terminal() -> None:
    lines = run(subprocess.PIPE).stderr.decode().splitlines()
    assert lines[-1].startswith("rsh: put: 5")
    assert "4.0 KiB of 8.0 KiB" in lines[-1]
    assert "1 of 2 files" in lines[-1]


def test_programs_get_events() -> None:
    events = [json.loads(line) for line in run(subprocess.PIPE, json=True).stdout.splitlines()]
    assert events[0] == {"event": "file", "path": "name\x1b[2J", "size": 8192}
    assert events[-1]["event"] == "progress"
    assert (events[-1]["bytes"], events[-1]["total_bytes"], events[-1]["total_items"]) == (4096, 8192, 2)


def test_bars_are_drawn_and_taken_away_on_a_terminal() -> None:
    master, slave = pty.openpty()
    assert run(slave).stdout == b""
    os.close(slave)
    screen = b""
    with suppress(OSError):  # at the end
        while True:
            screen += os.read(master, 65536)
    os.close(master)
    assert b"4.0 KiB" in screen
    assert b"50%" in screen
    assert b"name\\x1b[2J" in screen
    assert b"total" in screen
    assert screen.rstrip().endswith(b"\x1b[2K")
    assert b"\x1b[?25h" in screen
