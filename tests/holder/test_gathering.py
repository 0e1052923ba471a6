"""Pieces of a terminal's output that are put together, and those that are not."""

from __future__ import annotations

import fcntl
import os
import select
import tty
from collections.abc import Iterator

import pytest

from rsh.holder.gathering import ENOUGH, FLOOD, LEAST, READ_SIZE, Gathering
from tests.machines import SOON


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Give a terminal's two ends that pass everything on as it is."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, slave
    for descriptor in (master, slave):
        os.close(descriptor)


def test_short_piece_is_given_at_once_though_more_is_there(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.write(slave, b"more")
    assert Gathering(master).all_behind(b"k" * (FLOOD - 1)) == b"k" * (FLOOD - 1)
    assert os.read(master, READ_SIZE) == b"more"


def test_what_follows_a_long_piece_is_given_with_it(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.write(slave, b"more")
    assert select.select([master], [], [], SOON)[0]
    assert Gathering(master).all_behind(b"k" * FLOOD) == b"k" * FLOOD + b"more"


def test_silence_ends_a_piece(terminal: tuple[int, int]) -> None:
    assert Gathering(terminal[0]).all_behind(b"k" * FLOOD) == b"k" * FLOOD


def test_what_is_enough_is_not_added_to(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.write(slave, b"more")
    assert len(Gathering(master).all_behind(bytes(ENOUGH))) == ENOUGH


def test_terminal_that_nobody_has_any_more_ends_a_piece() -> None:
    master, slave = os.openpty()
    os.close(slave)
    assert Gathering(master).all_behind(b"k" * FLOOD) == b"k" * FLOOD
    os.close(master)


def test_a_flood_begins_with_little_and_so_does_the_next_one() -> None:
    size = 1024 * 1024
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, size)
    os.set_blocking(source, False)
    gathering = Gathering(source)
    for _ in range(2):
        os.write(sink, bytes(size))
        lengths: list[int] = []
        while sum(lengths) < size:
            lengths.append(len(gathering.all_behind(os.read(source, READ_SIZE))))
        assert lengths[0] <= LEAST + READ_SIZE
        assert max(lengths) > 4 * LEAST
        assert max(lengths) <= ENOUGH + READ_SIZE
        os.write(sink, bytes(FLOOD))
        assert gathering.all_behind(os.read(source, READ_SIZE)) == bytes(FLOOD)
    os.close(source)
    os.close(sink)
