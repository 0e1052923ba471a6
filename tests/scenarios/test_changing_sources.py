"""A file that changes while it is copied is an error for that file, never a mixture; what is run again completes."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from tests.machines import SOON, Home
from tests.scenarios.trees import described

MIB = 1024 * 1024
SIZE = 6 * MIB
OLD = random.Random(1).randbytes(SIZE)  # large: a sync makes a patch of it


def words(way: str, source: Path, target: Path, host: str) -> list[str]:
    verb, _, up = way.partition(" ")
    tail = "/." if verb != "sync" else ""
    if verb == "put" or up == "up":
        return [verb, f"{source}{tail}", f"{host}:{target}"]
    return [verb, f"{host}:{source}{tail}", str(target)]


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shorten(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def rewrite(path: Path) -> None:
    """Change what was sent and what was not, and give the file its old time."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"rewritten")
        file.seek(-9, os.SEEK_END)
        file.write(b"rewritten")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("way", ["put", "get", "sync up", "sync down"])
@pytest.mark.parametrize("change", [append, shorten, empty, rewrite])
def test_file_that_changes_is_named_and_the_old_one_stays(
    me: Home, host: str, tmp_path: Path, way: str, change: Callable[[Path], None]
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for top, content in ((source, os.urandom(SIZE)), (target, OLD)):
        top.mkdir()
        (top / "large").write_bytes(content)
    (source / "small").write_text("comes all the same")
    part = target / os.fsdecode(part_name(b"large"))
    line = words(way, source, target, host)
    client = me.spawn(*line, "-q", "--limit", "2M", stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: part.exists() and part.stat().st_size >= MIB)
    change(source / "large")
    _, errors = client.communicate(timeout=SOON)
    assert (client.returncode, errors.count(b"\n")) == (1, 1), errors
    assert errors.endswith(b"large: File changed while it was read\n")
    assert (target / "large").read_bytes() == OLD
    assert sorted(os.listdir(target)) == ["large", "small"], "and no part, which would be of no use"
    done = me.rsh(*line)
    assert (done.returncode, done.stderr) == (0, b"")
    assert described(target) == described(source)


@pytest.mark.parametrize("way", ["put", "get", "sync up", "sync down"])
def test_file_that_is_replaced_meanwhile_is_named_as_well(me: Home, host: str, tmp_path: Path, way: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    content = os.urandom(SIZE)
    (source / "large").write_bytes(content)
    part = target / os.fsdecode(part_name(b"large"))
    line = words(way, source, target, host)
    client = me.spawn(*line, "-q", "--limit", "4M", stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: part.exists() and part.stat().st_size >= MIB)
    (source / "other").write_text("other")
    (source / "other").rename(source / "large")
    _, errors = client.communicate(timeout=SOON)
    # The file has lost its last name, and the kernel tells that as it tells any change.
    assert client.returncode == 1 and errors.endswith(b"large: File changed while it was read\n")
    assert not (target / "large").exists()
    assert me.rsh(*line).returncode == 0
    assert (target / "large").read_text() == "other"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
