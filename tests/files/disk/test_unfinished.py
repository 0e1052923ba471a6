from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.part_names import is_part
from rsh.files.disk.unfinished import is_unfinished, mark_unfinished, unmark_unfinished


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("source", [b"tree", b"x" * 255, b"\xff\n"])
def test_a_mark_holds_for_its_source_till_it_is_taken_away(directory: int, source: bytes) -> None:
    assert not is_unfinished(directory, source)
    mark_unfinished(directory, source)
    mark_unfinished(directory, source)
    assert is_unfinished(directory, source) and not is_unfinished(directory, b"other")
    (name,) = os.listdir(directory)
    assert is_part(os.fsencode(name)), "no copy takes it along"
    for _ in range(2):
        unmark_unfinished(directory, source)
    assert os.listdir(directory) == [] and not is_unfinished(directory, source)


@pytest.mark.parametrize("content", [b"", b"tre", b"tree2", None])
def test_what_is_no_mark_is_none(directory: int, tmp_path: Path, content: bytes | None) -> None:
    mark_unfinished(directory, b"tree")
    (mark,) = tmp_path.iterdir()
    mark.unlink()
    if content is None:
        os.mkfifo(mark)
    else:
        mark.write_bytes(content)
    assert not is_unfinished(directory, b"tree")


def test_a_mark_behind_a_symlink_is_none(directory: int, tmp_path: Path) -> None:
    mark_unfinished(directory, b"tree")
    (mark,) = tmp_path.iterdir()
    mark.rename(tmp_path / "elsewhere")
    mark.symlink_to("elsewhere")
    assert not is_unfinished(directory, b"tree")
