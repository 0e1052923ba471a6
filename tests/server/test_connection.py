"""A connection from its accept to its end, in a daemon of this process."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh
from rsh.expect import Shell
from rsh.server.daemon import Daemon
from rsh.server.options import Options
from rsh.server.roster import Guest
from tests.machines import SOON


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    daemon = Daemon(Options(bind=(f"unix:{tmp_path}/socket",), socket="none", drain=0.0))
    daemon.start()
    yield daemon.addresses[0]
    daemon.stop()


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is found by looking for cycles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def in_memory() -> int:
    return sum(isinstance(each, Guest) for each in gc.get_objects())


@pytest.mark.usefixtures("uncollected")
def test_session_that_is_over_does_not_wait_for_the_collector(host: str, tmp_path: Path) -> None:
    """A crowd that has gone would fill the memory until that comes by, which it seldom does."""
    with rsh.connect(host) as remote:
        assert remote.run("echo out; exit 3").returncode == 3
        remote.put(__file__, to=tmp_path / "copy")
        with Shell(remote) as shell:
            assert shell.run("echo in").status == 0
        with remote.start("sleep 100"):
            assert in_memory() == 1
    assert os.path.getsize(tmp_path / "copy") == os.path.getsize(__file__)
    deadline = time.monotonic() + SOON
    while in_memory():
        assert time.monotonic() < deadline
        time.sleep(0.01)
