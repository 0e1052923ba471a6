from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder.watchers import CANCEL, CANCEL_BYTE, MAX_WATCHERS, MORE, Watchers
from tests.machines import SOON


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen(MAX_WATCHERS + 10)
        yield listener


@pytest.fixture
def watchers(listener: socket.socket) -> Iterator[Watchers]:
    watchers = Watchers(listener)
    yield watchers
    watchers.close()


def connect(listener: socket.socket) -> socket.socket:
    watcher = socket.socket(socket.AF_UNIX)
    watcher.settimeout(SOON)
    watcher.connect(listener.getsockname())
    return watcher


def turn(watchers: Watchers) -> list[float]:
    """Give the orders of those that have something to say now."""
    ready, _, _ = select.select(watchers.descriptors(), [], [], 0)
    return list(watchers.hear(ready))


def test_order_is_taken_when_it_is_one(listener: socket.socket, watchers: Watchers) -> None:
    with connect(listener) as watcher:
        assert turn(watchers) == []
        for grace, orders in ((2.5, [2.5]), (-1.0, []), (1e300, []), (float("nan"), [])):
            watcher.send(CANCEL.pack(CANCEL_BYTE, grace))
            assert turn(watchers) == orders
        watcher.send(CANCEL.pack(b"z", 1.0))
        assert turn(watchers) == []


def test_who_comes_is_told_to_read_what_there_was_before_it_was_known(
    listener: socket.socket, watchers: Watchers
) -> None:
    with connect(listener) as watcher:
        watchers.tell()
        turn(watchers)
        assert watcher.recv(2) == MORE


def test_watcher_that_reads_nothing_holds_nobody_up(listener: socket.socket, watchers: Watchers) -> None:
    with connect(listener) as lazy, connect(listener) as eager:
        turn(watchers)
        for _ in range(100_000):
            watchers.tell()
        assert lazy.recv(1) == eager.recv(1) == MORE


def test_who_leaves_is_forgotten_and_all_see_the_end(listener: socket.socket, watchers: Watchers) -> None:
    with connect(listener) as stays:
        connect(listener).close()
        turn(watchers)
        turn(watchers)
        assert len(watchers.descriptors()) == 2
        watchers.close()
        assert stays.recv(2) == MORE
        assert stays.recv(1) == b""


def test_no_more_are_let_in_than_may_watch(listener: socket.socket, watchers: Watchers) -> None:
    everybody = [connect(listener) for _ in range(MAX_WATCHERS + 5)]
    turn(watchers)
    assert len(watchers.descriptors()) == MAX_WATCHERS
    assert listener.fileno() not in watchers.descriptors()
    for watcher in everybody[:10]:
        watcher.close()
    turn(watchers)
    turn(watchers)
    assert len(watchers.descriptors()) == MAX_WATCHERS - 10 + 5 + 1
    for watcher in everybody:
        watcher.close()
