from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rsh.server.census import Census
from tests.machines import SOON


def test_snapshot_shows_what_was_there_when_it_was_asked_for() -> None:
    census = Census()
    census.take()
    with subprocess.Popen(["sleep", "60"]) as child:
        assert {process.pid for process in census.take().members(child.pid, set())} == {child.pid}
        child.kill()
    assert census.take().members(child.pid, set()) == set()


class Turn:
    """Who takes a snapshot now, as Census has it, and who has come to wait for that."""

    def __init__(self) -> None:
        self.come = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.come.release()
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def test_those_who_wait_share_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    census, turn = Census(), Turn()
    monkeypatch.setattr(census, "_taking", turn)
    with ThreadPoolExecutor(50) as pool:
        with turn:
            asked = [pool.submit(census.take) for _ in range(50)]
            for _ in range(51):
                assert turn.come.acquire(timeout=SOON)
        assert len({id(each.result(SOON)) for each in asked}) == 1
