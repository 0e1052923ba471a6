"""Where what arrives is put: levels, what is skipped, and the way back to what came earlier."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.errors import FileError, ProtocolError
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.landing import Landing
from rsh.files.transfer.target import open_target
from tests.machines import obeying_permissions


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


@pytest.fixture
def landing(target: Path) -> Iterator[Landing]:
    place = Landing(open_target(bytes(target), 1))
    yield place
    place.close()


def enter(landing: Landing, *names: str, mode: int = 0o755) -> None:
    for name in names:
        landing.enter(0, os.fsencode(name), mode, 5)


def test_directories_get_mode_and_time_when_they_are_left(landing: Landing, target: Path) -> None:
    enter(landing, "a", "b", mode=0o750)
    assert (target / "a" / "b").stat().st_mode & 0o777 == 0o700 and landing.fresh
    (target / "a" / "b" / "file").touch()
    landing.leave()
    landing.leave()
    for path in (target / "a", target / "a" / "b"):
        assert (path.stat().st_mode & 0o777, path.stat().st_mtime_ns) == (0o750, 5)
    assert landing.depth == 0


def test_below_what_is_no_directory_all_is_skipped_up_to_its_end(landing: Landing, target: Path) -> None:
    (target / "a").mkdir()
    (target / "a" / "file").touch()
    enter(landing, "a")
    with pytest.raises(NotADirectoryError):
        enter(landing, "file")
    enter(landing, "deeper")
    assert (landing.depth, landing.skipping) == (3, True)
    landing.leave()
    landing.leave()
    assert (landing.depth, landing.skipping) == (1, False)
    assert landing.shown(b"x") == bytes(target) + b"/a/x" and landing.from_source(b"x") == b"x"
    enter(landing, "b")
    assert landing.from_source(b"x") == b"b/x"


def test_a_symlink_is_no_directory(landing: Landing, target: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (target / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="Not a directory"):
        enter(landing, "link")
    assert os.listdir(tmp_path / "outside") == []


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_what_is_never_replaced_is_an_error_of_its_name(landing: Landing, target: Path, kind: str) -> None:
    (target / "x").mkdir() if kind == "directory" else os.mkfifo(target / "x")
    with pytest.raises((OSError, FileError)):
        landing.spot(b"x")


def test_what_came_earlier_is_found_under_the_name_that_it_got(target: Path) -> None:
    (target / "d").mkdir()
    (target / "d" / "x.txt").touch()
    landing = Landing(open_target(bytes(target), 1), Conflicts("rename"))
    enter(landing, "d")
    assert landing.spot(b"x.txt", mtime_ns=5).name == b"x.1.txt"
    fd, name = landing.open_earlier(b"x.txt")
    assert name == b"x.1.txt" and os.path.sameopenfile(fd, landing.here)
    os.close(fd)
    landing.close()


@pytest.mark.parametrize("path", [b"..", b"../x", b"/x", b"", b"a//x", b"a/../x", b"a\0"])
def test_no_path_leads_out(landing: Landing, path: bytes) -> None:
    enter(landing, "d")
    with pytest.raises(ProtocolError):
        landing.open_earlier(path)


def test_only_a_read_only_directory_that_was_made_here_is_opened_again(landing: Landing, target: Path) -> None:
    (target / "theirs").mkdir(mode=0o555)
    with obeying_permissions():
        for _ in range(2):
            enter(landing, "ours", mode=0o555)
            (target / "ours" / "new").touch()
            (target / "ours" / "new").unlink()
            landing.leave()
            enter(landing, "theirs", mode=0o555)
            with pytest.raises(PermissionError):
                (target / "theirs" / "new").touch()
            landing.leave()
    assert (target / "ours").stat().st_mode & 0o777 == 0o555


def test_closing_gives_directories_their_modes_although_the_transfer_broke_off(landing: Landing, target: Path) -> None:
    enter(landing, "a", "b", mode=0o711)
    landing.close()
    assert (target / "a").stat().st_mode & 0o777 == (target / "a" / "b").stat().st_mode & 0o777 == 0o711
