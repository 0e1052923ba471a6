"""Parts: found again by the name of their file, locked while their writer lives, never somebody else's file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.leftovers import adopt, remove_leftover
from rsh.files.disk.part import Part
from rsh.files.disk.part_names import part_name


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_part_is_placed_with_its_mode_and_time(directory: int, tmp_path: Path) -> None:
    part = Part(directory, b"x")
    part.write(b"content")
    part.place(0o7640, 5_000_000_001, sync=True)
    status = (tmp_path / "x").stat()
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o640, 5_000_000_001)
    assert os.listdir(tmp_path) == ["x"]


def test_part_that_was_left_is_found_and_can_be_gone_on_with(directory: int) -> None:
    first = Part(directory, b"x", resume=True)
    first.write(b"abc")
    first.leave()
    second = Part(directory, b"x", resume=True)
    assert second.size == 3
    second.leave()
    third = Part(directory, b"x")
    assert third.size == 0 and os.fstat(third.fd).st_size == 0
    third.discard()
    assert os.listdir(directory) == []


def test_two_writers_of_one_file_do_not_share_a_part(directory: int, tmp_path: Path) -> None:
    first, second = Part(directory, b"x", resume=True), Part(directory, b"x", resume=True)
    first.write(b"first")
    second.write(b"second")
    assert len(os.listdir(tmp_path)) == 2
    first.place(0o600, None, sync=False)
    assert (tmp_path / "x").read_bytes() == b"first"
    second.place(0o600, None, sync=False)
    assert (tmp_path / "x").read_bytes() == b"second" and os.listdir(tmp_path) == ["x"]


def test_part_whose_client_is_gone_is_taken_over_and_its_writer_hears_of_it(directory: int, tmp_path: Path) -> None:
    first = Part(directory, b"x", resume=True, forsaken=lambda: True)
    first.write(b"abc")
    second = Part(directory, b"x", resume=True)
    assert second.size == 3
    with pytest.raises(OSError, match="Stale"):
        first.write(b"def")
    with pytest.raises(OSError, match="Stale"):
        first.place(0o600, None, sync=False)
    first.leave()
    first.discard()
    second.write(b"ABC")
    second.place(0o600, None, sync=False)
    assert (tmp_path / "x").read_bytes() == b"ABC" and os.listdir(tmp_path) == ["x"]


def test_part_whose_client_is_there_is_not_taken_over(directory: int) -> None:
    first = Part(directory, b"x", resume=True, forsaken=lambda: False)
    second = Part(directory, b"x", resume=True)
    assert second.size == 0 and len(os.listdir(directory)) == 2
    first.discard()
    second.discard()


def test_part_under_a_name_of_chance_is_not_left(directory: int, tmp_path: Path) -> None:
    first, second = Part(directory, b"x"), Part(directory, b"x")
    second.leave()
    first.leave()
    assert os.listdir(tmp_path) == [os.fsdecode(part_name(b"x"))]


def test_part_under_a_name_of_chance_is_not_removed_while_it_is_written(directory: int, tmp_path: Path) -> None:
    first, second = Part(directory, b"x"), Part(directory, b"x")
    for name in os.listdir(tmp_path):
        remove_leftover(directory, os.fsencode(name), time.time() + 60)
    assert len(os.listdir(tmp_path)) == 2
    for part in (first, second):
        part.place(0o600, None, sync=False)
    assert os.listdir(tmp_path) == ["x"]


def test_part_that_was_claimed_before_is_gone_on_with(directory: int, tmp_path: Path) -> None:
    first = Part(directory, b"x")
    first.write(b"abc")
    first.leave()
    claimed = adopt(directory, part_name(b"x"))
    other = Part(directory, b"x", resume=True)
    assert other.size == 0, "it is locked"
    other.discard()
    part = Part(directory, b"x", resume=True, claimed=claimed)
    assert part.size == 3
    part.place(0o600, None, sync=False)
    assert os.listdir(tmp_path) == ["x"]


def test_part_that_was_claimed_and_is_gone_is_made_anew(directory: int, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(part_name(b"x"))).write_bytes(b"abc")
    claimed = adopt(directory, part_name(b"x"))
    (tmp_path / os.fsdecode(part_name(b"x"))).unlink()
    part = Part(directory, b"x", resume=True, claimed=claimed)
    assert part.size == 0
    part.discard()
    assert os.listdir(tmp_path) == []


def test_part_of_a_killed_process_is_free_at_once(directory: int, tmp_path: Path) -> None:
    code = "from rsh.files.disk.part import Part; part = Part(os.open(sys.argv[1], 0), b'x'); part.write(b'abc')"
    code = f"import os, sys; {code}; print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline()
        other = Part(directory, b"x", resume=True)
        assert other.size == 0
        other.discard()
        process.kill()
    part = Part(directory, b"x", resume=True)
    assert part.size == 3
    part.discard()


@pytest.mark.parametrize("kind", ["hard link", "symlink", "fifo", "directory"])
def test_what_only_looks_like_a_part_is_left_alone(directory: int, tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    trap = tmp_path / os.fsdecode(part_name(b"x"))
    if kind == "hard link":
        trap.hardlink_to(precious)
    elif kind == "symlink":
        trap.symlink_to(precious)
    elif kind == "fifo":
        os.mkfifo(trap)
    else:
        trap.mkdir()
    part = Part(directory, b"x")
    part.write(b"new")
    part.place(0o600, None, sync=False)
    assert precious.read_text() == "precious" and (tmp_path / "x").read_text() == "new"
    assert os.path.lexists(trap)
