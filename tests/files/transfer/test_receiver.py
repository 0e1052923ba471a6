"""Receivers against senders made by hand: whatever they say, nothing lands outside and nothing is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rsh.errors import LinkError, ProtocolError, UsageError
from rsh.files.disk.names import Asked
from rsh.files.stream.stream import RECORD, WORD, RecordWriter
from rsh.files.transfer.receiver import receive
from rsh.files.transfer.report import Progress
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import (
    Abort,
    Begin,
    Directory,
    Done,
    File,
    Finish,
    Leave,
    Packed,
    Result,
    Root,
    Stop,
    Summary,
    Symlink,
)
from tests.files.pipes import pipe_pair
from tests.files.transfers import Background, packed, receive_by_hand, results_of, snapshot, whole
from tests.machines import SOON

BAD_NAMES = [b"../x", b"..", b".", b"", b"/etc/x", b"a/b", b"a/", b"nul\0", b"x" * 256]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[bytes]:
    """The target, beside a canary that must not be touched."""
    top = os.fsencode(tmp_path)
    os.makedirs(top + b"/target")
    os.makedirs(top + b"/outside")
    with open(top + b"/outside/canary", "wb") as file:
        file.write(b"alive")
    before = snapshot(top + b"/outside")
    yield top + b"/target"
    assert snapshot(top + b"/outside") == before
    assert sorted(os.listdir(top)) == [b"outside", b"target"]
    assert not [name for name in snapshot(top) if name.endswith(b".part")]


class Witness(Progress):
    """Says when content has come."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def moved(self, count: int) -> None:
        self.came.set()


def content(path: bytes) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("depth", [0, 1])
def test_bad_name_is_a_violation(target: bytes, name: bytes, depth: int) -> None:
    for item in (packed(name), Directory(name, 0o755, 0), File(name, 0o644, 0, 1), Symlink(name, 0, b"x")):
        inside: list[Record | bytes] = [Directory(b"d", 0o755, 0), item, Leave()]
        with pytest.raises(ProtocolError):
            receive_by_hand(whole(*(inside if depth else [item])), target)
        assert os.listdir(target) in ([], [b"d"])


def test_file_through_a_symlink_sent_before_does_not_leave_the_target(target: bytes) -> None:
    items: list[Record | bytes] = [
        Directory(b"d", 0o755, 0),
        Symlink(b"out", 0, b"../../outside"),
        Directory(b"out", 0o755, 0),
        packed(b"canary", b"dead"),
        Leave(),
        Leave(),
    ]
    report = receive_by_hand(whole(*items), target)
    assert [(error.path, error.error) for error in report.failures] == [(target + b"/d/out", "ENOTDIR")]
    assert os.readlink(target + b"/d/out") == b"../../outside"


def test_file_over_a_symlink_sent_before_replaces_the_link(target: bytes) -> None:
    items: list[Record | bytes] = [
        Directory(b"d", 0o755, 0),
        Symlink(b"x", 0, b"../../outside/canary"),
        packed(b"x", b"new"),
        Leave(),
    ]
    assert receive_by_hand(whole(*items), target).ok
    assert content(target + b"/d/x") == b"new" and not os.path.islink(target + b"/d/x")


def test_symlinked_directory_in_the_target_is_not_followed(target: bytes) -> None:
    os.symlink(b"../outside", target + b"/d")
    report = receive_by_hand(whole(Directory(b"d", 0o755, 0), packed(b"canary", b"dead"), Leave()), target)
    assert [error.error for error in report.failures] == ["ENOTDIR"]


def test_symlinked_file_in_the_target_is_replaced_not_followed(target: bytes) -> None:
    os.symlink(b"../outside/canary", target + b"/x")
    assert receive_by_hand(whole(packed(b"x", b"new")), target).ok
    assert content(target + b"/x") == b"new" and not os.path.islink(target + b"/x")


