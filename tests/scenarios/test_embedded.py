"""`rsh connect` with no host: a server inside the client."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.machines import SOON, Home, wait_until_gone


def test_lines_run_here_with_no_daemon_and_no_setup(home: Home) -> None:
    done = home.rsh("connect", "-c", "cd /tmp", "-c", "pwd")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"/tmp\n", b"")
    assert not (home.folder / "config" / "rsh").exists(), "no key is needed for it"


@pytest.mark.parametrize("name", ["TERM", "HUP", "KILL"])
def test_command_ends_with_the_client_that_carries_it(home: Home, tmp_path: Path, name: str) -> None:
    pid_file = tmp_path / "pid"
    line = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; while :; do echo x; sleep 0.1; done"
    client = home.spawn("connect", "-c", line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + SOON
    while not pid_file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    client.send_signal(getattr(signal, f"SIG{name}"))
    client.wait(SOON)
    assert wait_until_gone(int(pid_file.read_text()))
