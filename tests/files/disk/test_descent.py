"""Where a walk stands: held by descriptors, few of them however deep it is, and never led out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.descent import DIRECTORY_FLAGS, KEPT, MAX_DEPTH, Descent
from tests.machines import descriptors


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Descent]:
    found = Descent(os.open(tmp_path, DIRECTORY_FLAGS))
    yield found
    found.close()


def deep(top: Path, levels: int) -> list[Path]:
    """Make directories below one another, each with a file that has the number of its level."""
    paths = [top]
    for level in range(levels):
        paths.append(paths[-1] / "d")
        paths[-1].mkdir()
        (paths[-1] / str(level)).touch()
    return paths


def test_few_descriptors_are_held_on_the_way_down_and_up(place: Descent, tmp_path: Path) -> None:
    deep(tmp_path, 100)
    before = descriptors(os.getpid())
    for level in range(100):
        place.enter(b"d")
        assert str(level) in os.listdir(place.fd) and descriptors(os.getpid()) <= before + KEPT
    for level in reversed(range(99)):
        place.leave()
        assert str(level) in os.listdir(place.fd) and descriptors(os.getpid()) <= before + KEPT + 1
    assert place.names == [b"d"]


def test_a_symlink_is_entered_only_by_who_was_asked_to(place: Descent, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(OSError, match="Not a directory"):
        place.enter(b"link")
    assert place.depth == 0
    following = Descent(os.dup(place.fd), follow=True)
    following.enter(b"link")
    assert following.names == [b"link"]
    following.close()


def test_a_directory_that_was_replaced_meanwhile_is_not_taken_for_the_old_one(place: Descent, tmp_path: Path) -> None:
    paths = deep(tmp_path, KEPT + 10)
    for _ in range(KEPT + 10):
        place.enter(b"d")
    paths[3].rename(tmp_path / "aside")
    (tmp_path / "elsewhere" / "d").mkdir(parents=True)
    paths[3].symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        while place.depth:
            place.leave()
    assert place.fd == -1
    with pytest.raises(OSError):
        place.enter(b"d")


def test_levels_that_two_places_share_are_counted(place: Descent, tmp_path: Path) -> None:
    deep(tmp_path, 2)
    place.enter(b"d")
    place.enter(b"d")
    shared = [place.shared(names) for names in ([], [b"d"], [b"d", b"x"], [b"d", b"d", b"e"], [b"x", b"d"])]
    assert shared == [0, 1, 1, 2, 0]


def test_a_place_below_the_top_is_opened_by_its_names(place: Descent, tmp_path: Path) -> None:
    deep(tmp_path, 3)
    fd = place.open_below([b"d", b"d"])
    assert "1" in os.listdir(fd)
    os.close(fd)
    before = descriptors(os.getpid())
    with pytest.raises(FileNotFoundError):
        place.open_below([b"d", b"none"])
    assert descriptors(os.getpid()) == before


def test_there_is_an_end_to_depth(place: Descent) -> None:
    place.names = [b"d"] * MAX_DEPTH
    with pytest.raises(OSError, match="too long"):
        place.enter(b"d")
    place.names = []


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    place = Descent(os.open(tmp_path, DIRECTORY_FLAGS))
    place.close()
    place.close()
    assert place.fd == -1
