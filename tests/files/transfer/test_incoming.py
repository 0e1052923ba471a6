from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.errors import ProtocolError
from rsh.files.disk.digest import BLOCK, BlockDigest
from rsh.files.disk.part_names import part_name
from rsh.files.transfer.incoming import Incoming, check_room
from rsh.protocol.transfer_records import File

BLOCKS = b"".join(bytes([65 + number]) * BLOCK for number in range(3))
PART = os.fsdecode(part_name(b"file"))


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def incoming(directory: int, size: int, room: int = 0) -> Incoming:
    file = Incoming(File(b"file", 0o644, 0, size, room), 0, None)
    file.open(directory, b"file")
    return file


def digest(content: bytes) -> bytes:
    whole = BlockDigest()
    whole.update(content)
    return whole.digest()


def placed(file: Incoming, directory: Path, content: bytes) -> bool:
    """Finish a file; tell whether it was right, and is there."""
    if not file.finish(digest(content)) or not file.part:
        return False
    file.part.place(0o644, 0, sync=False)
    return (directory / "file").read_bytes() == content


def test_content_and_holes_make_a_file_in_any_order(directory: int, tmp_path: Path) -> None:
    content = bytes(5000) + b"x" * 3000 + bytes(BLOCK) + b"end" + bytes(7)
    file = incoming(directory, len(content))
    file.hole(5000)
    file.content(memoryview(b"x" * 3000))
    file.hole(BLOCK)
    file.content(memoryview(b"end"))
    file.hole(7)
    assert placed(file, tmp_path, content)


def test_what_a_part_holds_is_told_and_kept(directory: int, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(BLOCKS[: 2 * BLOCK] + b"half a block")
    file = incoming(directory, len(BLOCKS))
    assert b"".join(file.held()) == b"".join(xxh3_128_digest(BLOCKS[at : at + BLOCK]) for at in (0, BLOCK))
    file.content(memoryview(b"Z" * BLOCK))  # the first block is sent all the same
    file.same(BLOCK)
    file.content(memoryview(BLOCKS[2 * BLOCK :]))
    assert placed(file, tmp_path, b"Z" * BLOCK + BLOCKS[BLOCK:])


def test_a_hole_where_a_part_had_data_is_one(directory: int, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(BLOCKS)
    file = incoming(directory, 2 * BLOCK)
    list(file.held())
    file.same(BLOCK)
    file.hole(BLOCK)
    assert placed(file, tmp_path, BLOCKS[:BLOCK] + bytes(BLOCK))


def test_a_part_that_is_longer_is_cut(directory: int, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(BLOCKS)
    file = incoming(directory, 5)
    file.content(memoryview(b"12345"))
    assert placed(file, tmp_path, b"12345")


def test_a_part_that_is_not_what_was_told_is_found_out(directory: int, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(BLOCKS[:BLOCK])
    file = incoming(directory, BLOCK)
    list(file.held())
    file.same(BLOCK)
    assert not file.finish(digest(b"other" * (BLOCK // 5)))
    file.drop()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["content", "hole", "same"])
def test_more_than_was_announced_is_a_violation(directory: int, step: str) -> None:
    file = incoming(directory, 3)
    with pytest.raises(ProtocolError, match="more content"):
        getattr(file, step)(memoryview(b"1234") if step == "content" else 4)
    file.drop()


def test_less_than_was_announced_is_a_violation(directory: int) -> None:
    file = incoming(directory, 3)
    file.content(memoryview(b"12"))
    with pytest.raises(ProtocolError, match="less content"):
        file.finish(digest(b"12"))
    file.drop()


@pytest.mark.parametrize(("before", "length"), [(0, 2 * BLOCK), (0, 100), (1, BLOCK)])
def test_blocks_that_the_part_has_not_are_a_violation(directory: int, tmp_path: Path, before: int, length: int) -> None:
    (tmp_path / PART).write_bytes(BLOCKS[:BLOCK])
    file = incoming(directory, len(BLOCKS))
    list(file.held())
    if before:
        file.hole(before)
    with pytest.raises(ProtocolError, match="not there"):
        file.same(length)
    file.drop()


@pytest.mark.parametrize(("size", "left"), [(BLOCK - 1, []), (BLOCK, [PART])])
def test_a_part_is_left_if_it_saves_something(directory: int, tmp_path: Path, size: int, left: list[str]) -> None:
    file = incoming(directory, 2 * BLOCK)
    file.content(memoryview(BLOCKS[:size]))
    file.drop(leave=True)
    file.drop(leave=True)
    assert os.listdir(tmp_path) == left


def test_what_follows_a_failure_is_dropped(directory: int, tmp_path: Path) -> None:
    file = incoming(directory, 2 * BLOCK)
    file.drop()
    file.content(memoryview(BLOCKS[:BLOCK]))
    file.hole(BLOCK - 1)
    file.hole(1)
    assert not file.finish(digest(BLOCKS)) and list(file.held()) == []
    assert os.listdir(tmp_path) == []


def test_there_is_no_room_for_what_is_larger_than_the_disk(directory: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        check_room(directory, 2**50)
    file = Incoming(File(b"file", 0o644, 0, 2**50, 2**50), 0, None)
    with pytest.raises(OSError, match="No space"):
        file.open(directory, b"file")
    file.drop()
    assert os.listdir(tmp_path) == []
