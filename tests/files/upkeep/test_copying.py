from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from rsh.files.upkeep.copying import copy
from rsh.protocol.record_stream import Failure
from tests.files.transfers import snapshot


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "leaf").write_bytes(b"leaf")
    (tmp_path / "tree" / "link").symlink_to("sub/leaf")
    (tmp_path / "file").write_bytes(b"file" * 100_000)
    (tmp_path / "file").chmod(0o751)
    os.utime(tmp_path / "file", ns=(1, 10**18))
    (tmp_path / "dir").mkdir()
    return os.fsencode(tmp_path)


def test_file_gets_a_new_name_or_goes_into_a_directory(top: bytes) -> None:
    assert list(copy([b"file"], b"new", directory=top)) == []
    assert list(copy([b"file", b"tree/sub/leaf"], b"dir", directory=top)) == []
    for name in (b"/new", b"/dir/file"):
        status = os.stat(top + name)
        assert (status.st_size, status.st_mode & 0o7777, status.st_mtime_ns) == (400_000, 0o751, 10**18)
    assert sorted(os.listdir(top + b"/dir")) == [b"file", b"leaf"]


def test_tree_is_copied_as_it_is(top: bytes) -> None:
    assert list(copy([b"tree"], b"dir", directory=top)) == []
    assert snapshot(top + b"/dir/tree") == snapshot(top + b"/tree")


def test_what_is_in_an_existing_directory_stays(top: bytes) -> None:
    os.makedirs(top + b"/dir/tree/sub")
    Path(os.fsdecode(top + b"/dir/tree/sub/mine")).touch()
    assert list(copy([b"tree/"], b"dir/", directory=top)) == []
    assert sorted(os.listdir(top + b"/dir/tree/sub")) == [b"leaf", b"mine"]


def test_contents_of_a_directory_go_into_another(top: bytes) -> None:
    assert list(copy([b"tree/."], b"dir", directory=top)) == []
    assert sorted(os.listdir(top + b"/dir")) == [b"link", b"sub"]


def test_parts_of_transfers_are_not_copied(top: bytes) -> None:
    with open(top + b"/tree/" + part_name(b"file"), "wb"):
        pass
    assert list(copy([top + b"/tree"], top + b"/new")) == []
    assert part_name(b"file") not in os.listdir(top + b"/new")


def test_several_need_a_directory(top: bytes) -> None:
    assert list(copy([b"file", b"tree"], b"new", directory=top)) == [Failure(b"new", "ENOTDIRTARGET")]
    assert list(copy([b"file"], b"new/", directory=top)) == [Failure(b"new/", "ENOTDIRTARGET")]


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        (b"none", b"x", "ENOENT"),
        (b"file", b"file", "ESAMEFILE"),
        (b"tree", b"tree/sub", "EINVAL"),
        (b"tree", b"tree", "EINVAL"),
        (b"tree", b"file", "EEXIST"),
        (b"pipe", b"x", "ESPECIAL"),
    ],
)
def test_what_cannot_be_is_named(top: bytes, source: bytes, target: bytes, error: str) -> None:
    os.mkfifo(top + b"/pipe")
    before = snapshot(top)
    assert list(copy([source], target, directory=top)) == [Failure(source, error)]
    assert snapshot(top) == before


def test_rest_is_copied_when_one_fails(top: bytes) -> None:
    os.mkdir(top + b"/dir/tree")
    os.mkdir(top + b"/dir/tree/link")
    assert list(copy([b"tree", b"file"], b"dir", directory=top)) == [Failure(b"tree/link", "EISDIR")]
    assert sorted(os.listdir(top + b"/dir")) == [b"file", b"tree"]
    assert os.path.exists(top + b"/dir/tree/sub/leaf")


def test_nothing_more_is_copied_when_nobody_waits(top: bytes) -> None:
    assert list(copy([b"tree"], b"dir", directory=top, wanted=lambda: False)) == []
    assert os.listdir(top + b"/dir") == []


def test_tree_is_not_put_through_a_symlink_that_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "tree").symlink_to(tmp_path / "elsewhere")
    failures = list(copy([b"tree"], b"into", directory=os.fsencode(tmp_path), wanted=lambda: True))
    assert failures == [Failure(b"tree", "EEXIST")]
    assert os.listdir(tmp_path / "elsewhere") == []
