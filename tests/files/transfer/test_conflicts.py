from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.errors import FileError, UsageError
from rsh.files.transfer.conflicts import Action, Conflicts, free_name


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    number = os.open(tmp_path, os.O_RDONLY)
    yield number
    os.close(number)


def settle(policy: str, fd: int, mtime_ns: int = 0, agreed: tuple[bytes, ...] = ()) -> bytes:
    there = os.stat("a.txt", dir_fd=fd)
    return Conflicts(policy, agreed).settle(fd, b"a.txt", there, mtime_ns, b"dir/a.txt")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("old")
    os.utime(path, ns=(5, 5))
    return path


@pytest.mark.parametrize(
    ("policy", "error"), [("skip", "ESKIPPED"), ("newer", "ESKIPPED"), ("ask", "ESKIPPED"), ("fail", "ECONFLICT")]
)
def test_a_file_that_may_not_be_replaced_is_named(policy: str, error: str, fd: int, old: Path) -> None:
    with pytest.raises(FileError) as caught:
        settle(policy, fd)
    assert (caught.value.error, caught.value.path) == (error, b"dir/a.txt")


def test_what_is_newer_or_agreed_is_replaced(fd: int, old: Path) -> None:
    assert settle("newer", fd, mtime_ns=6) == b"a.txt"
    with pytest.raises(FileError):
        settle("newer", fd, mtime_ns=5)
    assert settle("ask", fd, agreed=(b"dir/a.txt",)) == b"a.txt"


def test_rename_takes_the_first_free_name(fd: int, old: Path, tmp_path: Path) -> None:
    (tmp_path / "a.1.txt").symlink_to("nowhere")
    assert settle("rename", fd) == b"a.2.txt"
    assert [free_name(fd, name) for name in (b".rc", b"none")] == [b".rc.1", b"none.1"]


def test_backup_keeps_the_old_content_under_both_names(fd: int, old: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt~").write_text("older")
    assert settle("backup", fd) == b"a.txt"
    assert settle("backup", fd) == b"a.txt"
    assert (tmp_path / "a.txt~").read_text() == old.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "a.txt~"]


def test_a_name_without_room_for_another_is_an_error(fd: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        free_name(fd, b"x" * 255)


def test_unknown_policies_are_refused() -> None:
    with pytest.raises(UsageError):
        Conflicts("guess")


def test_every_policy_has_a_judgement(old: Path) -> None:
    actions = {policy: Conflicts(policy).judge(old.stat(), 9, b"") for policy in ("overwrite", "rename", "backup")}
    assert list(actions.values()) == [Action.REPLACE, Action.RENAME, Action.BACKUP]
