from __future__ import annotations

import os
from pathlib import Path

from rsh.files.disk.identity import identity, is_within
from tests.machines import descriptors


def test_a_directory_has_one_identity_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to("a")
    assert identity(os.stat(tmp_path / "a")) == identity(os.stat(tmp_path / "link")) != b""
    assert identity(os.stat(tmp_path / "a")) != identity(os.stat(tmp_path / "b"))


def test_what_is_below_is_within_and_what_is_beside_is_not(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    top = identity(os.stat(tmp_path / "a"))
    found = {}
    for name in ("a", "a/deep/er", "b", "."):
        fd = os.open(tmp_path / name, os.O_RDONLY)
        found[name] = is_within(fd, top)
        os.close(fd)
    assert found == {"a": True, "a/deep/er": True, "b": False, ".": False}


def test_everything_is_within_the_root_and_no_descriptor_is_left(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    before = descriptors(os.getpid())
    assert is_within(fd, identity(os.stat("/")))
    assert not is_within(fd, b"x" * 16)
    assert descriptors(os.getpid()) <= before
    os.close(fd)
