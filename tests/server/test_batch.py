"""The batch service against clients that break its rules, and against commands that meddle with it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from rsh.errors import Code, Refused, RshError
from rsh.files.stream.stream import RECORD, WORD, RecordReader, RecordWriter
from rsh.protocol import requests, shell_records
from rsh.protocol.any_record import Record
from rsh.protocol.shell_records import BatchLine, LineEnd, Taken
from rsh.server import batch
from rsh.server.account import Account, Grant
from rsh.session.channel import Channel
from tests.machines import SOON, descriptors, wait_until_gone
from tests.session.pairs import read_all, sessions

# A stack that no thread can have, in bytes.
NO_ROOM: Final = 2**46


@pytest.fixture
def over() -> threading.Event:
    """Set once the service has returned."""
    return threading.Event()


@pytest.fixture
def channel(over: threading.Event, tmp_path: Path) -> Iterator[Channel]:
    """A client's channel to the service, with an sh behind it that stands in an empty directory."""
    account = Account("ann", os.fsencode(tmp_path), b"/bin/sh", "box")

    def service(channel: Channel) -> None:
        assert isinstance(channel.request, requests.Batch)
        try:
            batch.serve(channel, channel.request, account, Grant(), os.environb, everything=True)
        finally:
            over.set()

    with sessions(service) as (client, _):
        yield client.open(requests.Batch())
        assert over.wait(SOON)


def test_shell_that_cannot_be_fed_is_ended_and_leaves_nothing(tmp_path: Path) -> None:
    account = Account("ann", os.fsencode(tmp_path), b"/bin/sh", "box")
    refused: queue.SimpleQueue[tuple[Code, bool]] = queue.SimpleQueue()

    def service(channel: Channel) -> None:
        before, usual = descriptors(os.getpid()), threading.stack_size(NO_ROOM)
        try:
            with pytest.raises(Refused) as refusal:
                batch.serve(channel, requests.Batch(), account, Grant(), os.environb, everything=True)
        finally:
            threading.stack_size(usual)
        refused.put((refusal.value.code, descriptors(os.getpid()) <= before))

    with sessions(service) as (client, _):
        client.open(requests.Batch())
        assert refused.get(timeout=SOON) == (Code.BUSY, True)


def say(channel: Channel, *elements: Record | bytes) -> None:
    writer = RecordWriter(channel, lane=1)
    for element in elements:
        if isinstance(element, bytes):
            writer.content(element)
        else:
            writer.record(element)
    writer.flush()


def run(channel: Channel, line: bytes) -> None:
    say(channel, BatchLine(len(line)), line)


def ends(channel: Channel, count: int) -> list[LineEnd]:
    """Wait for the ends of some lines."""
    found: list[LineEnd] = []
    for element in RecordReader(channel, shell_records.BATCH, lane=1):
        if isinstance(element, LineEnd):
            found.append(element)
        if len(found) == count:
            break
    return found


LIES: list[tuple[Record | bytes, ...]] = [
    (b"content",),
    (BatchLine(2), b"true"),
    (BatchLine(4), BatchLine(4)),
    (BatchLine(batch.MAX_LINE + 1), b"true"),
    (BatchLine(2**61),),
    (LineEnd(0, 0, b"/"),),
    (Taken(1),),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: " ".join(type(each).__name__ for each in lie))
def test_client_that_breaks_the_rules_is_told_so_and_has_no_shell_any_more(
    channel: Channel, over: threading.Event, lie: tuple[Record | bytes, ...]
) -> None:
    run(channel, b"sleep 600 & echo $$")
    pid = int(bytes(channel.read(0)))
    ends(channel, 1)
    say(channel, *lie)
    assert over.wait(SOON)
    assert wait_until_gone(pid, SOON)
    with pytest.raises(RshError):
        while True:
            channel.read(1)
    assert isinstance(channel.closed_by, Refused)
    assert channel.closed_by.code == Code.PROTOCOL


@pytest.mark.parametrize("fields", [(104, -1), (104, 2**64 - 1), (104,), (104, 1, 1), (0,), (b"x",)])
def test_record_that_cannot_be_is_a_violation(channel: Channel, over: threading.Event, fields: tuple[object]) -> None:
    data = msgspec.msgpack.encode(list(fields))
    channel.write(WORD.pack(RECORD | len(data)) + data, lane=1)
    assert over.wait(SOON)


def test_lane_that_ends_in_the_middle_of_a_line_runs_nothing(
    channel: Channel, over: threading.Event, tmp_path: Path
) -> None:
    say(channel, BatchLine(100), b"touch half;")
    channel.end(1)
    assert over.wait(SOON)
    assert not (tmp_path / "half").exists()


def test_lines_that_do_not_wait_for_each_other_run_in_order(channel: Channel) -> None:
    for number in range(200):
        run(channel, b"echo %d" % number)
    assert len(ends(channel, 200)) == 200
    channel.end(1)
    assert read_all(channel) == b"".join(b"%d\n" % number for number in range(200))


def test_client_that_goes_has_what_it_started_end(channel: Channel, over: threading.Event) -> None:
    run(channel, b"sleep 600 & echo $!; wait")
    pid = int(bytes(channel.read(0)))
    channel.close(discard=True)
    assert over.wait(SOON)
    assert wait_until_gone(pid, SOON)


def test_client_that_takes_nothing_holds_up_only_itself(channel: Channel, over: threading.Event) -> None:
    run(channel, b"yes")
    channel.read(0)
    channel.close(discard=True)
    assert over.wait(SOON)


FORGED = [b"head -c 5000000 /dev/zero", b"printf '%05000d\\0' 7 7", b"printf '1\\0999\\0001\\0\\0/\\0.\\0'"]


@pytest.mark.parametrize("forged", FORGED, ids=["much", "long", "early"])
def test_command_that_writes_where_reports_go_is_not_believed(channel: Channel, forged: bytes) -> None:
    """It finds the descriptor if it looks for it; what it can harm is its own shell."""
    run(channel, b"true")
    ends(channel, 1)
    run(channel, b"(" + forged + b") > /proc/$$/fd/9; (exit 3)")
    run(channel, b"echo on")
    assert [end.status for end in ends(channel, 2)] == [3, 0]
    channel.end(1)
    assert read_all(channel) == b"on\n"
