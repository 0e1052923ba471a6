"""Senders against receivers made by hand: what is said, and that nothing they answer makes a sender hang."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rsh.errors import LinkError, ProtocolError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.transfer.sender import send
from rsh.protocol import transfer_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import (
    Abort,
    Begin,
    Directory,
    Done,
    File,
    Leave,
    Packed,
    Result,
    Root,
    Stop,
    Summary,
    Symlink,
)
from tests.files.pipes import PipeEnd, pipe_pair
from tests.files.transfers import Background, send_to, stream_of


@pytest.fixture
def tree(tmp_path: Path) -> bytes:
    (tmp_path / "t" / "b").mkdir(parents=True)
    (tmp_path / "t" / "b" / "inner").write_bytes(b"inner")
    (tmp_path / "t" / "a").write_bytes(b"a")
    (tmp_path / "t" / "c").symlink_to("gone")
    return os.fsencode(tmp_path / "t")


def shape(elements: list[object]) -> list[object]:
    return [getattr(element, "name", None) or type(element) for element in elements]


def test_tree_is_sent_depth_first_in_order(tree: bytes) -> None:
    assert shape(list(stream_of([tree]))) == [Begin, b"t", b"a", b"b", b"inner", Leave, b"c", Leave, End]


def test_source_that_is_a_symlink_is_sent_as_one(tree: bytes) -> None:
    link = stream_of([tree + b"/c"])[1]
    assert isinstance(link, Symlink) and link.target == b"gone"


@pytest.mark.parametrize("tail", [b"/.", b"/b/..", b"/b/../"])
def test_source_without_a_name_is_a_root(tree: bytes, tail: bytes) -> None:
    assert shape(list(stream_of([tree + tail])))[:3] == [Begin, Root, b"a"]


def test_trailing_slash_follows_a_symlink(tree: bytes) -> None:
    os.symlink(b"b", tree + b"/link")
    elements = stream_of([tree + b"/link/"])
    assert isinstance(elements[1], Directory) and elements[1].name == b"link"


def test_small_files_share_writes(tree: bytes) -> None:
    for number in range(50):
        with open(tree + b"/%d" % number, "wb") as file:
            file.write(b"x" * 100)
    near, far = pipe_pair(2**20)
    sending = Background(lambda: send(near, [tree]))
    first = far.read()
    assert len(first) > 5000 and far.read() == b""
    RecordWriter(far).end()
    with pytest.raises(ProtocolError, match="without a summary"):
        sending.result()


def drain(pipe: PipeEnd) -> None:
    while pipe.read():
        pass


def answering(*answers: Record, drained: bool = True) -> Callable[[PipeEnd], None]:
    def answer(pipe: PipeEnd) -> None:
        if drained:
            drain(pipe)
        writer = RecordWriter(pipe)
        for record in answers:
            writer.record(record)
        writer.end()

    return answer


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [Done(99), Summary(1, 1)],
        [Result(99, b"x", "EIO"), Summary(1, 1)],
        [Result(0, b"x", "EIO")] * 12,
        [Summary(99, 1)],
        [Summary(1, 1), Done(1)],
        [Summary(1, 1), Summary(1, 1)],
        [Stop(b"x", "EIO"), Stop(b"x", "EIO")],
        [Begin(1)],
        [Failure(b"x", "EIO")],
    ],
)
def test_impossible_results_are_a_violation(tree: bytes, answers: list[Record]) -> None:
    with pytest.raises(ProtocolError):
        send_to(answering(*answers), [tree])


@pytest.mark.parametrize("answers", [[Summary(0, 0)], [Begin(1)], [Result(2**40, b"x", "EIO")], []])
def test_receiver_that_answers_nonsense_and_reads_nothing_does_not_hang_the_sender(
    tree: bytes, answers: list[Record]
) -> None:
    with open(tree + b"/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**24)
    with pytest.raises(ProtocolError):
        send_to(answering(*answers, drained=False), [tree])


@pytest.mark.parametrize("junk", [b"\0\0\0\1x", b"\xff\xff\xff\xff", b"\x80", b"\x80\0\0\1\xc1"])
def test_receiver_that_answers_junk_does_not_hang_the_sender(tree: bytes, junk: bytes) -> None:
    with open(tree + b"/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**24)

    def answer(pipe: PipeEnd) -> None:
        pipe.write(junk)
        pipe.end()

    with pytest.raises(ProtocolError):
        send_to(answer, [tree])


def test_receiver_that_goes_away_does_not_hang_the_sender(tree: bytes) -> None:
    with open(tree + b"/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**24)

    def answer(pipe: PipeEnd) -> None:
        pipe.read()
        pipe.close()

    with pytest.raises(LinkError):
        send_to(answer, [tree])


def test_stop_ends_the_sending_early(tree: bytes) -> None:
    with open(tree + b"/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**28)
    seen = []

    def answer(pipe: PipeEnd) -> None:
        writer = RecordWriter(pipe)
        writer.record(Stop(b"dst", "ENOTDIRTARGET"))
        writer.flush()
        seen.append(sum(map(len, iter(pipe.read, b""))))
        writer.record(Summary(0, 0))
        writer.end()

    report = send_to(answer, [tree + b"/big", tree])
    assert [(error.path, error.error) for error in report.failures] == [(b"dst", "ENOTDIRTARGET")]
    assert seen[0] < 2**27


def test_content_of_a_large_file_that_failed_is_not_sent_in_vain(tree: bytes) -> None:
    with open(tree + b"/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**28)
    seen: list[object] = []

    def answer(pipe: PipeEnd) -> None:
        writer = RecordWriter(pipe)
        for element in RecordReader(pipe, transfer_records.TRANSFER):
            if isinstance(element, File):
                writer.record(Result(0, b"dst/big", "EACCES"))
                writer.flush()
            seen.append(element)
        writer.record(Summary(1, 1))
        writer.end()

    report = send_to(answer, [tree + b"/big", tree + b"/a"])
    assert [error.error for error in report.failures] == ["EACCES"]
    assert seen[-3] == Abort("ESTOPPED") and isinstance(seen[-2], Packed)
    assert len(seen) < 1000
