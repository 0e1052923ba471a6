from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from rsh.errors import Refused
from rsh.server.account import Account, Grant, check_variable, command_environment

ANN = Account("ann", b"/home/ann", b"/bin/bash", "box")


def test_command_gets_a_login_environment_and_what_the_client_may_set() -> None:
    own = {b"PATH": b"/bin", b"LC_TIME": b"C", b"SECRET": b"x", b"HOME": b"/root", b"PATHOLOGY": b"x"}
    environment = command_environment(ANN, own, {b"TERM": b"vt100"})
    assert environment == {
        b"PATH": b"/bin",
        b"LC_TIME": b"C",
        b"HOME": b"/home/ann",
        b"USER": b"ann",
        b"LOGNAME": b"ann",
        b"SHELL": b"/bin/bash",
        b"TERM": b"vt100",
    }


def test_command_has_a_path_when_the_daemon_has_none() -> None:
    assert b"/usr/bin" in command_environment(ANN, {}, {})[b"PATH"]


@pytest.mark.parametrize("name", [b"LD_AUDIT", b"BASH_ENV", b"ENV", b"BASH_FUNC_x%%", b"", b"A=B", b"A\0", b"IFS"])
def test_variable_is_refused_when_it_would_run_code_or_is_malformed(name: bytes) -> None:
    with pytest.raises(Refused):
        check_variable(name, b"value")


@pytest.mark.parametrize("name", [b"TERM", b"LANG", b"LC_ALL", b"MY_LD_PATH", b"ENVIRONMENT"])
def test_variable_is_taken_when_harmless(name: bytes) -> None:
    check_variable(name, b"value")


def test_grant_forbids_what_it_forbids() -> None:
    with pytest.raises(Refused):
        Grant(read_only=True).require_write()
    with pytest.raises(Refused):
        Grant(no_shell=True).require_shell()
    with pytest.raises(Refused):
        Grant(read_only=True).require_shell()
    Grant(no_shell=True).require_write()


def test_home_is_the_one_of_the_environment_where_it_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Account.current().home == os.fsencode(tmp_path)


@pytest.mark.parametrize("home", ["relative", "/nonexistent", ""])
def test_home_is_that_of_the_account_where_the_environment_has_none(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    assert Account.current().home == os.fsencode(pwd.getpwuid(os.geteuid()).pw_dir)
