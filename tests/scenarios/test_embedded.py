"""`rsh connect` with no host: a server inside the client."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.machines import SOON, Home, program, wait_until_gone
from tests.scenarios.screens import SIGN, Terminal
from tests.terminals import take_terminal


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


def test_terminal_that_goes_away_ends_the_prompt_as_its_signal_does(home: Home) -> None:
    with Terminal(home, "connect", "-q") as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo $$-$PPID\r")
        terminal.until(lambda: bool(re.search(r"\n\d+-\d+\n", terminal.text)))
        found = re.search(r"\n(\d+)-(\d+)\n", terminal.text)
        assert found
        terminal.until_line(f":~{SIGN}")
        take_terminal(terminal.child)
        assert terminal.child.wait() == 128 + signal.SIGHUP
    assert all(wait_until_gone(int(pid)) for pid in found.groups())


@pytest.mark.parametrize(("how", "sign"), [("-q", f":~{SIGN}"), ("--plain", "rsh> ")])
def test_terminal_that_goes_away_ends_the_prompt_also_where_the_signal_is_for_others(
    home: Home, tmp_path: Path, how: str, sign: str
) -> None:
    script = 'trap "" HUP; status=$0; "$@"; echo $? >"$status"'
    command = ["sh", "-c", script, str(tmp_path / "status"), *program("rsh"), "connect", how]
    with Terminal(home, command=command) as terminal:
        terminal.until(lambda: sign.strip() in terminal.text)
        take_terminal(terminal.child)
        terminal.child.wait()
    assert (tmp_path / "status").read_text() == f"{128 + signal.SIGHUP}\n"


@pytest.mark.parametrize("failure", ["MemoryError", "RuntimeError"])
def test_server_that_cannot_begin_is_not_waited_for(home: Home, failure: str) -> None:
    code = f"""if True:
        import sys
        class Unfit:
            def find_spec(self, name, path, target=None):
                if name == "rsh.server.hosting":
                    raise {failure}("as if")
        sys.meta_path.insert(0, Unfit())
        sys.argv = ["rsh", "connect", "-c", "true"]
        from rsh.entry import main
        sys.exit(main())"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=home.environment, capture_output=True, text=True, timeout=SOON, check=False)
    # How a socket ends depends on whether its other end had read all.
    ends = r"the connection was closed|this machine: (Connection reset by peer|Broken pipe)"
    assert re.fullmatch(rf"rsh: connect: ({ends})\n", done.stderr)
    assert done.returncode == 255
