"""A living shell read at leisure: output and ends in one row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh
from rsh.client.shell.feed import MAX_WAITING, Feed, Item, LineEnd, Lost, ShellEnd
from rsh.protocol.requests import Shell, Terminal
from tests.machines import SOON


@pytest.fixture
def feed(home_of_nobody: None) -> Iterator[Feed]:
    with rsh.connect() as remote:
        feed = Feed(remote.session.open(Shell(Terminal(80, 24), b"/", {b"TERM": b"dumb", b"LC_ALL": b"C"})))
        assert until_end(feed) == (b"", LineEnd(0))
        yield feed
        feed.close()


def until_end(feed: Feed) -> tuple[bytes, Item]:
    """Read to the end of a line, or of the shell; give the output before it."""
    output = b""
    while isinstance(item := feed.next(SOON), bytes):
        output += item
    assert item is not None
    return output, item


def test_output_comes_before_the_end_of_its_line(feed: Feed) -> None:
    feed.start_line(b"echo out; (exit 3)")
    assert until_end(feed) == (b"out\r\n", LineEnd(3))
    assert feed.next(0) is None


def test_end_of_the_shell_is_the_last(feed: Feed) -> None:
    feed.start_line(b"exit 5")
    assert until_end(feed) == (b"exit\r\n", ShellEnd(5))


def test_output_of_a_job_comes_while_no_line_runs(feed: Feed, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    feed.start_line(f"cat {tmp_path}/gate & disown".encode())
    until_end(feed)
    (tmp_path / "gate").write_text("late\n")
    output = b""
    while b"late" not in output:
        item = feed.next(SOON)
        assert isinstance(item, bytes)
        output += item


def test_close_does_not_wait_for_who_floods(feed: Feed) -> None:
    feed.start_line(b"yes")
    for _ in range(MAX_WAITING * 2):
        assert isinstance(feed.next(SOON), bytes)
    feed.close()


def test_output_that_is_lost_in_an_outage_is_told(feed: Feed) -> None:
    feed.connection_back(0)
    feed.connection_back(5)
    assert feed.next(SOON) == Lost(5)
    assert feed.next(0) is None
