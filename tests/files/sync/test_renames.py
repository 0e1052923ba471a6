from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.files.sync.renames import Renames


@pytest.fixture
def new(tmp_path: Path) -> os.stat_result:
    path = tmp_path / "new"
    path.write_bytes(b"12345")
    os.utime(path, ns=(7, 7))
    return path.stat()


def test_the_digest_decides_and_each_is_asked_for_once(new: os.stat_result) -> None:
    asked: list[bytes] = []
    answers = iter([b"other", b"right"])
    renames = Renames(asked.append, lambda: next(answers))
    for path, size in ((b"a", 5), (b"b", 6), (b"c", 5)):
        renames.add(path, size, 0)
    for _ in range(2):
        renames.prepare(b"x/new", new)
    assert asked == [b"a", b"c"]
    assert renames.find(b"x/new", new, lambda: b"right") == (b"c", b"right")
    assert renames.find(b"x/new", new, lambda: b"unknown") == (b"", b"")


def test_the_likeliest_are_asked_for_first(new: os.stat_result) -> None:
    asked: list[bytes] = []
    renames = Renames(asked.append, lambda: b"")
    for path, mtime in ((b"a", 0), (b"b", 1), (b"c", 2), (b"d/new", 3), (b"e", 7)):
        renames.add(path, 5, mtime)
    renames.prepare(b"x/new", new)
    assert asked == [b"e", b"d/new", b"a"]


def test_nothing_is_read_when_no_size_fits(new: os.stat_result) -> None:
    renames = Renames(lambda path: pytest.fail("asked"), pytest.fail)
    renames.add(b"a", 4, 7)
    renames.prepare(b"new", new)
    assert renames.find(b"new", new, pytest.fail) == (b"", b"")


def test_a_candidate_that_cannot_be_read_is_none(new: os.stat_result) -> None:
    renames = Renames(lambda path: None, lambda: b"")
    renames.add(b"a", 5, 7)
    renames.prepare(b"new", new)
    assert renames.find(b"new", new, lambda: b"") == (b"", b"")
