"""Transfers that were interrupted and run again: what is there is proved, wrong blocks are sent again."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path
from typing import Final

import pytest

from rsh.errors import LinkError
from rsh.files.disk.digest import BLOCK
from rsh.files.disk.part_names import part_name
from rsh.files.transfer.receiver import receive
from rsh.files.transfer.report import Progress
from rsh.files.transfer.sender import send
from rsh.protocol.frames import Buffer
from tests.files.pipes import PipeEnd, pipe_pair
from tests.files.transfers import Background, snapshot, transfer
from tests.machines import SOON

SIZE = 8 * BLOCK + 12_345
CAPACITY = 300_000
DIGEST = 16  # bytes of the digest of a block


class Listening(Progress):
    """A sender's pipe and progress: counts what is written, and after a block waits for what the receiver has."""

    frame: Final = PipeEnd.frame

    def __init__(self, pipe: PipeEnd, *, digests: int) -> None:
        """Prepare.

        Args:
            digests: of blocks, which the receiver will tell.
        """
        self._pipe = pipe
        self._due = digests * DIGEST  # bytes that have to come
        self._heard = threading.Event()
        self.written = 0

    def read(self, lane: int = 0) -> Buffer:
        if self._due <= 0:  # what came before has been taken
            self._heard.set()
        piece = self._pipe.read(lane)
        self._due -= len(piece)
        return piece

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        self.written += sum(map(len, parts))
        self._pipe.write(*parts, lane=lane)

    def end(self, lane: int = 0) -> None:
        self._pipe.end(lane)

    def close(self) -> None:
        self._pipe.close()

    def moved(self, count: int) -> None:
        assert self._heard.wait(SOON)


@pytest.fixture
def source(tmp_path: Path) -> bytes:
    (tmp_path / "file").write_bytes(random.Random(1).randbytes(SIZE))
    return os.fsencode(tmp_path / "file")


@pytest.fixture
def target(tmp_path: Path) -> bytes:
    (tmp_path / "target").mkdir()
    return os.fsencode(tmp_path / "target")


def leave_part(source: bytes, target: bytes, size: int, wrong: tuple[int, ...] = ()) -> None:
    """Leave what a killed receiver would have left, with some bytes that are not the source's."""
    with open(source, "rb") as file, open(target + b"/" + part_name(b"file"), "wb") as part:
        content = bytearray(file.read(size))
        for position in wrong:
            content[position] ^= 1
        part.write(content)


def sent_bytes(source: bytes, target: bytes) -> int:
    """Transfer, check what arrived, and give how much was sent for it."""
    near, far = pipe_pair(CAPACITY)
    part = target + b"/" + part_name(b"file")
    there = min(os.path.getsize(part), SIZE) if os.path.exists(part) else 0
    sender = Listening(near, digests=there // BLOCK)
    receiving = Background(lambda: receive(far, target, durability="none"))
    assert send(sender, [source], progress=sender).ok and receiving.result().ok
    with open(source, "rb") as one, open(target + b"/file", "rb") as other:
        assert one.read() == other.read()
    assert os.listdir(target) == [b"file"]
    return sender.written


# The block that is sent before it is known that there is a part, the last one of a part, and records.
AHEAD = 2 * BLOCK + 4096


@pytest.mark.parametrize("size", [0, 1, 1024, BLOCK - 1, BLOCK, 4 * BLOCK, SIZE - 1, SIZE])
def test_part_of_any_length_is_gone_on_with(source: bytes, target: bytes, size: int) -> None:
    leave_part(source, target, size)
    assert sent_bytes(source, target) <= SIZE - size + AHEAD


def test_part_longer_than_the_file_is_cut(source: bytes, target: bytes) -> None:
    leave_part(source, target, SIZE)
    os.truncate(target + b"/" + part_name(b"file"), 2 * SIZE)
    sent_bytes(source, target)


@pytest.mark.parametrize("wrong", [0, 4 * BLOCK, 8 * BLOCK - 1, 8 * BLOCK + 3])
def test_wrong_block_of_a_part_is_sent_again_and_no_other(source: bytes, target: bytes, wrong: int) -> None:
    leave_part(source, target, SIZE, (wrong,))
    assert sent_bytes(source, target) <= 2 * BLOCK + AHEAD


def test_part_of_another_file_is_written_over(source: bytes, target: bytes) -> None:
    leave_part(source, target, SIZE, tuple(range(0, SIZE, BLOCK // 2)))
    assert sent_bytes(source, target) >= SIZE


def test_source_changed_since_is_repaired(source: bytes, target: bytes) -> None:
    leave_part(source, target, 6 * BLOCK)
    with open(source, "r+b") as file:
        file.seek(5 * BLOCK)
        file.write(b"changed since")
        file.truncate(7 * BLOCK)
    assert sent_bytes(source, target) <= 2 * BLOCK + AHEAD


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
def test_cut_transfer_leaves_a_part_worth_going_on_with_or_none_and_the_old_file(
    source: bytes, target: bytes, after: int
) -> None:
    with open(target + b"/file", "wb") as file:
        file.write(b"old")
    near, far = pipe_pair(CAPACITY)
    receiving = Background(lambda: receive(far, target, progress=Cutting(far, after)))
    with pytest.raises(LinkError):
        send(near, [source])
    with pytest.raises(LinkError):
        receiving.result()
    with open(target + b"/file", "rb") as file:
        assert file.read() == b"old"
    left = [name for name in os.listdir(target) if name != b"file"]
    assert left == ([part_name(b"file")] if after >= BLOCK else [])
    assert sent_bytes(source, target) <= SIZE - after + BLOCK + AHEAD


def test_sparse_file_stays_sparse_and_resumes_over_data(tmp_path: Path, target: bytes) -> None:
    source = os.fsencode(tmp_path / "file")
    with open(source, "wb") as file:
        for position in (0, 3 * BLOCK + 4096, 2**32):
            file.seek(position)
            file.write(b"data" * 4096)
        file.truncate(2**32 + 5 * BLOCK)
    with open(target + b"/" + part_name(b"file"), "wb") as file:
        file.write(b"junk" * BLOCK)
    assert transfer([source], target)[0].ok
    status = os.stat(target + b"/file")
    assert status.st_size == 2**32 + 5 * BLOCK and status.st_blocks * 512 < 5 * BLOCK
    for position in (0, BLOCK, 3 * BLOCK, 3 * BLOCK + 4096, 2**32, 2**32 + 4 * BLOCK):
        with open(source, "rb") as one, open(target + b"/file", "rb") as other:
            one.seek(position)
            other.seek(position)
            assert one.read(70_000) == other.read(70_000)


@pytest.mark.parametrize("size", [70_000, BLOCK, 2**40])
def test_file_that_is_one_hole_arrives(tmp_path: Path, target: bytes, size: int) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", size)
    assert transfer([os.fsencode(tmp_path / "file")], target)[0].bytes == size
    status = os.stat(target + b"/file")
    assert (status.st_size, status.st_blocks) == (size, 0)


def test_leftover_of_a_small_file_is_written_over(tmp_path: Path, target: bytes) -> None:
    (tmp_path / "file").write_bytes(b"small")
    with open(target + b"/" + part_name(b"file"), "wb") as part:
        part.write(b"much longer than that")
    assert transfer([os.fsencode(tmp_path / "file")], target)[0].ok
    assert os.listdir(target) == [b"file"] and snapshot(target)[b"file"][2] == b"small"
