from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.descent import KEPT, MAX_DEPTH, Descent
from rsh.files.disk.part_names import part_name
from rsh.files.disk.tree import Step, walk
from tests.machines import descriptors


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Descent]:
    descent = Descent(os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY))
    yield descent
    descent.close()


def deepen(top: Path, levels: int) -> None:
    for level in range(levels):
        top = top / f"{level}"
        top.mkdir()
        (top / "z").touch()


def test_walk_is_in_order_and_tells_kinds(tmp_path: Path, place: Descent) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "f").touch()
    (tmp_path / "a").symlink_to("d")
    os.mkfifo(tmp_path / "z")
    assert [(step, name) for step, name, _ in walk(place)] == [
        (Step.SYMLINK, b"a"),
        (Step.DIRECTORY, b"d"),
        (Step.DIRECTORY, b"e"),
        (Step.LEFT, b"e"),
        (Step.FILE, b"f"),
        (Step.LEFT, b"d"),
        (Step.SPECIAL, b"z"),
    ]


def test_deep_walk_keeps_few_descriptors(tmp_path: Path, place: Descent) -> None:
    deepen(tmp_path, 100)
    before = descriptors(os.getpid())
    open_files = []
    files = 0
    for step, name, _ in walk(place):
        open_files.append(descriptors(os.getpid()) - before)
        if step is Step.FILE:
            os.stat(name, dir_fd=place.fd, follow_symlinks=False)
            files += 1
    assert files == 100 and max(open_files) <= KEPT
    assert place.names == []


@pytest.mark.parametrize("swap", ["symlink", "directory"])
def test_directory_replaced_behind_our_back_is_not_entered_again(tmp_path: Path, place: Descent, swap: str) -> None:
    deepen(tmp_path, 40)
    (tmp_path / "outside").mkdir()
    for level in range(40):
        place.enter(b"%d" % level)
    moved = tmp_path / "0" / "1"
    moved.rename(tmp_path / "moved")
    if swap == "symlink":
        moved.symlink_to(tmp_path / "moved")
    else:
        for level in range(1, 40):
            moved.mkdir()
            moved = moved / str(level + 1)
    lost = []
    while place.names:
        try:
            place.leave()
        except OSError as error:
            lost.append(error)
            assert place.fd == -1
    assert lost


def test_walk_goes_on_when_a_directory_is_swapped_for_a_symlink(tmp_path: Path, place: Descent) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").touch()
    found = []
    for step, name, error in walk(place):
        found.append((step, name, error))
        if name == b"a":
            (tmp_path / "b").rmdir()
            (tmp_path / "b").symlink_to("/")
    assert found[1:] == [(Step.UNREADABLE, b"b", "ENOTDIR"), (Step.FILE, b"c", "")]


def test_enter_refuses_endless_depth(place: Descent) -> None:
    for _ in range(MAX_DEPTH):
        place.enter(b".")
    with pytest.raises(OSError, match="too long"):
        place.enter(b".")


def test_walk_passes_over_parts_of_transfers_if_they_are_not_wanted(tmp_path: Path, place: Descent) -> None:
    part = tmp_path / os.fsdecode(part_name(b"x"))
    part.write_text("half")
    (tmp_path / ".x.rsh-00000000.part").write_text("the user's")
    (tmp_path / "x").touch()
    assert [name for _, name, _ in walk(place)] == sorted(map(os.fsencode, os.listdir(tmp_path)))
    assert [name for _, name, _ in walk(place, parts=False)] == [b".x.rsh-00000000.part", b"x"]
    part.unlink()
    part.mkdir()
    assert [step for step, _, _ in walk(place, parts=False)][:2] == [Step.FILE, Step.DIRECTORY]
