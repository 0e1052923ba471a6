from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsh.files.sync.blocks import Old, Piece, block_size, compare, sign

MIB = 1024 * 1024
BLOCK = 4096
OLD = random.Random(1).randbytes(2 * MIB + 777)


def signature(path: Path, block: int, blocks: int = 2**40) -> Old:
    fd = os.open(path, os.O_RDONLY)
    records = list(sign(fd, block, blocks))
    os.close(fd)
    assert [record.more for record in records] == [True] * (len(records) - 1) + [False]
    hashes, anchors = (b"".join(getattr(record, name) for record in records) for name in ("hashes", "anchors"))
    return Old(records[-1].size, block, hashes, anchors)


def pieces(tmp_path: Path, old: bytes, new: bytes, block: int = BLOCK) -> list[Piece]:
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "new").write_bytes(new)
    fd = os.open(tmp_path / "new", os.O_RDONLY)
    found = [
        Piece(bytes(piece.content), piece.offset) for piece in compare(fd, len(new), signature(tmp_path / "old", block))
    ]
    os.close(fd)
    assert b"".join(piece.content for piece in found) == new
    for piece in found:
        assert piece.offset < 0 or old[piece.offset : piece.offset + len(piece.content)] == piece.content
    return found


def sent(tmp_path: Path, old: bytes, new: bytes, block: int = BLOCK) -> int:
    return sum(len(piece.content) for piece in pieces(tmp_path, old, new, block) if piece.offset < 0)


def test_nothing_is_sent_of_the_same_file(tmp_path: Path) -> None:
    assert sent(tmp_path, OLD, OLD) == 0


def test_a_change_in_place_costs_its_blocks(tmp_path: Path) -> None:
    new = bytearray(OLD)
    for at in (0, 1_000_000, 1_000_001, len(OLD) - 1):
        new[at] ^= 1
    assert sent(tmp_path, OLD, bytes(new)) == 2 * BLOCK + len(OLD) % BLOCK


@pytest.mark.parametrize("count", [1, 100, BLOCK, 5000, 300_000, MIB + 5])
@pytest.mark.parametrize("at", [0, 5, 500_000])
def test_an_insertion_costs_little_more_than_itself(at: int, count: int, tmp_path: Path) -> None:
    inserted = random.Random(2).randbytes(count)
    new = OLD[:at] + inserted + OLD[at:]
    assert sent(tmp_path, OLD, new) <= count + 300 * BLOCK * (count > MIB) + 3 * BLOCK


@pytest.mark.parametrize("count", [1, 100, BLOCK, 5000, 300_000, MIB + 5])
@pytest.mark.parametrize("at", [0, 5, 500_000])
def test_a_deletion_costs_next_to_nothing(at: int, count: int, tmp_path: Path) -> None:
    new = OLD[:at] + OLD[at + count :]
    assert sent(tmp_path, OLD, new) <= 3 * BLOCK


def test_what_was_appended_cut_off_or_moved_is_found(tmp_path: Path) -> None:
    assert sent(tmp_path, OLD, OLD + b"more") <= BLOCK
    assert sent(tmp_path, OLD, OLD[:1_000_001]) <= BLOCK
    assert sent(tmp_path, OLD, OLD[MIB:] + OLD[:MIB]) <= 3 * BLOCK


def test_text_that_repeats_itself_is_found_again(tmp_path: Path) -> None:
    lines = b"".join(b"2026-11-21 12:%05d worker said hello\n" % (number // 9) for number in range(50_000))
    new = lines[:700_000] + b"a new line\n" + lines[700_000:]
    assert sent(tmp_path, lines, new) < 60_000


@pytest.mark.parametrize(
    ("old", "new"), [(b"", b"x" * 10_000), (b"x" * 10_000, b""), (bytes(MIB), OLD), (OLD, bytes(MIB))]
)
def test_files_without_anything_in_common_are_no_trouble(old: bytes, new: bytes, tmp_path: Path) -> None:
    assert sent(tmp_path, old, new) == len(new)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 120_000), st.integers(0, 9000), st.binary(max_size=9000)), max_size=4),
    st.sampled_from([b"", bytes(100_000), OLD[:100_000], b"line\n" * 20_000]),
)
def test_whatever_was_done_to_a_file_it_is_put_together_again(
    tmp_path: Path, edits: list[tuple[int, int, bytes]], old: bytes
) -> None:
    new = old
    for at, removed, inserted in edits:
        new = new[:at] + inserted + new[at + removed :]
    pieces(tmp_path, old, new)


def test_a_file_that_gets_shorter_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    fd = os.open(path, os.O_RDONLY)
    assert sum(len(piece.content) for piece in compare(fd, 2 * len(OLD), signature(path, BLOCK))) == len(OLD)
    os.close(fd)


def test_blocks_grow_with_the_file() -> None:
    sizes = (0, MIB, 64 * MIB, 1024 * MIB, 2**40, 2**50)
    assert [block_size(size) for size in sizes] == [4096, 4096, 4096, 16384, 524288, 1048576]


@pytest.mark.parametrize("block", [BLOCK, MIB])
def test_what_is_beyond_the_blocks_that_were_asked_for_is_told_by_the_size_alone(tmp_path: Path, block: int) -> None:
    path = tmp_path / "old"
    path.write_bytes(OLD)
    told = signature(path, block, 2)
    assert (told.size, told.hashes) == (len(OLD), signature(path, block).hashes[:16])
    path.write_bytes(OLD[: 2 * block])
    assert signature(path, block, 2) == signature(path, block)
    path.write_bytes(OLD[: block + 1])
    assert signature(path, block, 2) == signature(path, block)
