"""A client is killed, with no chance to say anything: its shell is there at once for whoever comes, from anywhere."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.machines import SOON, Daemon, Home, wait_until_gone
from tests.proxy import Proxy
from tests.scenarios.screens import SIGN, Terminal
from tests.scenarios.test_confined_keys import let_in


@pytest.fixture
def elsewhere(daemon: Daemon, tmp_path: Path) -> Home:
    """Another machine: its folders are its own, and so is its key, which is enrolled."""
    elsewhere = Home(tmp_path / "elsewhere")
    let_in(elsewhere, daemon, "linger=3600")
    return elsewhere


def kill(terminal: Terminal) -> None:
    terminal.child.kill(signal.SIGKILL)
    terminal.child.wait()


def attached(home: Home, daemon: Daemon) -> list[str]:
    """Say who is attached to the one shell there is."""
    found: list[str] = json.loads(home.rsh("sessions", "--json", daemon.host).stdout)["attached"]
    return found


def test_vi_of_a_killed_client_goes_on_elsewhere(home: Home, daemon: Daemon, elsewhere: Home, tmp_path: Path) -> None:
    with Terminal(home, "connect", "-q", "--name", "work", daemon.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"vim -u NONE -N {tmp_path}/text\r")
        terminal.until_shown("[New]")
        terminal.press("ihello from before")
        terminal.until_shown("hello from before")
        kill(terminal)
    with Terminal(elsewhere, "attach", daemon.host, "work", columns=100, rows=30) as terminal:
        terminal.until(lambda: terminal.lines[0] == "hello from before" and len(terminal.lines) >= 29)
        terminal.press(" and after\x1b:wq\r")
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo $((40 + 2))\r")
        terminal.until_shown("\n42")
    assert (tmp_path / "text").read_text() == "hello from before and after\n"


def test_shell_of_a_killed_client_is_offered_at_once(home: Home, daemon: Daemon) -> None:
    """Although its session is kept for a client that may come back; which that user knows better."""
    with Terminal(home, "connect", "-q", daemon.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo on; sleep 600\r")
        terminal.until_shown("\non")
        kill(terminal)
    with Terminal(home, "connect", daemon.host) as terminal:
        terminal.until_shown("running echo on; sleep 600: rsh attach")


def test_client_whose_connection_is_lost_is_not_attached_until_it_is_back(
    home: Home, daemon: Daemon, elsewhere: Home
) -> None:
    with Proxy(daemon.host) as network, Terminal(home, "connect", "-q", "--name", "work", network.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo on\r")
        terminal.until_shown("\non")
        assert attached(home, daemon) == ["this account from 127.0.0.1"]
        with Terminal(elsewhere, "attach", "-q", daemon.host, "work") as other:
            other.until_line(f":~{SIGN}")
            network.refuse()
            network.cut()
            other.until_shown("this account from 127.0.0.1 has lost its connection")
            assert len(attached(home, daemon)) == 1
            network.refuse(False)
            other.until_shown("this account from 127.0.0.1 is back")
            assert len(attached(home, daemon)) == 2


def test_command_of_a_client_that_will_not_come_back_ends_at_once(home: Home) -> None:
    """One that gives up with its first connection says so beforehand: nobody has to wait whether it comes."""
    with Daemon(home, "--grace", "600") as daemon:
        client = home.spawn("exec", "--reconnect-timeout=0", daemon.host, "--", "echo $$; sleep 600", stdout=-1)
        assert client.stdout is not None
        pid = int(client.stdout.readline())
        client.kill()
        client.communicate()
        assert wait_until_gone(pid, SOON)
        daemon.wait_for_log("its client did not come back")
