"""Owner, group and extended attributes: kept where that was asked for and is allowed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import ProtocolError
from rsh.protocol.transfer_records import Attributes, Directory, Leave
from tests.files.transfers import packed, receive_by_hand, transfer, whole

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "t" / "d").mkdir(parents=True)
    (tmp_path / "t" / "small").write_text("small")
    (tmp_path / "t" / "large").write_bytes(b"x" * 200_000)
    (tmp_path / "t" / "link").symlink_to("small")
    (tmp_path / "target").mkdir()
    return tmp_path / "t"


def copied(tree: Path, *, archive: bool) -> Path:
    target = tree.parent / "target"
    assert transfer([os.fsencode(tree)], os.fsencode(target), archive=archive)[0].ok
    return target / "t"


def tag(path: Path) -> None:
    try:
        os.setxattr(path, "user.rsh", b"\0value")
    except OSError:
        pytest.skip("no extended attributes here")


@pytest.mark.parametrize("archive", [True, False])
def test_attributes_come_along_where_they_are_asked_for(tree: Path, archive: bool) -> None:
    names = ["small", "large", "d", "."]
    for name in names:
        tag(tree / name)
    copy = copied(tree, archive=archive)
    for name in names:
        assert os.listxattr(copy / name) == (["user.rsh"] if archive else [])
    if archive:
        assert os.getxattr(copy / "small", "user.rsh") == b"\0value"


@ROOT
@pytest.mark.parametrize("archive", [True, False])
def test_owners_come_along_where_they_are_asked_for(tree: Path, archive: bool) -> None:
    names = ["small", "large", "d", "link"]
    for name in names:
        os.chown(tree / name, 12_345, 54_321, follow_symlinks=False)
    copy = copied(tree, archive=archive)
    owners = {(os.lstat(copy / name).st_uid, os.lstat(copy / name).st_gid) for name in names}
    assert owners == {(12_345, 54_321) if archive else (0, 0)}


def test_setuid_comes_along_with_its_owner_only(tree: Path) -> None:
    (tree / "small").chmod(0o4755)
    assert copied(tree, archive=False).joinpath("small").stat().st_mode & 0o7777 == 0o755
    assert copied(tree, archive=True).joinpath("small").stat().st_mode & 0o7777 == 0o4755


def given_away(name: bytes, mode: int) -> list[Attributes | object]:
    return [Attributes(12_345, 12_345, "", "", {}), packed(name, mode=mode)]


def test_setuid_of_somebody_else_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        report = receive_by_hand(whole(*given_away(b"x", 0o6755)), b".", archive=True)  # type: ignore[arg-type]  # records of every kind
    finally:
        os.seteuid(user)
    assert report.ok and (tmp_path / "x").stat().st_mode & 0o7777 == 0o755


def test_attributes_that_were_not_asked_for_are_a_violation(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="not asked for"):
        receive_by_hand(whole(*given_away(b"x", 0o644)), os.fsencode(tmp_path))  # type: ignore[arg-type]  # records of every kind
    assert os.listdir(tmp_path) == []


def test_attributes_without_an_item_are_a_violation(tmp_path: Path) -> None:
    lonely = Attributes(0, 0, "", "", {})
    items = whole(Directory(b"d", 0o755, 0), lonely, Leave())
    with pytest.raises(ProtocolError, match="out of place"):
        receive_by_hand(items, os.fsencode(tmp_path), archive=True)


def test_attributes_beyond_those_of_users_are_not_taken(tmp_path: Path) -> None:
    evil = Attributes(0, 0, "", "", {b"security.selinux": b"x", b"nonsense": b"x", b"user.": b"", b"user.\0": b"x"})
    report = receive_by_hand(whole(evil, packed(b"x")), os.fsencode(tmp_path), archive=True)
    assert report.ok
    assert "nonsense" not in os.listxattr(tmp_path / "x")


def test_symlinks_are_followed_when_that_is_wanted_and_dangling_ones_survive(tree: Path) -> None:
    (tree.parent / "elsewhere").mkdir()
    (tree.parent / "elsewhere" / "deep").write_text("deep")
    (tree / "far").symlink_to("../elsewhere")
    (tree / "dangling").symlink_to("nowhere")
    (tree / "d" / "up").symlink_to("..")
    os.mkfifo(tree.parent / "fifo")
    (tree / "pipe").symlink_to("../fifo")
    target = tree.parent / "target"
    sent, _ = transfer([os.fsencode(tree)], os.fsencode(target), follow=True)
    assert [(os.path.basename(error.path), error.error) for error in sent.failures] == [
        (b"up", "ELOOP"),
        (b"pipe", "ESPECIAL"),
    ]
    copy = target / "t"
    assert (copy / "far" / "deep").read_text() == "deep" and not (copy / "far").is_symlink()
    assert (copy / "link").read_text() == "small" and not (copy / "link").is_symlink()
    assert os.readlink(copy / "dangling") == "nowhere"


def test_source_that_is_a_symlink_is_followed_when_that_is_wanted(tree: Path) -> None:
    target = tree.parent / "target"
    (tree / "to-directory").symlink_to("d")
    (tree / "gone").symlink_to("nowhere")
    sources = [os.fsencode(tree / name) for name in ("link", "to-directory", "gone")]
    assert transfer(sources, os.fsencode(target), follow=True)[0].ok
    assert (target / "link").is_file() and not (target / "link").is_symlink()
    assert (target / "to-directory").is_dir() and not (target / "to-directory").is_symlink()
    assert (target / "gone").is_symlink()


def test_forgotten_parts_are_swept_out_of_directories_that_are_written_to(tree: Path) -> None:
    copy = copied(tree, archive=False)
    old, recent = ".x.rsh-01234567.part", ".y.rsh-01234567.part"
    for directory in (copy, copy / "d", copy.parent):
        for name in (old, recent):
            (directory / name).write_text("half")
    os.utime(copy / old, (0, 0))
    copied(tree, archive=False)
    assert (copy / recent).exists() and (copy / "d" / recent).exists()
    assert (copy / old).exists(), "its ctime is of today"
