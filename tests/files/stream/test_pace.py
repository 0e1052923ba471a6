from __future__ import annotations

import time

import pytest

from rsh.files.stream.pace import Paced, paced
from tests.files.pipes import pipe_pair


def test_what_is_paced_arrives_whole_and_in_small_pieces() -> None:
    near, far = pipe_pair(2**20)
    slow = Paced(near, 1_000_000)
    slow.write(b"a" * 10, b"b" * 150_000)
    slow.end()
    pieces = []
    while piece := far.read():
        pieces.append(bytes(piece))
    assert b"".join(pieces) == b"a" * 10 + b"b" * 150_000
    assert max(map(len, pieces)) <= 100_000


def test_no_more_than_the_rate_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    near, _ = pipe_pair(2**30)
    slow = Paced(near, 10_000)
    for _ in range(100):
        slow.write(b"x" * 1000)
    assert 9.7 <= now[0] <= 10.0  # 100,000 bytes, the first 1,000 and the last at once


def test_no_limit_costs_nothing() -> None:
    near, _ = pipe_pair()
    assert paced(near, 0) is near
