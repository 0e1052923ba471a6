from __future__ import annotations

import subprocess
import threading

from rsh.server.census import Census
from tests.machines import SOON


def test_snapshot_shows_what_was_there_when_it_was_asked_for() -> None:
    census = Census()
    census.take()
    with subprocess.Popen(["sleep", "60"]) as child:
        assert {process.pid for process in census.take().members(child.pid, set())} == {child.pid}
        child.kill()
    assert census.take().members(child.pid, set()) == set()


def test_those_who_wait_share_a_snapshot() -> None:
    census = Census()
    everybody = threading.Barrier(51, timeout=SOON)
    seen = []

    def ask() -> None:
        everybody.wait()
        seen.append(census.take())

    threads = [threading.Thread(target=ask) for _ in range(50)]
    with census._taking:
        for thread in threads:
            thread.start()
        everybody.wait()
    for thread in threads:
        thread.join()
    assert len(seen) == 50
    assert len(set(map(id, seen))) < 25  # some may have come later