def test_directory_swapped_for_a_symlink_meanwhile_is_of_no_use(target: bytes) -> None:
    near, far = pipe_pair(2**20)
    witness = Witness()
    receiving = Background(lambda: receive(far, target, durability="none", progress=witness))
    writer = RecordWriter(near)
    begun: list[Record] = [Begin(1), Directory(b"d", 0o755, 0), File(b"huge", 0o644, 0, 3)]
    for record in begun:
        writer.record(record)
    writer.content(b"abc")
    writer.flush()
    assert witness.came.wait(SOON)
    os.rename(target + b"/d", target + b"/moved")
    os.symlink(b"../outside", target + b"/d")
    ending: list[Record] = [Finish(b"x" * 16), packed(b"canary", b"dead"), Leave(), End()]
    for record in ending:
        writer.record(record)
    writer.end()
    assert receiving.result().files == 1
    assert os.listdir(target + b"/moved") == [b"canary"]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "starts with Begin"),
        ([packed(b"x"), End()], "starts with Begin"),
        ([Begin(1)], "before its end"),
        ([Begin(1), Begin(1), End()], "Begin out of place"),
        ([Begin(1), Leave(), End()], "Leave at the top"),
        ([Begin(1), Directory(b"d", 0o755, 0), End()], "End within a directory"),
        ([Begin(1), Directory(b"d", 0o755, 0), Root(0o755, 0)], "Root below the top"),
        ([Begin(1), End(), packed(b"x")], "after the end"),
        ([Begin(1), End(), b"content"], "after the end"),
        ([Begin(1), b"content", End()], "memoryview out of place"),
        ([Begin(1), Finish(b"x" * 16), End()], "Finish out of place"),
        ([Begin(1), Abort("EIO"), End()], "Abort out of place"),
        ([Begin(1), packed(b"x"), packed(b"y"), End()], "more sources"),
        ([Begin(1), packed(b"x"), Failure(b"y", "EIO"), End()], "more sources"),
        ([Begin(0), packed(b"x"), End()], "more sources"),
        ([Begin(1), File(b"x", 0, 0, 5), b"123456"], "more content"),
        ([Begin(1), File(b"x", 0, 0, 0), b"1"], "more content"),
        ([Begin(1), File(b"x", 0, 0, 5), b"1234", Finish(b"x" * 16)], "less content"),
        ([Begin(1), File(b"x", 0, 0, 5), b"1234"], "before its end"),
        ([Begin(1), File(b"x", 0, 0, 5), packed(b"y")], "within a file"),
        ([Begin(1), File(b"x", 0, 0, 5), End()], "within a file"),
        ([Begin(1), Symlink(b"x", 0, b"a\0b")], "NUL"),
    ],
)
def test_broken_order_is_a_violation(target: bytes, items: list[Record | bytes], words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        receive_by_hand(items, target)
    assert not os.path.lexists(target + b"/y")
    assert not [name for name in os.listdir(target) if name not in (b"x", b"d")]


def raw(*fields: Any) -> bytes:
    data = msgspec.msgpack.encode(list(fields))
    return WORD.pack(RECORD | len(data)) + data


@pytest.mark.parametrize(
    "data",
    [
        raw(5, b"x", 0o644, 0, 2**63),
        raw(5, b"x", 0o644, 0, 2**62),
        raw(5, b"x", 0o644, 0, -1),
        raw(5, b"x", 0o644, 2**63, 1),
        raw(5, b"x", 0o644, "soon", 1),
        raw(5, b"x", 0o10000, 0, 1),
        raw(5, "text", 0o644, 0, 1),
        raw(5, b"x", 0o644, 0, 1, "extra"),
        raw(6, b"x", 0o644, 0, b"", b"short"),
        raw(6, b"x", 0o644, 0, b"x" * 65_537, b"d" * 16),
        raw(11, b"x", "not a symbol\x1b[31m"),
        raw(11, b"x", "EIO\n"),
        raw(16, 0, b"x", "EIO"),
        raw(33, b"", b"x"),
        raw(99),
        raw("File"),
        b"\xff\xff\xff\xff",
        b"\x80\x00\x00\x00",
        b"\x00\x00\x00\x00",
        b"\x7f\xff\xff\xff",
        WORD.pack(RECORD | 1) + b"\xc1",
        b"\x80\x00",
        WORD.pack(RECORD | 100) + b"short",
        WORD.pack(100) + b"short",
    ],
)
@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_malformed_bytes_are_a_violation(target: bytes, data: bytes, cut: int) -> None:
    near, far = pipe_pair(2**20)
    stream = raw(1, 1) + data
    for start in range(0, len(stream), cut):
        near.write(stream[start : start + cut])
    near.end()
    with pytest.raises(ProtocolError):
        receive(far, target, durability="none")
    assert os.listdir(target) == []


def test_wrong_digest_is_a_mismatch_and_leaves_the_old_file(target: bytes) -> None:
    for name in (b"small", b"large"):
        with open(target + b"/" + name, "wb") as file:
            file.write(b"old")
    small = Packed(b"small", 0o644, 0, b"new", b"wrong digest 16b")
    large: list[Record | bytes] = [File(b"large", 0o644, 0, 3), b"new", Finish(b"wrong digest 16b")]
    report = receive_by_hand(whole(small, *large, sources=2), target)
    assert [error.error for error in report.failures] == ["EDIGEST", "EDIGEST"] and report.exit_status == 3
    assert content(target + b"/small") == content(target + b"/large") == b"old"
    assert sorted(os.listdir(target)) == [b"large", b"small"]


def test_abort_names_the_file_and_leaves_the_old_one(target: bytes) -> None:
    report = receive_by_hand(whole(File(b"x", 0o644, 0, 10), b"123", Abort("EIO")), target)
    assert [(error.path, error.error) for error in report.failures] == [(target + b"/x", "EIO")]
    assert os.listdir(target) == []


def test_pipe_that_breaks_leaves_no_part_and_no_private_directory(target: bytes) -> None:
    near, far = pipe_pair(2**20)
    near.write(raw(1, 1) + raw(2, b"d", 0o755, 0) + raw(5, b"x", 0o644, 0, 10) + WORD.pack(3) + b"abc")
    witness = Witness()
    receiving = Background(lambda: receive(far, target, progress=witness))
    assert witness.came.wait(SOON)
    near.close()
    with pytest.raises(LinkError):
        receiving.result()
    assert os.listdir(target + b"/d") == []
    assert os.stat(target + b"/d").st_mode & 0o777 == 0o755


def test_results_name_the_items_that_failed_and_end_with_a_summary(target: bytes) -> None:
    near, far = pipe_pair(2**20)
    os.mkdir(target + b"/b")
    writer = RecordWriter(near)
    for record in whole(packed(b"a"), packed(b"b"), packed(b"c"), sources=3):
        assert not isinstance(record, bytes)
        writer.record(record)
    writer.end()
    receive(far, target, durability="none")
    assert results_of(near) == [Result(1, target + b"/b", "EISDIR"), Done(3, 21), Summary(2, 14)]


def test_several_sources_to_a_file_are_stopped_and_the_file_is_kept(target: bytes) -> None:
    with open(target + b"/file", "wb") as file:
        file.write(b"kept")
    near, far = pipe_pair(2**20)
    near.write(raw(1, 2) + raw(99))
    near.end()
    receiving = Background(lambda: receive(far, target + b"/file"))
    with pytest.raises(ProtocolError):
        receiving.result()
    report = receive_by_hand(whole(packed(b"a"), packed(b"b"), sources=2), target + b"/file")
    assert [error.error for error in report.failures] == ["ENOTDIRTARGET"]
    assert content(target + b"/file") == b"kept"


def test_stop_is_told_to_the_sender(target: bytes) -> None:
    near, far = pipe_pair(2**20)
    near.write(raw(1, 2) + raw(10))
    near.end()
    receive(far, target + b"/missing")
    assert results_of(near) == [Stop(target + b"/missing", "ENOTDIRTARGET"), Summary(0, 0)]


@pytest.mark.parametrize(
    ("asked", "sent", "allowed"),
    [
        (b"dir/file.txt", b"file.txt", True),
        (b"dir/file.txt", b".bashrc", False),
        (b"*.txt", b"b.txt", True),
        (b"*.txt", b".ssh", False),
        (b"~/[ab]", b"a", True),
        (b"d/", b"d", True),
        (b".", b"anything", False),
        (b"~", b"user", True),
        (b"**", b"x", True),
        (b"*", b".bashrc", False),
    ],
)
def test_only_what_was_asked_for_is_taken(target: bytes, asked: bytes, sent: bytes, allowed: bool) -> None:
    if allowed:
        assert receive_by_hand(whole(packed(sent)), target, asked=Asked([asked])).ok
        return
    with pytest.raises(ProtocolError, match="not asked for"):
        receive_by_hand(whole(packed(sent)), target, asked=Asked([asked]))
    assert os.listdir(target) == []


def test_root_is_taken_only_when_it_was_asked_for(target: bytes) -> None:
    items = whole(Root(0o755, 0), packed(b"x"), Leave())
    assert receive_by_hand(items, target, asked=Asked([b"dir/."])).ok
    with pytest.raises(ProtocolError, match="not asked for"):
        receive_by_hand(items, target, asked=Asked([b"dir"]))


def test_flood_of_failures_stays_bounded(target: bytes) -> None:
    flood: list[Record | bytes] = [Failure(b"x" * 60_000, "EIO")] * 200
    report = receive_by_hand(whole(Directory(b"d", 0o755, 0), *flood, Leave()), target)
    assert report.failed == 200
    assert sum(len(error.path) for error in report.failures) < 5_000_000


def test_endless_depth_is_skipped(target: bytes) -> None:
    depth = 300
    down: list[Record | bytes] = [Directory(b"d", 0o755, 0)] * depth
    up: list[Record | bytes] = [Leave()] * depth
    assert receive_by_hand(whole(*down, packed(b"x"), *up), target).files == 1


def test_unknown_durability_is_refused(target: bytes) -> None:
    with pytest.raises(UsageError, match="durability"):
        receive_by_hand(whole(packed(b"x")), target, durability="mostly")


@pytest.mark.parametrize("item", [packed(b"x.o"), Directory(b"build", 0o755, 0), Symlink(b"x.o", 0, b"y")])
def test_what_was_to_be_left_out_is_a_violation(target: bytes, item: Record) -> None:
    inside = whole(Directory(b"d", 0o755, 0), packed(b"build"), packed(b"x"), item, Leave())
    with pytest.raises(ProtocolError, match="left out"):
        receive_by_hand(inside, target, rules=[b"*.o", b"/build/"])
    assert sorted(os.listdir(target + b"/d")) == [b"build", b"x"]
