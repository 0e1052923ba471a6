from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.files.disk.modes import Mode
from rsh.files.upkeep.attributes import link, set_mode_below, set_modes, set_owners
from rsh.protocol.record_stream import Failure


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "leaf").touch(0o600)
    (tmp_path / "outside").touch(0o600)
    (tmp_path / "tree" / "link").symlink_to("../outside")
    return tmp_path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_modes_are_set_in_a_whole_tree_and_not_behind_its_links(top: Path) -> None:
    assert list(set_modes([b"tree"], "g+rX,o=", directory=os.fsencode(top), recursive=True)) == []
    assert mode(top / "tree" / "sub") & 0o057 == 0o050
    assert mode(top / "tree" / "sub" / "leaf") == 0o640
    assert mode(top / "outside") == 0o600


def test_symlink_that_somebody_puts_in_the_place_of_a_file_meanwhile_is_left_alone(top: Path) -> None:
    directory = os.open(top / "tree", os.O_RDONLY)
    try:
        set_mode_below(directory, b"link", Mode("a+rwx"), 0)
        set_mode_below(directory, b"sub", Mode("u=rwx,go="), 0)
    finally:
        os.close(directory)
    assert mode(top / "outside") == 0o600
    assert mode(top / "tree" / "sub") == 0o700


def test_tree_may_be_shut(top: Path) -> None:
    assert list(set_modes([b"tree"], "a-rx", directory=os.fsencode(top), recursive=True)) == []
    assert mode(top / "tree") & 0o555 == 0
    (top / "tree").chmod(0o755)
    assert mode(top / "tree" / "sub") & 0o555 == 0
    (top / "tree" / "sub").chmod(0o755)


def test_what_fails_is_named_and_a_wrong_mode_refused_at_once(top: Path) -> None:
    found = list(set_modes([b"none", b"outside"], "640", directory=os.fsencode(top)))
    assert found == [Failure(b"none", "ENOENT")]
    assert mode(top / "outside") == 0o640
    assert list(set_modes([b"outside"], "4755", directory=os.fsencode(top))) == [Failure(b"outside", "EPERM")]
    with pytest.raises(UsageError):
        set_modes([b"outside"], "nonsense", directory=os.fsencode(top))


def test_owners_are_names_or_numbers(top: Path) -> None:
    uid, gid = os.geteuid(), os.getegid()
    assert list(set_owners([b"tree"], str(uid), str(gid), directory=os.fsencode(top), recursive=True)) == []
    assert list(set_owners([b"none"], "", str(gid), directory=os.fsencode(top))) == [Failure(b"none", "ENOENT")]
    for owner, group in (("nobody-of-that-name", ""), ("", "no-such-group"), ("-1", "")):
        with pytest.raises(UsageError):
            set_owners([b"tree"], owner, group)


def test_links_are_made(top: Path) -> None:
    where = os.fsencode(top)
    assert list(link([b"outside"], b"hard", directory=where)) == []
    assert (top / "hard").samefile(top / "outside")
    assert list(link([b"../any where"], b"tree/soft", directory=where, symbolic=True)) == []
    assert os.readlink(top / "tree" / "soft") == "../any where"
    assert list(link([b"/etc/hosts", b"/etc/passwd"], b"tree", directory=where, symbolic=True)) == []
    assert os.readlink(top / "tree" / "passwd") == "/etc/passwd"


def test_link_replaces_only_when_it_is_forced(top: Path) -> None:
    where = os.fsencode(top)
    assert list(link([b"new"], b"outside", directory=where, symbolic=True)) == [Failure(b"outside", "EEXIST")]
    assert list(link([b"new"], b"outside", directory=where, symbolic=True, force=True)) == []
    assert os.readlink(top / "outside") == "new"
    assert list(link([b"tree/sub/leaf"], b"tree/sub/leaf", directory=where, force=True)) == []
    assert sorted(os.listdir(top / "tree" / "sub")) == ["leaf"]
    assert list(link([b"a", b"b"], b"none", directory=where)) == [Failure(b"none", "ENOTDIRTARGET")]
