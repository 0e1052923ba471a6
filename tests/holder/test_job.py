"""The holder of a job by itself: what it writes and how it ends, without a daemon."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsh.holder import job_folder, watchers
from rsh.holder.job import STARTED
from rsh.holder.joblog import LEAST, Chunk, LogReader
from rsh.holder.starting import FOLDER
from rsh.server.jobs import BOOT
from tests.machines import SOON, wait_until_gone


class Holder:
    """A holder that was started as a daemon does."""

    def __init__(self, folder: Path, *command: str, timeout: float = 0.0) -> None:
        self.folder = folder
        self.lock = os.open(folder / job_folder.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / job_folder.SOCKET))
        listener.listen()
        words = [FOLDER, str(folder), str(listener.fileno()), str(LEAST), str(timeout), *command]
        starter = subprocess.run(
            [sys.executable, "-I", "-S", "-c", BOOT, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=(self.lock, listener.fileno()),
            start_new_session=True,
            timeout=SOON,
        )
        os.close(self.lock)
        listener.close()
        self.answer = starter.stdout.decode()

    def watch(self) -> socket.socket:
        watcher = socket.socket(socket.AF_UNIX)
        watcher.settimeout(SOON)
        watcher.connect(str(self.folder / job_folder.SOCKET))
        assert watcher.recv(1) == watchers.MORE, "it is let in"
        return watcher

    def end(self) -> dict[str, Any]:
        """Wait for its end and give what it wrote down."""
        with open(self.folder / job_folder.LOCK, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
        found: dict[str, Any] = json.loads((self.folder / job_folder.END).read_text())
        return found

    def log(self) -> list[Chunk]:
        reader = LogReader(str(self.folder))
        return [chunk for chunk in iter(reader.read, None) if chunk]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a short name: sockets are bound here by their paths."""
    yield tmp_path_factory.mktemp("j")


def test_output_and_end_stand_in_the_folder(folder: Path) -> None:
    holder = Holder(folder, "sh", "-c", "echo out; echo err >&2; exit 3")
    end = holder.end()
    assert holder.answer == STARTED
    assert (end["status"], end["signal"], end["why"], end["output"]) == (3, 0, "", 8)
    assert sorted((chunk.stream, chunk.data) for chunk in holder.log()) == [(1, b"out\n"), (2, b"err\n")]
    assert not (folder / job_folder.SOCKET).exists()


def test_what_cannot_be_started_is_told_by_name(folder: Path) -> None:
    assert Holder(folder, "/nonexistent").answer == "ENOENT"


def test_watchers_hear_of_output_and_of_the_end(folder: Path) -> None:
    os.mkfifo(folder / "gate")
    holder = Holder(folder, "sh", "-c", f"cat {folder}/gate; echo x")
    with holder.watch() as watcher, holder.watch() as other:
        (folder / "gate").write_text("more")
        assert watcher.recv(1) == watchers.MORE
        while watcher.recv(4096):
            pass
        while other.recv(4096):
            pass
    assert holder.end()["status"] == 0


def test_nonsense_from_a_watcher_is_nothing(folder: Path) -> None:
    os.mkfifo(folder / "gate")
    holder = Holder(folder, "cat", f"{folder}/gate")
    with holder.watch() as watcher:
        watcher.send(b"c" * 100)
        watcher.send(b"x" * watchers.CANCEL.size)
        (folder / "gate").write_text("more")
        assert watcher.recv(1) == watchers.MORE
    assert holder.end()["why"] == ""


def test_order_to_cancel_ends_all_descendants(folder: Path) -> None:
    line = f"(setsid sleep 1000 & echo $! > {folder}/pid); trap '' TERM; echo ready; while :; do sleep 1; done"
    holder = Holder(folder, "sh", "-c", line)
    with holder.watch() as watcher:
        while not holder.log():
            watcher.recv(1)
        watcher.send(watchers.CANCEL.pack(watchers.CANCEL_BYTE, 0.1))
        end = holder.end()
    assert (end["why"], end["signal"]) == ("cancelled", signal.SIGKILL)
    assert wait_until_gone(int((folder / "pid").read_text()))


def test_time_that_runs_out_is_told_apart(folder: Path) -> None:
    end = Holder(folder, "sleep", "1000", timeout=0.1).end()
    assert (end["why"], end["signal"]) == ("timeout", signal.SIGTERM)


def test_times_beyond_those_of_poll_are_kept(folder: Path) -> None:
    assert Holder(folder, "true", timeout=1e8).end()["status"] == 0


def test_command_gets_signals_as_anybody_has_them(folder: Path) -> None:
    holder = Holder(folder, "sh", "-c", "grep SigIgn /proc/self/status; grep SigBlk /proc/self/status")
    holder.end()
    shown = b"".join(chunk.data for chunk in holder.log()).split()
    libc = 0b11 << 31  # Signals 32 and 33 are the C library's own: make(1) has them ignored, and nobody can change it.
    assert [int(word, 16) & ~libc for word in shown[1::2]] == [0, 0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_end_is_known_though_the_disk_is_full(folder: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no mounting here")
    try:
        kept = f"until [ $(cat {folder}/output.* | wc -c) -ge 100000 ]; do sleep 0.01; done"
        full = f"head -c 9000000 /dev/zero > {folder}/full"
        line = f"head -c 100000 /dev/zero; {kept}; {full}; head -c 300000 /dev/zero; exit 3"
        holder = Holder(folder, "sh", "-c", line)
        end = holder.end()
        assert (end["status"], end["output"] >= 400_000) == (3, True)
        assert 100_000 <= sum(len(chunk.data) for chunk in holder.log()) < end["output"]
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
