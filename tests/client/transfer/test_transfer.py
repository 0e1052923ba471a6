"""One transfer in a thread of its own, against this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rsh
from rsh.client.api.remote import Remote
from rsh.client.transfer.tally import Tally
from rsh.client.transfer.transfer import Transfer, in_a_line
from rsh.errors import SessionGone
from rsh.files.transfer.report import Report


@pytest.fixture
def remote() -> Iterator[Remote]:
    with rsh.connect() as remote:
        yield remote


def run(transfer: Transfer, move: Callable[[Remote, Tally], Report]) -> None:
    ended: list[Transfer] = []

    def again(gone: SessionGone, stopped: threading.Event) -> Remote:
        raise gone

    transfer.run(move, again, ended.append)
    assert ended == [transfer]
    assert transfer.done.is_set()


def test_outcome_counts_what_was_moved(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"five!")
    transfer = Transfer(3, "put", "put a b", remote, None)
    run(transfer, lambda remote, tally: remote.put(tmp_path / "a", to=tmp_path / "b"))
    assert (transfer.status, (tmp_path / "b").read_bytes()) == (0, b"five!")
    assert transfer.outcome().startswith("[3] done: put a b (1 file, 5 B in ")


def test_outcome_names_the_first_failures_and_counts_the_others(remote: Remote, tmp_path: Path) -> None:
    missing = [tmp_path / f"missing-{number}" for number in range(7)]
    transfer = Transfer(1, "put", "put many", remote, None)
    run(transfer, lambda remote, tally: remote.put(*missing, to=tmp_path))
    head, *named, last = transfer.outcome().splitlines()
    assert head.startswith("[1] 7 failed: put many (0 files, ")
    assert [str(path) in line for path, line in zip(missing, named, strict=False)] == [True] * 5
    assert (last, transfer.status) == ("rsh: put: 2 more failed", 1)


def test_failure_as_a_whole_is_said_in_a_line(remote: Remote) -> None:
    def fail(remote: Remote, tally: Tally) -> Report:
        raise ValueError("odd")

    transfer = Transfer(2, "get", "get x", remote, None)
    run(transfer, fail)
    assert transfer.outcome() == "[2] failed: get x\nrsh: get: internal error: ValueError('odd')\n"
    assert transfer.status == 1


def test_what_is_opened_after_the_stop_is_closed_at_once(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"five!")
    transfer = Transfer(1, "put", "put a b", remote, None)
    transfer.stop()
    run(transfer, lambda remote, tally: remote.put(tmp_path / "a", to=tmp_path / "b"))
    assert transfer.outcome() == "[1] stopped: put a b\n"
    assert not (tmp_path / "b").exists()


def test_line_says_how_far_it_is(remote: Remote) -> None:
    transfer = Transfer(1, "put", "put a b", remote, None)
    assert in_a_line(transfer, transfer.tally.state()) == "[1] put a b (0 B, 0 B/s)"
