from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.upkeep.changes import make_directories, move, remove
from rsh.protocol.record_stream import Failure
from tests.files.transfers import snapshot


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "leaf").write_bytes(b"leaf")
    (tmp_path / "file").write_bytes(b"file")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary").write_bytes(b"alive")
    (tmp_path / "tree" / "link").symlink_to("../outside")
    os.mkfifo(tmp_path / "tree" / "fifo")
    return os.fsencode(tmp_path)


@pytest.fixture
def elsewhere() -> Iterator[bytes]:
    """A directory on another file system."""
    import shutil
    import tempfile

    path = tempfile.mkdtemp(dir="/dev/shm")
    yield os.fsencode(path)
    shutil.rmtree(path)


def test_tree_is_removed_and_its_links_are_not_followed(top: bytes) -> None:
    assert list(remove([b"tree", b"file"], directory=top, recursive=True)) == []
    assert os.listdir(top) == [b"outside"] and os.listdir(top + b"/outside") == [b"canary"]


def test_link_to_a_directory_is_removed_itself(top: bytes) -> None:
    assert list(remove([b"tree/link"], directory=top, recursive=True)) == []
    assert os.listdir(top + b"/outside") == [b"canary"]


@pytest.mark.parametrize(
    ("path", "error"),
    [(b"tree", "EISDIR"), (b"missing", "ENOENT"), (b".", "EINVAL"), (b"tree/..", "EINVAL"), (b"/", "EINVAL")],
)
def test_remove_says_why_it_does_not(top: bytes, path: bytes, error: str) -> None:
    assert list(remove([path], directory=top)) == [Failure(path, error)]


def test_remove_by_force_forgives_what_is_missing(top: bytes) -> None:
    assert list(remove([b"missing", b"file"], directory=top, force=True)) == []
    assert not os.path.exists(top + b"/file")


def test_deep_tree_is_removed(top: bytes) -> None:
    assert list(make_directories([b"/".join([b"d"] * 500)], directory=top, parents=True)) == []
    assert list(remove([b"d"], directory=top, recursive=True)) == []
    assert not os.path.exists(top + b"/d")


def test_directories_are_made_with_parents_only_when_asked(top: bytes) -> None:
    failures = list(make_directories([b"a/b", b"tree", b"c"], directory=top))
    assert failures == [Failure(b"a/b", "ENOENT"), Failure(b"tree", "EEXIST")]
    assert list(make_directories([b"a/b", b"tree"], directory=top, parents=True)) == []
    assert list(make_directories([b"file/x"], directory=top, parents=True)) == [Failure(b"file/x", "ENOTDIR")]
    assert os.path.isdir(top + b"/a/b") and os.path.isdir(top + b"/c")


def test_move_renames_or_goes_into_a_directory(top: bytes) -> None:
    assert list(move([b"file"], b"renamed", directory=top)) == []
    assert list(move([b"renamed", b"tree/"], b"outside", directory=top)) == []
    assert sorted(os.listdir(top + b"/outside")) == [b"canary", b"renamed", b"tree"]


def test_move_says_why_it_does_not(top: bytes) -> None:
    assert list(move([b"file", b"tree"], b"missing", directory=top)) == [Failure(b"missing", "ENOTDIRTARGET")]
    assert list(move([b"missing"], b"x", directory=top)) == [Failure(b"missing", "ENOENT")]
    assert list(move([b"tree"], b"tree/sub", directory=top)) == [Failure(b"tree", "EINVAL")]


def test_move_to_another_file_system_copies_and_removes(top: bytes, elsewhere: bytes) -> None:
    if os.stat(top).st_dev == os.stat(elsewhere).st_dev:
        pytest.skip("one file system only")
    os.unlink(top + b"/tree/fifo")
    before = snapshot(top + b"/tree")
    assert list(move([b"tree", b"file"], elsewhere, directory=top)) == []
    assert snapshot(elsewhere + b"/tree") == before
    assert os.listdir(top) == [b"outside"] and sorted(os.listdir(elsewhere)) == [b"file", b"tree"]


def test_move_that_cannot_copy_all_leaves_the_source(top: bytes, elsewhere: bytes) -> None:
    if os.stat(top).st_dev == os.stat(elsewhere).st_dev:
        pytest.skip("one file system only")
    assert list(move([b"tree"], elsewhere, directory=top)) == [Failure(b"tree", "EFAILED")]
    assert os.listdir(elsewhere) == [] and os.path.exists(top + b"/tree/sub/leaf")
