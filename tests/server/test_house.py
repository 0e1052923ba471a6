from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.server.account import Account
from rsh.server.house import House
from rsh.server.keys import Keys
from rsh.server.options import Options
from tests.machines import Home


def test_one_host_does_not_take_all_places_in_the_waiting_room(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", home.environment["XDG_CONFIG_HOME"])
    options = Options(max_connections=10, max_per_address=2, max_unauthenticated=2, max_unauthenticated_per_address=1)
    house = House(options, Account.current(), {}, Keys())
    assert [house.arrive("a") for _ in range(7)] == [True] * 6 + [False]
    assert house.arrive("b")
    house.depart("a")
    assert house.arrive("a")


def test_message_of_the_day_is_read_anew_and_bounded(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", home.environment["XDG_CONFIG_HOME"])
    path = tmp_path / "motd"
    house = House(Options(motd=str(path)), Account.current(), {}, Keys())
    assert house.message() == ""
    path.write_bytes(b"\xffhello\n")
    assert house.message() == "hello\n"
    path.write_bytes(b"x" * 5000)
    assert len(house.message()) == 1024
    path.unlink()
    os.mkfifo(path)
    assert house.message() == ""
