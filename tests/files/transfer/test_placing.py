"""Small files, symlinks and further names: there at once, and never over what was not looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.transfer.placing import Linked, place_link, place_small, place_symlink


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_small_file_is_placed_only_where_there_is_none(directory: int, tmp_path: Path) -> None:
    assert place_small(directory, b"x", b"new", 0o640, 7, sync=True)
    assert not place_small(directory, b"x", b"other", 0o640, 7, sync=False)
    assert (tmp_path / "x").read_bytes() == b"new" and (tmp_path / "x").stat().st_mtime_ns == 7
    assert os.listdir(tmp_path) == ["x"]


def test_symlink_and_link_replace_what_is_there(directory: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    linked = Linked(os.dup(directory), b"x", 1, (tmp_path / "x").stat().st_mtime_ns)
    with linked:
        for _ in range(2):
            place_symlink(directory, b"s", b"x", 5)
            place_link(directory, b"l", linked)
        (tmp_path / "l").unlink()
        (tmp_path / "l").write_text("other")
        place_link(directory, b"l", linked)
    assert os.readlink(tmp_path / "s") == "x" and (tmp_path / "l").samefile(tmp_path / "x")
    assert sorted(os.listdir(tmp_path)) == ["l", "s", "x"]
