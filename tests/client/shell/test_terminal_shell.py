"""A living shell on the terminal of whoever has come to it."""

from __future__ import annotations

import threading

import pytest

import rsh
from rsh.client.shell.joining import Joining
from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.shell.wishes import Wishes
from rsh.errors import Refused
from tests.machines import SOON, Daemon


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


def test_shell_that_was_let_go_is_not_dialled_for_when_the_connection_ends(
    shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_daemon.home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)
    asked = []
    with rsh.connect(shared_daemon.host) as remote:

        def ask() -> rsh.Remote:
            asked.append(threading.current_thread().name)
            return remote

        shell = TerminalShell(ask, Wishes())
        shell.begin().wait_ready()
        shell.let_go()
    for thread in threading.enumerate():
        if thread.name == "shell attachment":
            thread.join(SOON)
    assert asked == ["MainThread"]
