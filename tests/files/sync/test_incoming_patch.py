"""Syncs of a large changed file that were interrupted: what was written is proved, and not sent a second time."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.errors import LinkError
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.part_names import part_name
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.report import Progress
from tests.files.pipes import PipeEnd, pipe_pair
from tests.files.syncs import alike, closing, sync
from tests.files.transfers import Background

SIZE = 8 * BLOCK + 12_345
CHANGED = 1000  # bytes that are new in each block
CAPACITY = 300_000
LITTLE = 200_000  # what may be sent beside what is asked for: blocks of the old file, records


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of which all is new."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "big").write_bytes(random.Random(1).randbytes(SIZE))
    return tmp_path / "source"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "big").write_bytes(random.Random(2).randbytes(SIZE))
    return tmp_path / "target"


def leave_part(source: Path, target: Path, size: int, wrong: tuple[int, ...] = ()) -> None:
    """Leave what a killed target would have left, with some bytes that are not the source's."""
    content = bytearray((source / "big").read_bytes()[:size])
    for position in wrong:
        content[position] ^= 1
    (target / os.fsdecode(part_name(b"big"))).write_bytes(content)


def sent(source: Path, target: Path, *, upward: bool = True) -> int:
    """Sync, check what came of it, and give how much was sent."""
    heard, *reports = sync(source, target, upward=upward)
    assert all(report.ok for report in reports)
    assert alike(source, target) and os.listdir(target) == ["big"]
    return heard.bytes


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("size", [0, 1, 1024, BLOCK - 1, BLOCK, 4 * BLOCK + 7, SIZE - 1, SIZE])
def test_what_was_written_is_not_sent_again(source: Path, target: Path, size: int, upward: bool) -> None:
    leave_part(source, target, size)
    assert sent(source, target, upward=upward) == SIZE - size // BLOCK * BLOCK


@pytest.mark.parametrize("wrong", [0, 4 * BLOCK, 8 * BLOCK - 1])
def test_wrong_block_is_sent_again_and_no_other(source: Path, target: Path, wrong: int) -> None:
    leave_part(source, target, SIZE, (wrong,))
    assert sent(source, target) == BLOCK + SIZE % BLOCK


def test_part_that_is_longer_than_the_file_is_cut(source: Path, target: Path) -> None:
    leave_part(source, target, SIZE)
    os.truncate(target / os.fsdecode(part_name(b"big")), 2 * SIZE)
    assert sent(source, target) == SIZE % BLOCK


def test_blocks_of_the_old_file_are_found_behind_those_that_were_written(source: Path, target: Path) -> None:
    old = (target / "big").read_bytes()
    new = bytearray(old)
    for block in range(8):
        new[block * BLOCK + 5 : block * BLOCK + 5 + CHANGED] = bytes(CHANGED)
    (source / "big").write_bytes(new[:BLOCK] + b"inserted" + new[BLOCK:])
    leave_part(source, target, 3 * BLOCK, (2 * BLOCK + 5,))
    assert sent(source, target) < LITTLE


def test_holes_stay_holes_where_a_part_had_data(source: Path, target: Path) -> None:
    for top, tail in ((source, b"new"), (target, b"old")):
        with (top / "big").open("wb") as file:
            file.write(b"begin" * 20_000)
            file.truncate(6 * BLOCK)
            file.seek(0, 2)
            file.write(tail)
    (target / os.fsdecode(part_name(b"big"))).write_bytes(b"junk" * BLOCK)
    assert sent(source, target) < LITTLE
    assert (target / "big").stat().st_blocks * 512 < 2 * BLOCK


class Cutting(Progress):
    """Cuts the pipe once so much has arrived."""

    def __init__(self, pipe: PipeEnd, after: int) -> None:
        self._pipe = pipe
        self._left = after

    def moved(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            self._pipe.close()


@pytest.mark.parametrize("after", [0, 1024, 3 * BLOCK + 5, 7 * BLOCK])
def test_cut_sync_leaves_a_part_worth_going_on_with_or_none_and_the_old_file(
    source: Path, target: Path, after: int
) -> None:
    old = (target / "big").read_bytes()
    near, far = pipe_pair(CAPACITY)
    wishes, cutting = Wishes(), Cutting(far, after)
    receiving = Background(lambda: closing(far, lambda: sync_to(far, bytes(target), wishes, progress=cutting)))
    with pytest.raises(LinkError):
        sync_from(near, bytes(source), wishes, upward=True)
    with pytest.raises(LinkError):
        receiving.result()
    assert (target / "big").read_bytes() == old
    left = [name for name in os.listdir(target) if name != "big"]
    assert left == ([os.fsdecode(part_name(b"big"))] if after >= BLOCK else [])
    assert sent(source, target) <= SIZE - after // BLOCK * BLOCK


def test_digest_of_the_whole_decides_whatever_was_said_of_the_part(source: Path, target: Path) -> None:
    """A block that changes between the proof and its use does not get the name."""
    old = (target / "big").read_bytes()
    leave_part(source, target, SIZE)
    part = target / os.fsdecode(part_name(b"big"))

    class Spoiling(Progress):
        def started(self, path: bytes, size: int) -> None:
            with part.open("r+b") as file:
                file.write(b"spoilt")

    near, far = pipe_pair(BLOCK)
    wishes = Wishes()
    receiving = Background(lambda: closing(far, lambda: sync_to(far, bytes(target), wishes, progress=Spoiling())))
    report = sync_from(near, bytes(source), wishes, upward=True)
    receiving.result()
    assert [error.error for error in report.failures] == ["EDIGEST"]
    assert (target / "big").read_bytes() == old and os.listdir(target) == ["big"]
    assert xxh3_128_digest(old) != xxh3_128_digest((source / "big").read_bytes())
