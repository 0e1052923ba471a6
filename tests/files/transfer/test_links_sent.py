"""Further names of a file whose first one did not arrive: they come as files, and never with another content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rsh.errors import ProtocolError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.links_sent import LinksSent
from rsh.files.transfer.report import Report
from rsh.files.transfer.runs import Runs
from rsh.protocol import transfer_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End
from rsh.protocol.transfer_records import Begin, Directory, Leave, Link, Settle, Unlinked
from tests.files.pipes import PipeEnd
from tests.files.syncs import sync
from tests.files.transfers import packed, receive_by_hand, send_to, snapshot, transfer, whole
from tests.machines import obeying_permissions

SIZES = (10, 200_000)
OLD = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one file that has four names."""
    for folder in ("a", "b/deep", "c"):
        (tmp_path / "t" / folder).mkdir(parents=True)
    (tmp_path / "target" / "t" / "a").mkdir(parents=True)
    return tmp_path / "t"


NAMES = ("a/one", "b/deep/two", "b/three", "c/four")


def give_names(tree: Path, size: int) -> None:
    (tree / NAMES[0]).write_bytes(b"n" * size)
    os.utime(tree / NAMES[0], OLD)
    for name in NAMES[1:]:
        (tree / name).hardlink_to(tree / NAMES[0])


def arrived(tree: Path, names: tuple[str, ...]) -> bool:
    """Tell whether these names are one file that is alike."""
    copies = [tree.parent / "target" / "t" / name for name in names]
    return all(copy.samefile(copies[0]) for copy in copies) and copies[0].read_bytes() == (tree / names[0]).read_bytes()


def copied(tree: Path, *, policy: str = "overwrite", **more: Any) -> tuple[Report, Report]:
    return transfer([os.fsencode(tree)], os.fsencode(tree.parent / "target"), conflicts=Conflicts(policy), **more)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("policy", "failed"), [("skip", 0), ("newer", 0), ("ask", 0), ("fail", 1)])
def test_names_of_a_file_that_was_left_alone_are_one_file_of_their_own(
    tree: Path, policy: str, failed: int, size: int
) -> None:
    give_names(tree, size)
    (tree.parent / "target" / "t" / "a" / "one").write_text("old")
    for report in copied(tree, policy=policy):
        assert (report.failed, report.skipped) == (failed, 1 - failed)
    assert (tree.parent / "target" / "t" / "a" / "one").read_text() == "old"
    assert arrived(tree, NAMES[1:])
    assert (tree.parent / "target" / "t" / "b" / "deep").stat().st_mtime_ns == (tree / "b" / "deep").stat().st_mtime_ns


def test_no_name_is_linked_to_a_file_of_the_same_size_and_time_that_was_left_alone(tree: Path) -> None:
    give_names(tree, 3)
    old = tree.parent / "target" / "t" / "a" / "one"
    old.write_text("old")
    os.utime(old, OLD)
    for report in copied(tree, policy="skip"):
        assert report.ok and report.skipped == 1
    assert old.read_text() == "old" and arrived(tree, NAMES[1:])


def test_names_that_are_all_taken_stay_as_they_are(tree: Path) -> None:
    give_names(tree, 10)
    for name in NAMES:
        path = tree.parent / "target" / "t" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    before = snapshot(os.fsencode(tree.parent / "target"))
    for report in copied(tree, policy="skip"):
        assert report.ok and report.skipped == 4
    assert [content for _, _, content in snapshot(os.fsencode(tree.parent / "target")).values()] == [
        content for _, _, content in before.values()
    ]


@pytest.mark.parametrize("size", SIZES)
def test_names_of_a_file_that_failed_are_one_file_of_their_own(tree: Path, size: int) -> None:
    give_names(tree, size)
    (tree.parent / "target" / "t" / "a" / "one").mkdir()
    for report in copied(tree):
        assert [error.error for error in report.failures] == ["EISDIR"]
    assert arrived(tree, NAMES[1:])


def test_names_arrive_although_several_of_them_fail(tree: Path) -> None:
    give_names(tree, 10)
    target = tree.parent / "target" / "t"
    for name in NAMES[:2]:
        (target / name).mkdir(parents=True)
    for report in copied(tree):
        assert [error.error for error in report.failures] == ["EISDIR", "EISDIR"]
    assert arrived(tree, NAMES[2:])


def test_a_read_only_directory_that_was_made_gets_what_comes_later(tree: Path) -> None:
    give_names(tree, 10)
    (tree.parent / "target" / "t" / "a" / "one").mkdir()
    (tree / "b" / "deep").chmod(0o555)
    with obeying_permissions():
        for report in copied(tree):
            assert [error.error for error in report.failures] == ["EISDIR"]
    assert arrived(tree, NAMES[1:])
    assert (tree.parent / "target" / "t" / "b" / "deep").stat().st_mode & 0o777 == 0o555


