"""Copies whose stdout takes no more: nobody reads it, or its disk is full. One line at most, and the right status."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.machines import Daemon, Home

FILES = 600  # enough for what is told of them to fill the buffer of stdout

LINES = pytest.mark.parametrize(
    "line",
    [
        "put -n {source} {host}:{target}",
        "put -n --json {source} {host}:{target}",
        "put --json {source} {host}:{target}",
        "get -n {host}:{source} {target}",
        "get --json {host}:{source} {target}",
        "get {host}:{source}/1 -",
        "cat {host}:{source}/1",
        "sync -n {source} {host}:{target}",
        "sync -i {source} {host}:{target}",
        "sync -n {host}:{source} {target}",
        "sync --json -i {host}:{source} {target}",
        "ls {host}:{source}",
        "find {host}:{source}",
    ],
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("closed") / "source"
    top.mkdir()
    for number in range(FILES):
        (top / str(number)).write_text("x" * 20_000 if number == 1 else "x")
    return top


def words(line: str, source: Path, target: Path, host: str) -> list[str]:
    return line.format(source=source, target=target, host=host).split()


@LINES
def test_a_reader_that_has_left_ends_it_without_a_word(
    me: Home, shared_daemon: Daemon, source: Path, tmp_path: Path, line: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = me.rsh(*words(line, source, tmp_path / "target", shared_daemon.host), stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)
    assert done.stderr == b""


@LINES
def test_a_full_disk_is_told_in_one_line(
    me: Home, shared_daemon: Daemon, source: Path, tmp_path: Path, line: str
) -> None:
    with open("/dev/full", "wb") as full:
        done = me.rsh(*words(line, source, tmp_path / "target", shared_daemon.host), stdout=full)
    assert done.returncode == 1
    assert done.stderr == b"rsh: %s: write error: No space left on device\n" % line.split()[0].encode()
