"""Hard links within a tree: one file before, one file after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import ProtocolError
from rsh.files.disk.links import MAX_REMEMBERED, Links
from rsh.files.disk.names import Asked
from rsh.files.transfer.conflicts import Conflicts
from rsh.protocol.transfer_records import Directory, File, Leave, Link
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


def test_links_between_several_sources_are_kept(tree: Path, tmp_path: Path) -> None:
    (tree / "a" / "one").write_bytes(b"x" * 200_000)
    (tmp_path / "u" / "b").mkdir(parents=True)
    for name in ("t/b/two", "u/b/three", "four"):
        (tmp_path / name).hardlink_to(tree / "a" / "one")
    for name in ("five", "six"):
        (tmp_path / name).write_bytes(b"y")
    (tmp_path / "seven").hardlink_to(tmp_path / "five")
    names = ["t", "u", "four", "five", "six", "seven"]
    for _ in range(2):
        sent, _ = transfer([os.fsencode(tmp_path / name) for name in names], os.fsencode(tmp_path / "target"))
        assert sent.ok
    copies = [tmp_path / "target" / name for name in ("t/a/one", "t/b/two", "u/b/three", "four")]
    assert all(copy.samefile(copies[0]) for copy in copies) and copies[0].stat().st_nlink == 4
    assert (tmp_path / "target" / "seven").samefile(tmp_path / "target" / "five")
    assert not (tmp_path / "target" / "six").samefile(tmp_path / "target" / "five")


@pytest.mark.parametrize("tail", ["", "/."])
def test_no_link_is_made_to_what_a_later_source_has_replaced(tree: Path, tmp_path: Path, tail: str) -> None:
    """Same name, size and time, but another content: the third source is linked to what the first one brought."""
    other = tmp_path / "other" / "t"
    (other / "a").mkdir(parents=True)
    (tree / "a" / "one").write_text("mine")
    (other / "a" / "one").write_text("this")
    os.utime(tree / "a" / "one", (1, 1))
    os.utime(other / "a" / "one", (1, 1))
    (tmp_path / "last").hardlink_to(tree / "a" / "one")
    sources = [os.fsencode(str(path) + end) for path, end in ((tree, tail), (other, tail), (tmp_path / "last", ""))]
    assert transfer(sources, os.fsencode(tmp_path / "target"))[0].ok
    assert (tmp_path / "target" / "last").read_text() == "mine"


def test_links_follow_a_file_that_got_another_name(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tree / "a" / "one").write_text("new")
    (tree / "b" / "two").hardlink_to(tree / "a" / "one")
    (tmp_path / "three").hardlink_to(tree / "a" / "one")
    (target / "t" / "a").mkdir(parents=True)
    (target / "t" / "a" / "one").write_text("old")
    sources = [os.fsencode(tree), os.fsencode(tmp_path / "three")]
    for given in (sources[:1], sources):
        sent, _ = transfer(given, os.fsencode(target), conflicts=Conflicts("rename"))
        assert sent.ok
    assert (target / "t" / "a" / "one").read_text() == "old"
    assert (target / "t" / "a" / "one.1").samefile(target / "t" / "b" / "two")
    assert (target / "t" / "a" / "one.2").samefile(target / "three")


@pytest.mark.parametrize("path", [b"../outside", b"", b"t/../x", b"/etc/passwd"])
def test_paths_across_that_lead_out_are_violations(tree: Path, path: bytes) -> None:
    with pytest.raises(ProtocolError):
        receive_by_hand(whole(Link(b"x", path, 1, 1, True), sources=2), os.fsencode(tree.parent / "target"))


def test_links_across_lead_only_to_what_was_asked_for(tree: Path) -> None:
    target = tree.parent / "target"
    (target / "secret").write_text("x")
    os.utime(target / "secret", (1, 1))
    link = Link(b"x", b"secret", 1, 10**9, True)
    for sources, asked in ((2, Asked([b"x", b"y"])), (1, None)):
        with pytest.raises(ProtocolError, match="not asked for"):
            receive_by_hand(whole(link, sources=sources), os.fsencode(target), asked=asked)
    assert os.listdir(target) == ["secret"]


def test_file_with_another_name_outside_is_sent_as_it_is(tree: Path) -> None:
    (tree / "one").write_text("x")
    (tree.parent / "outside").hardlink_to(tree / "one")
    assert transfer([os.fsencode(tree)], os.fsencode(tree.parent / "target"))[0].ok


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
        assert [error.error for error in report.failures] == ["ENOLINK"]
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
    links.remember(status, b"one", 7)
    assert (links.first(status), links.first(status)) == ((b"one", 7, 0, 1), None)
    for number in range(MAX_REMEMBERED + 10):
        links.remember(os.stat_result((0o100644, number, 1, 2, 0, 0, 0, 0, 0, 0)), b"x", 1)
    assert len(links._paths) == MAX_REMEMBERED