def test_names_between_sources_arrive_although_the_first_is_left_alone(tree: Path) -> None:
    give_names(tree, 10)
    target = tree.parent / "target"
    (tree.parent / "last").hardlink_to(tree / NAMES[0])
    (target / "t" / "a" / "one").write_text("old")
    sources = [os.fsencode(tree), os.fsencode(tree.parent / "last")]
    for report in transfer(sources, os.fsencode(target), conflicts=Conflicts("skip")):
        assert report.ok and report.skipped == 1
    assert all((target / "t" / name).samefile(target / "last") for name in NAMES[1:])
    assert (target / "last").read_bytes() == b"n" * 10 and (target / "t" / "a" / "one").read_text() == "old"


def test_a_later_source_of_the_same_name_has_the_last_word(tree: Path) -> None:
    """A name that is owed comes before the source that replaces it, as without links."""
    give_names(tree, 10)
    other = tree.parent / "other" / "t"
    (other / "c").mkdir(parents=True)
    (other / "c" / "four").write_text("other")
    target = tree.parent / "target"
    (target / "t" / "a" / "one").mkdir()
    for report in transfer([os.fsencode(tree), os.fsencode(other)], os.fsencode(target)):
        assert [error.error for error in report.failures] == ["EISDIR"]
    assert (target / "t" / "c" / "four").read_text() == "other" and arrived(tree, NAMES[1:3])


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_sync_sends_the_names_of_a_file_that_failed(tree: Path, upward: bool, size: int) -> None:
    give_names(tree, size)
    target = tree.parent / "target" / "t"
    (target / "a" / "one").mkdir()
    (target / "a" / "one" / "kept").write_text("kept")
    _, sent, received = sync(tree, target, upward=upward)
    for report in (sent, received):
        assert [error.error for error in report.failures] == ["EISDIR"]
    assert arrived(tree, NAMES[1:])


def test_what_is_owed_and_never_comes_has_failed(tree: Path) -> None:
    items = whole(Directory(b"d", 0o755, 0), Link(b"l", b"nothing", 1, 1), Leave())
    report = receive_by_hand(items, os.fsencode(tree.parent / "target"))
    assert [error.error for error in report.failures] == ["ENOLINK"]


def test_what_was_owed_and_came_is_no_failure(tree: Path) -> None:
    lost: list[Record | bytes] = [Directory(b"d", 0o755, 0), Link(b"l", b"nothing", 1, 1), Leave()]
    again: list[Record | bytes] = [Directory(b"d", 0o755, 0), packed(b"l"), Leave()]
    report = receive_by_hand([Begin(1), *lost, Settle(), *again, End()], os.fsencode(tree.parent / "target"))
    assert report.ok and report.files == 1


def test_sources_come_again_only_as_often_as_announced(tree: Path) -> None:
    with pytest.raises(ProtocolError, match="more sources"):
        receive_by_hand([Begin(1), packed(b"a"), Settle(), packed(b"a"), packed(b"b"), End()], os.fsencode(tree))


def test_receiver_that_wants_every_link_as_a_file_gets_each_of_them_once(tree: Path) -> None:
    give_names(tree, 10)
    came: list[object] = []

    def unwilling(pipe: PipeEnd) -> None:
        writer, items = RecordWriter(pipe), 0
        for element in RecordReader(pipe, transfer_records.TRANSFER):
            if isinstance(element, Link):
                writer.record(Unlinked(items))
            if isinstance(element, Settle):
                writer.record(transfer_records.Done(items))
                writer.flush()
            items += isinstance(element, Directory | Link | transfer_records.Packed)
            came.append(element)
        writer.record(transfer_records.Summary(0, 0))
        writer.end()

    send_to(unwilling, [os.fsencode(tree)])
    assert [type(element).__name__ for element in came if isinstance(element, Settle | Link)] == [
        *["Link"] * 3, "Settle", *["Link"] * 2, "Settle",
    ]  # fmt: skip
    assert sorted(each.name for each in came if isinstance(each, transfer_records.Packed)) == [
        b"four", b"one", b"three", b"two",
    ]  # fmt: skip


def test_receiver_that_asks_for_what_was_not_sent_breaks_the_rules(tree: Path) -> None:
    give_names(tree, 10)

    def liar(pipe: PipeEnd) -> None:
        writer = RecordWriter(pipe)
        writer.record(Unlinked(1000))
        writer.end()

    with pytest.raises(ProtocolError, match="not sent"):
        send_to(liar, [os.fsencode(tree)])


def test_unmade_links_are_given_in_their_order() -> None:
    links, unlinked = LinksSent(), Runs()
    for item in range(5):
        links.note(item, item % 2, (b"d", b"%d" % item))
    for item in (1, 2, 4):
        unlinked.add(item)
    assert list(links.unmade(unlinked)) == [(1, (b"d", b"1")), (0, (b"d", b"2")), (0, (b"d", b"4"))]
    links.close()
