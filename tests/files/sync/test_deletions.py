from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.filter import make_filter
from rsh.files.disk.part_names import part_name
from rsh.files.sync.deletions import Deletions
from rsh.files.sync.top import Top
from tests.machines import obeying_permissions


@pytest.fixture
def top(tmp_path: Path) -> Path:
    target = tmp_path / "target"
    (target / "dir" / "deep").mkdir(parents=True)
    (target / "dir" / "deep" / "file").touch()
    (target / "dir" / "keep.log").touch()
    (target / "file").touch()
    (target / "link").symlink_to("dir")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary").touch()
    (target / "out").symlink_to("../outside")
    return target


@pytest.fixture
def deletions(top: Path) -> Iterator[Callable[..., Deletions]]:
    tops: list[Top] = []

    def make(rules: tuple[bytes, ...] = (), agreed: set[bytes] | None = None) -> Deletions:
        only = make_filter(rules)
        tops.append(Top(lambda name: name, only))
        fd = os.open(top, os.O_RDONLY)
        tops[-1].open(fd)
        os.close(fd)
        return Deletions(tops[-1], only, agreed)

    yield make
    for each in tops:
        each.close()


def test_what_is_named_goes_and_the_directory_above_keeps_its_time(
    top: Path, deletions: Callable[..., Deletions]
) -> None:
    for directory in (top, top / "dir"):
        os.utime(directory, ns=(1, 123_456_789))
    for path in (b"dir/deep", b"file", b"link", b"out"):
        assert list(deletions().remove(path)) == []
    assert sorted(os.listdir(top)) == ["dir"] and os.listdir(top / "dir") == ["keep.log"]
    assert top.stat().st_mtime_ns == (top / "dir").stat().st_mtime_ns == 123_456_789
    assert (top.parent / "outside" / "canary").exists()


@pytest.mark.parametrize("path", [b"", b".", b"..", b"../outside", b"/etc", b"dir//deep", b"dir/../file", b"a\0b"])
def test_paths_that_lead_elsewhere_are_violations(deletions: Callable[..., Deletions], path: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(deletions().remove(path))


def test_nothing_is_removed_behind_a_symlink(top: Path, deletions: Callable[..., Deletions]) -> None:
    for path in (b"out/canary", b"link/deep"):
        with pytest.raises(OSError):
            list(deletions().remove(path))
    assert (top.parent / "outside" / "canary").exists() and (top / "dir" / "deep" / "file").exists()


def test_what_nobody_has_agreed_to_stays(top: Path, deletions: Callable[..., Deletions]) -> None:
    ours = deletions(agreed={b"dir", b"file"})  # when it was agreed to, `dir` was a file
    assert list(ours.remove(b"file")) == []
    for path in (b"dir", b"link"):
        with pytest.raises(FileError, match="nobody was asked"):
            list(ours.remove(path))
    assert (top / "dir" / "deep" / "file").exists() and (top / "link").is_symlink()


def test_what_is_left_out_may_not_be_named_and_holds_its_directory(
    top: Path, deletions: Callable[..., Deletions]
) -> None:
    ours = deletions((b"*.log",))
    with pytest.raises(ProtocolError, match="left out"):
        list(ours.remove(b"dir/keep.log"))
    assert list(ours.remove(b"dir")) == []
    assert os.listdir(top / "dir") == ["keep.log"]


def test_what_cannot_be_removed_is_named(top: Path, deletions: Callable[..., Deletions]) -> None:
    (top / "dir" / "deep").chmod(0o555)
    with obeying_permissions():
        failures = []
        with pytest.raises(OSError, match="not empty"):
            failures += list(deletions().remove(b"dir"))
    (top / "dir" / "deep").chmod(0o755)
    assert (top / "dir" / "deep" / "file").exists()


def test_leftovers_go_and_what_was_made_meanwhile_stays(top: Path, deletions: Callable[..., Deletions]) -> None:
    old, new = (top / "dir" / os.fsdecode(part_name(name)) for name in (b"old", b"new"))
    old.touch()
    while time.time() <= old.stat().st_ctime:
        pass  # the kernel's clock ticks
    ours, began = deletions(), time.time()
    while not new.exists() or new.stat().st_ctime <= began:
        new.touch()
    for path in (old, new, top / "gone" / "x"):
        ours.note_part(bytes(path.relative_to(top)))
    os.utime(top / "dir", ns=(1, 987))
    ours.remove_leftovers()
    assert sorted(os.listdir(top / "dir")) == sorted(["deep", "keep.log", new.name])
    assert (top / "dir").stat().st_mtime_ns == 987
