"""A living shell on the terminal of whoever has come to it."""

from __future__ import annotations

import pytest

import rsh
from rsh.client.shell.joining import Joining
from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.shell.wishes import Wishes
from rsh.errors import Refused
from tests.machines import Daemon


def test_shell_to_attach_to_that_is_not_there_is_not_replaced(
    shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_daemon.home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)
    with rsh.connect(shared_daemon.host) as remote:
        shell = TerminalShell(lambda: remote, Wishes())
        shell.joining = Joining("nowhere", attach=True)
        living = shell.begin()
        with pytest.raises(Refused):
            living.wait_ready()
        with pytest.raises(Refused):
            shell.settle()
