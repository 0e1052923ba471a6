"""A prompt that nobody types at costs next to nothing: client, daemon and holder sleep."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.machines import Daemon
from tests.scenarios.screens import SIGN, Terminal
from tests.soak import sized

SECONDS = sized(3.0, 10.0)
TRIES = 3  # what is done once, and late on a busy machine, is done by then

# One hundredth of the time, and never less than what a single look at a clock may be counted as.
MOST = max(SECONDS / 100, 2 / os.sysconf("SC_CLK_TCK"))


def spent(pid: int) -> float:
    """Give the seconds of a processor that a process has used (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.soak
def test_nobody_works_while_nobody_types(daemon: Daemon) -> None:
    with Terminal(daemon.home, "connect", "-q", daemon.host, columns=100) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo $PPID; cd /\r")
        terminal.until_line(f":/{SIGN}")
        pids = {"client": int(terminal.child.pid or 0), "daemon": daemon.process.pid, "holder": int(terminal.lines[1])}
        for _ in range(TRIES):
            before = settled(pids)
            time.sleep(SECONDS)
            used = {name: spent(pid) - before[name] for name, pid in pids.items()}
            if all(seconds <= MOST for seconds in used.values()):
                break
    assert all(seconds <= MOST for seconds in used.values()), used


def settled(pids: dict[str, int]) -> dict[str, float]:
    """Wait until nobody works on what was typed any more; give what each has used."""
    while True:
        before = {name: spent(pid) for name, pid in pids.items()}
        time.sleep(0.5)
        if before == {name: spent(pid) for name, pid in pids.items()}:
            return before
