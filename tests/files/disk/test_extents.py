"""Sparse files: their data is found, and holes are made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.extents import data_ranges, make_hole

MIB = 1024 * 1024


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


def ranges(fd: int) -> list[tuple[int, int]]:
    return list(data_ranges(fd, os.fstat(fd)))


def test_dense_file_is_one_range(fd: int) -> None:
    os.write(fd, b"x" * MIB)
    assert ranges(fd) == [(0, MIB)]


def test_empty_file_has_no_data(fd: int) -> None:
    assert [end for _, end in ranges(fd)] in ([], [0])


def test_nothing_but_a_hole_has_no_range(fd: int) -> None:
    os.ftruncate(fd, 2**40)
    assert ranges(fd) == []


def test_data_between_holes_is_found(fd: int) -> None:
    os.ftruncate(fd, 100 * MIB)
    os.pwrite(fd, b"x" * MIB, 10 * MIB)
    os.pwrite(fd, b"x" * MIB, 50 * MIB)
    assert ranges(fd) == [(10 * MIB, 11 * MIB), (50 * MIB, 51 * MIB)]


def test_data_at_the_end_is_found(fd: int) -> None:
    os.pwrite(fd, b"x" * MIB, 10 * MIB)
    assert ranges(fd) == [(10 * MIB, 11 * MIB)]


def test_file_cut_meanwhile_ends_the_ranges(fd: int) -> None:
    os.ftruncate(fd, 100 * MIB)
    os.pwrite(fd, b"x" * MIB, 50 * MIB)
    before = os.fstat(fd)
    os.ftruncate(fd, MIB)
    assert list(data_ranges(fd, before)) == []


def test_hole_reads_as_zeros_and_takes_no_room(fd: int) -> None:
    os.write(fd, b"x" * 10 * MIB)
    make_hole(fd, MIB, 8 * MIB)
    assert os.pread(fd, 10 * MIB, 0) == b"x" * MIB + bytes(8 * MIB) + b"x" * MIB
    assert os.fstat(fd).st_blocks * 512 < 3 * MIB and os.fstat(fd).st_size == 10 * MIB
