"""Pieces of a terminal's output that are put together, and those that are not."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Iterator

import pytest

from rsh.holder.gathering import ENOUGH, FLOOD, READ_SIZE, gathered
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
    assert gathered(master, b"k" * (FLOOD - 1)) == b"k" * (FLOOD - 1)
    assert os.read(master, READ_SIZE) == b"more"


def test_what_follows_a_long_piece_is_given_with_it(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.write(slave, b"more")
    assert select.select([master], [], [], SOON)[0]
    assert gathered(master, b"k" * FLOOD) == b"k" * FLOOD + b"more"


def test_silence_ends_a_piece(terminal: tuple[int, int]) -> None:
    assert gathered(terminal[0], b"k" * FLOOD) == b"k" * FLOOD


def test_what_is_enough_is_not_added_to(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    os.write(slave, b"more")
    assert len(gathered(master, bytes(ENOUGH))) == ENOUGH


def test_terminal_that_nobody_has_any_more_ends_a_piece() -> None:
    master, slave = os.openpty()
    os.close(slave)
    assert gathered(master, b"k" * FLOOD) == b"k" * FLOOD
    os.close(master)
