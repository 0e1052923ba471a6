"""The line of a key is changed while its sessions live: what it may not do any more ends, and its client says why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.machines import SOON, Daemon, Home
from tests.scenarios.screens import SIGN, Terminal
from tests.scenarios.test_confined_keys import let_in


@pytest.fixture
def guest(daemon: Daemon, tmp_path: Path) -> Home:
    """An account whose key may do everything."""
    guest = Home(tmp_path / "guest")
    rewrite(daemon, guest)
    let_in(guest, daemon, "linger=60")
    return guest


def rewrite(daemon: Daemon, guest: Home, options: str = "", comment: str = "") -> None:
    """Write the file anew; nobody connects and nobody tells the daemon."""
    line = guest.rsh("key").stdout.decode().strip() + comment
    path = daemon.home.folder / "config" / "rsh" / "authorized"
    new = path.with_name("authorized.new")
    new.write_text(f"{options} {line}\n".lstrip())
    new.chmod(0o600)
    new.rename(path)  # half a file would be another change


def working(guest: Home, daemon: Daemon) -> subprocess.Popen[bytes]:
    """Start a command that says so and then what it hears."""
    client = guest.spawn("exec", daemon.host, "--", "echo on; exec cat", stdin=-1, stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"on\n"
    return client


def ending(client: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Wait until it ends by itself; give its exit status and what it says of it first."""
    client.wait(SOON)
    return client.returncode, client.communicate()[1].partition(b"\n")[0]


@pytest.mark.parametrize("options", ["no-shell", "read-only", 'path="/tmp"', "no-shell,linger=60"])
def test_limited_key_loses_what_it_has_at_work_and_may_do_no_more_than_it_may(
    daemon: Daemon, guest: Home, options: str
) -> None:
    client = working(guest, daemon)
    rewrite(daemon, guest, options)
    assert ending(client) == (255, b"rsh: exec: what this key may do has changed")
    assert b"may not" in guest.rsh("exec", daemon.host, "--", "true").stderr


@pytest.mark.parametrize(
    "options, words",
    [("expires=2020-01-01", b"this key has expired"), ('from="192.0.2.0/24"', b"this key may not be used from there")],
)
def test_key_that_would_not_be_let_in_any_more_loses_its_session(
    daemon: Daemon, guest: Home, options: str, words: bytes
) -> None:
    client = working(guest, daemon)
    rewrite(daemon, guest, options)
    assert ending(client) == (255, b"rsh: exec: " + words)


def test_key_that_expires_while_it_is_at_work_loses_its_session(daemon: Daemon, guest: Home) -> None:
    from datetime import UTC, datetime, timedelta

    for seconds in (4, 16, 64):  # A busy machine may take longer to begin.
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        rewrite(daemon, guest, f"expires={at:%Y-%m-%dT%H:%M:%SZ}")
        client = guest.spawn("exec", daemon.host, "--", "echo on; exec cat", stdin=-1, stdout=-1, stderr=-1)
        assert client.stdout is not None
        if begun := client.stdout.readline() == b"on\n":
            break
        client.communicate(timeout=SOON)
    assert begun
    assert ending(client) == (255, b"rsh: exec: this key has expired")


def test_removed_key_loses_its_session_although_nobody_tells_the_daemon(daemon: Daemon, guest: Home) -> None:
    client = working(guest, daemon)
    (daemon.home.folder / "config" / "rsh" / "authorized").write_text("")
    assert ending(client) == (255, b"rsh: exec: this key is no longer authorised")


def test_other_keys_and_other_changes_cost_nobody_anything(daemon: Daemon, guest: Home) -> None:
    own, client = working(daemon.home, daemon), working(guest, daemon)
    rewrite(daemon, guest, "linger=7,expires=2999-01-01", " and a comment")
    stranger = Home(daemon.home.folder.parent / "stranger")
    let_in(stranger, daemon, "no-shell")
    changed = working(guest, daemon)
    rewrite(daemon, stranger)
    for each in (changed, client):
        assert ending(each) == (255, b"rsh: exec: this key is no longer authorised")
    assert own.communicate(b"still\n", timeout=SOON)[0] == b"still\n"


def test_prompt_keeps_what_its_key_may_still_do(daemon: Daemon, guest: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("to be read")
    with Terminal(guest, "connect", daemon.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        rewrite(daemon, guest, "no-shell")
        terminal.until_shown("rsh: what this key may do has changed: this key may not run commands")
        terminal.until_shown("files can still be had")
        terminal.press("echo anything\r")
        terminal.until_shown("rsh: this key may not run commands")
        terminal.press(f":cat {tmp_path}/file\r")
        terminal.until_shown("to be read")
        terminal.press(":exit\r")
        terminal.end()
