from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import Refused
from rsh.server.account import Account
from rsh.server.standing import ROOT, starting_directory
from tests.machines import obeying_permissions


def account(home: Path) -> Account:
    return Account("ann", os.fsencode(home), b"/bin/sh", "here")


def test_home_is_where_a_command_begins_and_what_is_asked_for_starts_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert starting_directory(account(tmp_path), b"") == os.fsencode(tmp_path)
    assert starting_directory(account(tmp_path), b"sub") == os.fsencode(tmp_path / "sub")
    assert starting_directory(account(tmp_path), b"/tmp") == b"/tmp"


def test_home_that_cannot_be_entered_keeps_nobody_out(tmp_path: Path) -> None:
    file, closed = tmp_path / "file", tmp_path / "closed"
    file.touch()
    closed.mkdir(mode=0o600)
    with obeying_permissions():
        for home in (tmp_path / "gone", file, closed):
            assert starting_directory(account(home), b"") == ROOT


def test_directory_that_was_asked_for_and_cannot_be_entered_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(mode=0o600)
    with obeying_permissions():
        for name, error in ((b"gone", "ENOENT"), (b"file", "ENOTDIR"), (b"closed", "EACCES")):
            with pytest.raises(Refused, match=error):
                starting_directory(account(tmp_path), name)
