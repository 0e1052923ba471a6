"""Who compresses: whoever sends over a slow link, and nobody to whom a busy machine looks like one."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import rsh
from rsh.client.api.remote import Remote
from rsh.files.transfer.report import Progress
from tests.machines import Daemon
from tests.proxy import Proxy

SIZE = 12 * 1024 * 1024
SLOW = 4 * 1024 * 1024  # bytes a second: what looks like the address of this machine has to be slower than 20 MB

WAYS = pytest.mark.parametrize("way", ["put", "get"])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file that shrinks to a fraction."""
    path = tmp_path / "text"
    path.write_bytes(b"".join(b"%d words that come again and again\n" % number for number in range(SIZE // 40)))
    return path


@pytest.fixture
def connect(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be the account of the daemon in this process."""
    for name, value in daemon.home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)
    yield


class Busy(Progress):
    """Takes its time with what has come."""

    def moved(self, count: int) -> None:
        """Take as long as a slow link would."""
        time.sleep(count / SLOW)


@contextmanager
def hardly_running(process: int) -> Iterator[None]:
    """Stop a process most of the time, as if others had the processors."""
    over = threading.Event()

    def stop_and_go() -> None:
        while not over.wait(0.004):
            os.kill(process, signal.SIGSTOP)
            over.wait(0.2)
            os.kill(process, signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def move(remote: Remote, way: str, text: Path, target: Path, progress: Progress | None = None) -> int:
    """Copy the file; give the bytes that it took on the link."""
    copy = remote.put if way == "put" else remote.get
    assert copy(text, to=target, progress=progress).ok
    assert target.read_bytes() == text.read_bytes()
    return remote.session.sent_bytes + remote.session.received_bytes


@WAYS
@pytest.mark.usefixtures("connect")
def test_nothing_is_compressed_within_this_machine_however_busy_it_is(
    daemon: Daemon, text: Path, tmp_path: Path, way: str
) -> None:
    with rsh.connect(daemon.host) as remote:
        if way == "put":
            with hardly_running(daemon.process.pid):
                taken = move(remote, way, text, tmp_path / "copy")
        else:
            taken = move(remote, way, text, tmp_path / "copy", Busy())
    assert taken > text.stat().st_size


@WAYS
@pytest.mark.usefixtures("connect")
def test_a_slow_link_is_relieved_although_it_seems_to_end_here(
    daemon: Daemon, text: Path, tmp_path: Path, way: str
) -> None:
    # It takes some megabytes to see that, and more of them where those at the ends hardly get the processor.
    text.write_bytes(text.read_bytes() * 3)
    with Proxy(daemon.host, rate=SLOW, queue=256 * 1024) as network, rsh.connect(network.host) as remote:
        assert move(remote, way, text, tmp_path / "copy") < text.stat().st_size * 3 // 4
