from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder import door, wire
from rsh.holder.door import MOST, Door


@pytest.fixture
def entrance(tmp_path: Path) -> Iterator[Door]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "door"))
    listener.listen()
    entrance = Door(listener, str(tmp_path / "door"))
    yield entrance
    for peer in [*entrance.callers, *entrance.leaving]:
        peer.close()
    entrance.close()


def knock(entrance: Door) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)
    caller.connect(entrance.path)
    return caller


def test_caller_is_let_in_and_heard(entrance: Door) -> None:
    with knock(entrance) as caller:
        entrance.let_in(0)
        caller.sendall(wire.HEAD.pack(wire.ASK, 0))
        (peer,) = entrance.callers
        assert list(peer.hear()) == [(wire.ASK, b"")]


def test_nobody_at_the_door_is_no_error(entrance: Door) -> None:
    entrance.let_in(0)
    assert not entrance.callers


def test_who_is_too_many_is_hung_up_on(entrance: Door) -> None:
    with knock(entrance) as caller:
        entrance.let_in(MOST)
        assert caller.recv(1) == b""
    assert not entrance.callers


def test_who_went_or_says_nothing_is_shown_out(entrance: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    with knock(entrance) as gone, knock(entrance) as silent:
        entrance.let_in(0)
        entrance.let_in(0)
        first, second = entrance.callers
        gone.close()
        assert list(first.hear()) == []
        entrance.show_out()
        assert list(entrance.callers) == [second]
        monkeypatch.setattr(door, "PATIENCE", -1.0)
        entrance.show_out()
        assert silent.recv(1) == b""
    assert not entrance.callers


def test_who_has_to_go_hears_why_first(entrance: Door) -> None:
    with knock(entrance) as caller:
        entrance.let_in(0)
        (peer,) = entrance.callers
        del entrance.callers[peer]
        peer.say(wire.GONE, b"why")
        entrance.see_off(peer)
        entrance.show_out()
        assert caller.recv(100) == wire.HEAD.pack(wire.GONE, 3) + b"why"
        assert caller.recv(1) == b""


def test_closed_door_is_not_there(entrance: Door, tmp_path: Path) -> None:
    assert entrance.is_there()
    (tmp_path / "door").unlink()
    assert not entrance.is_there()
