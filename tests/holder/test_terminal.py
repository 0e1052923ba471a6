from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator

import pytest

from rsh.holder.gathering import ENOUGH, READ_SIZE
from rsh.holder.terminal import Terminal
from tests.machines import SOON


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal(80, 24)
    yield made
    made.let_go()
    os.close(made.master)


def print_on(terminal: Terminal, data: bytes) -> threading.Thread:
    """Have a program print."""

    def work() -> None:
        descriptor = os.open(terminal.name, os.O_WRONLY | os.O_NOCTTY)
        os.write(descriptor, data)
        os.close(descriptor)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_readable(terminal: Terminal) -> None:
    assert select.select([terminal.master], [], [], SOON)[0]


def test_nothing_is_given_when_nothing_was_printed(terminal: Terminal) -> None:
    assert terminal.read() == b""


def test_a_little_is_given_at_once(terminal: Terminal) -> None:
    print_on(terminal, b"little").join(SOON)
    wait_readable(terminal)
    assert terminal.read() == b"little"


def test_a_flood_is_gathered_and_whole(terminal: Terminal) -> None:
    flood = bytes(range(32, 127)) * 3000
    thread = print_on(terminal, flood)
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < len(flood):
        wait_readable(terminal)
        pieces.append(terminal.read())
    thread.join(SOON)
    assert b"".join(pieces) == flood
    assert max(map(len, pieces)) > 4096
    assert max(map(len, pieces)) < ENOUGH + READ_SIZE
