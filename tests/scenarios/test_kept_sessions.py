"""A client goes silent: its session is kept for as long as its key may be silent, and no other's."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.api.process import RemoteProcess
from rsh.client.api.remote import Remote, connect
from rsh.errors import SessionGone
from rsh.session.deadline import Deadline
from tests.machines import SOON, Daemon, Home
from tests.proxy import Proxy
from tests.scenarios.test_stolen_session import enter


def let_in(guest: Home, home: Home, host: str, options: str) -> None:
    """Have both know each other, under the address of the way between them."""
    line = options.encode() + b" " + guest.rsh("key").stdout
    assert home.server_command("authorize", "-", input=line).returncode == 0
    assert guest.rsh("trust", home.server_command("url", host).stdout.decode().strip()).returncode == 0


def goes_on(remote: Remote, process: RemoteProcess, line: bytes) -> bool:
    """Tell whether a command that says what it hears is still there."""
    try:
        process.write(line)
        return bytes(process.read_stdout(Deadline(SOON))) == line
    except SessionGone:
        return False


def fall_silent(remote: Remote) -> None:
    """End the connection as a client does that has heard nothing for long; over there it counts as silent then.

    Such a client has nothing to read and nothing to write. Where either were under way, its kernel might reset the
    connection, and it would count as cut: so both have to be at rest, which the second answer tells. The answer may be
    here before the call that sent the question has returned; a stream in which somebody writes closes without a word.
    """
    for _ in range(2):
        remote.ping(SOON)
    stream = remote.session._stream
    assert stream is not None
    stream.write()  # returns when nobody else is in there
    stream.close()


@pytest.mark.parametrize("usual, own, stays", [("1", "linger=3600", True), ("3600", "linger=1", False)])
def test_silent_session_is_kept_as_long_as_its_key_may_be_silent(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str, own: str, stays: bool
) -> None:
    guest = Home(tmp_path / "guest")
    with Daemon(home, "--linger", usual, "--grace", "0") as daemon, Proxy(daemon.host) as network:
        let_in(guest, home, network.host, own)
        remotes = []
        # All of this process dial with the key of the last, and may be about to at any moment: it is the one who stays.
        for account in (home, guest) if stays else (guest, home):
            enter(account, monkeypatch)
            remotes.append(connect(network.host))
        processes = [remote.start(["cat"]) for remote in remotes]
        assert all(goes_on(*each, b"before\n") for each in zip(remotes, processes, strict=True))
        network.refuse()
        for remote in remotes:
            fall_silent(remote)
        daemon.wait_for_log("its client did not come back")
        network.refuse(False)
        kept = [goes_on(*each, b"after\n") for each in zip(remotes, processes, strict=True)]
        assert kept == [False, True]
        assert daemon.log.count("its client did not come back") == 1
        for remote in remotes:
            remote.close()
