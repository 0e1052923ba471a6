"""What dead writers have left, and what is none of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.leftovers import remove_leftover
from rsh.files.disk.part import Part
from rsh.files.disk.part_names import part_name
from rsh.files.transfer.placing import place_symlink

FAR_FUTURE = 2.0**40


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def test_leftovers_are_removed_when_they_are_old_and_their_writer_is_dead(directory: int, tmp_path: Path) -> None:
    alive = Part(directory, b"alive")
    dead = Part(directory, b"dead")
    dead.leave()
    place_symlink(directory, part_name(b"link"), b"target", 0)
    for name in (b"alive", b"dead", b"link"):
        remove_leftover(directory, part_name(name), 0.0)
    assert len(os.listdir(tmp_path)) == 3
    for name in (b"alive", b"dead", b"link"):
        remove_leftover(directory, part_name(name), FAR_FUTURE)
    assert os.listdir(tmp_path) == [os.fsdecode(part_name(b"alive"))]
    alive.discard()
