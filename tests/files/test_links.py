"""Hard links within a tree: one file before, one file after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import ProtocolError
from rsh.files.links import MAX_REMEMBERED, Links
from rsh.protocol.records import Directory, File, Leave, Link
from tests.files.transfers import packed, receive_by_hand, transfer, whole


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "t" / "a").mkdir(parents=True)
    (tmp_path / "t" / "b").mkdir()
    (tmp_path / "target").mkdir()
    return tmp_path / "t"


@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_names_of_one_file_are_names_of_one_file_again(tree: Path, size: int) -> None:
    (tree / "a" / "one").write_bytes(b"x" * size)
    (tree / "b" / "two").hardlink_to(tree / "a" / "one")
    (tree / "three").hardlink_to(tree / "a" / "one")
    target = tree.parent / "target"
    for _ in range(2):
        sent, _ = transfer([os.fsencode(tree)], os.fsencode(target))
        assert sent.ok and sent.files == 3
    copies = [target / "t" / name for name in ("a/one", "b/two", "three")]
    assert all(copy.samefile(copies[0]) for copy in copies) and copies[0].stat().st_nlink == 3
    assert copies[0].read_bytes() == b"x" * size
    assert not list(target.rglob(".*"))


def test_links_are_kept_in_the_target_itself(tree: Path) -> None:
    (tree / "one").write_text("x")
    (tree / "two").hardlink_to(tree / "one")
    target = tree.parent / "target"
    assert transfer([os.fsencode(tree) + b"/."], os.fsencode(target))[0].ok
    assert (target / "one").samefile(target / "two")


def test_file_with_another_name_outside_is_sent_as_it_is(tree: Path) -> None:
    (tree / "one").write_text("x")
    (tree.parent / "outside").hardlink_to(tree / "one")
    assert transfer([os.fsencode(tree)], os.fsencode(tree.parent / "target"))[0].ok


def test_link_to_a_file_that_did_not_arrive_fails_with_it(tree: Path) -> None:
    (tree / "a" / "one").write_text("new")
    (tree / "b" / "two").hardlink_to(tree / "a" / "one")
    target = tree.parent / "target"
    (target / "t" / "a" / "one").mkdir(parents=True)
    sent, _ = transfer([os.fsencode(tree)], os.fsencode(target))
    assert [error.error for error in sent.failures] == ["EISDIR", "ENOLINK"]


@pytest.mark.parametrize("path", [b"../x", b"/x", b"", b"a//x", b"a/../x", b"./x", b"a\0"])
def test_link_out_of_the_tree_is_a_violation(tree: Path, path: bytes) -> None:
    items = whole(Directory(b"d", 0o755, 0), Link(b"l", path, 1, 1), Leave())
    with pytest.raises(ProtocolError):
        receive_by_hand(items, os.fsencode(tree.parent / "target"))


def test_link_at_the_top_is_a_violation(tree: Path) -> None:
    with pytest.raises(ProtocolError, match="outside of a tree"):
        receive_by_hand(whole(Link(b"l", b"x", 1, 1)), os.fsencode(tree.parent / "target"))


def test_link_through_a_symlink_does_not_leave_the_tree(tree: Path) -> None:
    target = tree.parent / "target"
    (tree.parent / "canary").write_text("canary")
    status = (tree.parent / "canary").stat()
    (target / "d").mkdir()
    (target / "d" / "out").symlink_to("../..")
    (target / "d" / "direct").symlink_to("../../canary")
    for path in (b"out/canary", b"direct"):
        items = whole(Directory(b"d", 0o755, 0), Link(b"l", path, 6, status.st_mtime_ns), Leave())
        report = receive_by_hand(items, os.fsencode(target))
        assert [error.error for error in report.failures] in (["ENOTDIR"], ["ELOOP"])
    assert (tree.parent / "canary").stat().st_nlink == 1


def test_link_to_what_has_another_size_or_time_is_refused(tree: Path) -> None:
    one = packed(b"one")
    for size, mtime_ns in ((6, one.mtime_ns), (7, 0)):
        items = whole(Directory(b"d", 0o755, 0), one, Link(b"l", b"one", size, mtime_ns), Leave())
        report = receive_by_hand(items, os.fsencode(tree.parent / "target"))
        assert [error.error for error in report.failures] == ["ENOLINK"]


def test_link_within_a_file_is_a_violation(tree: Path) -> None:
    items = whole(Directory(b"d", 0o755, 0), File(b"f", 0o644, 0, 5), Link(b"l", b"f", 5, 0))
    with pytest.raises(ProtocolError, match="within a file"):
        receive_by_hand(items, os.fsencode(tree.parent / "target"))


def test_memory_for_links_is_bounded_and_given_back(tree: Path) -> None:
    (tree / "one").write_text("x")
    (tree / "two").hardlink_to(tree / "one")
    status = os.stat(tree / "one")
    links = Links()
    links.remember(status, b"one")
    assert [links.first(status), links.first(status)] == [b"one", b""]
    for number in range(MAX_REMEMBERED + 10):
        links.remember(os.stat_result((0o100644, number, 1, 2, 0, 0, 0, 0, 0, 0)), b"x")
    assert len(links._paths) == MAX_REMEMBERED
