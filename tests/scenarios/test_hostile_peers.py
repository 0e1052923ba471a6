"""Peers that lie, over real sessions: nothing lands outside of the target, the final name is untouched, it is said."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from rsh.client.api.remote_files import RemoteFiles
from rsh.errors import ProtocolError, RshError
from rsh.files.stream.stream import RECORD, WORD, RecordReader, RecordWriter
from rsh.files.transfer.sender import send
from rsh.protocol import requests, transfer_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End
from rsh.protocol.transfer_records import (
    Begin,
    Directory,
    File,
    Finish,
    Held,
    Hole,
    Leave,
    Link,
    Same,
    Summary,
    Symlink,
)
from rsh.server.account import Account, Grant
from rsh.server.filesystem import serve
from rsh.session.channel import Channel
from tests.files.transfers import packed, snapshot
from tests.machines import SOON
from tests.session.pairs import sessions

WRONG = b"wrong digest 16b"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """A target with a file in it, beside a canary."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary").write_text("alive")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "file").write_text("old")
    before = snapshot(os.fsencode(tmp_path / "outside"))
    yield tmp_path / "target"
    assert snapshot(os.fsencode(tmp_path / "outside")) == before
    assert sorted(os.listdir(tmp_path)) == ["outside", "target"]
    assert (tmp_path / "target" / "file").read_text() == "old"
    assert not list((tmp_path / "target").rglob("*.part"))


def say(channel: Channel, *elements: Record | bytes) -> None:
    """Say something, in order or not, as a sender."""
    writer = RecordWriter(channel)
    for element in elements:
        if isinstance(element, bytes):
            writer.content(element)
        else:
            writer.record(element)
    writer.end()


def raw(*fields: object) -> bytes:
    """Make a record that our own types would refuse."""
    data = msgspec.msgpack.encode(list(fields))
    return WORD.pack(RECORD | len(data)) + data


OUTSIDE = [
    pytest.param(packed(b"../file"), id="above"),
    pytest.param(packed(b"/etc/x"), id="absolute"),
    pytest.param(packed(b"."), id="dot"),
    pytest.param(packed(b".."), id="dots"),
    pytest.param(packed(b""), id="empty"),
    pytest.param(packed(b"x\0y"), id="NUL"),
    pytest.param(packed(b".bashrc"), id="not asked for"),
    pytest.param(Directory(b"..", 0o755, 0), id="directory"),
    pytest.param(Symlink(b"../x", 0, b"x"), id="link"),
]

LIES: list[tuple[Record | bytes, ...]] = [
    (File(b"file", 0o644, 0, 5), b"1234", Finish(WRONG)),
    (File(b"file", 0o644, 0, 5), b"123456", Finish(WRONG)),
    (File(b"file", 0o644, 0, 2**44), Hole(2**44), b"more"),
    (File(b"file", 0o644, 0, 2**21), Same(2**20), b"rest"),
    (File(b"file", 0o644, 0, 5), Hole(6)),
    (Same(2**20),),
    (Hole(5),),
    (Link(b"file", b"x", 1, 1),),
    (b"content",),
]


def getting(answer: Callable[[Channel], None], target: Path, *sources: str) -> None:
    """Get from a server that answers as it likes; it must be caught."""

    def service(channel: Channel) -> None:
        channel.accept(bulk=True)
        try:
            answer(channel)
        except RshError:
            pass  # the client has hung up

    with sessions(service) as (client, _), pytest.raises(ProtocolError):
        RemoteFiles(client).get(*(sources or ("file",)), to=target, compress=False)


@pytest.mark.parametrize("item", OUTSIDE)
def test_server_that_names_what_is_outside_is_refused(target: Path, item: Record) -> None:
    getting(lambda channel: say(channel, Begin(1), item, End()), target)
    assert os.listdir(target) == ["file"]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: type(lie[0]).__name__)
def test_server_that_lies_about_a_file_is_refused(target: Path, lie: tuple[Record | bytes, ...]) -> None:
    getting(lambda channel: say(channel, Begin(1), *lie, End()), target)


@pytest.mark.parametrize("size", [2**63, 2**62, 2**50 + 1, -1])
def test_server_that_announces_an_impossible_size_is_refused(target: Path, size: int) -> None:
    def answer(channel: Channel) -> None:
        channel.write(raw(1, 1) + raw(5, b"file", 0o644, 0, size))
        channel.end()

    getting(answer, target)


def test_server_that_sends_more_than_was_asked_for_is_refused(target: Path) -> None:
    (target / "d").mkdir()
    getting(lambda channel: say(channel, Begin(2), packed(b"a"), packed(b"b"), End()), target / "d", "a")


def test_server_that_sends_a_file_through_a_link_of_its_own_gets_nowhere(target: Path) -> None:
    def service(channel: Channel) -> None:
        channel.accept(bulk=True)
        say(
            channel,
            Begin(1),
            Directory(b"d", 0o755, 0),
            Symlink(b"out", 0, b"../../outside"),
            Directory(b"out", 0o755, 0),
            packed(b"canary", b"dead"),
            Leave(),
            Leave(),
            End(),
        )

    with sessions(service) as (client, _):
        report = RemoteFiles(client).get("d", to=target, compress=False)
    assert [error.error for error in report.failures] == ["ENOTDIR"]


@pytest.mark.parametrize("digests", [b"x" * 16 * 1000, b"x" * 15])
def test_server_that_claims_to_hold_more_than_there_is_is_refused(tmp_path: Path, digests: bytes) -> None:
    (tmp_path / "file").write_bytes(os.urandom(3_000_000))

    def service(channel: Channel) -> None:
        channel.accept(bulk=True)
        reader, writer = RecordReader(channel, transfer_records.TRANSFER), RecordWriter(channel)
        try:
            for element in reader:
                if isinstance(element, File):
                    writer.record(Held(0, digests))
                    writer.flush()
            writer.record(Summary(1, 1))
            writer.end()
        except RshError:
            pass  # the client has seen through it

    with sessions(service) as (client, _), pytest.raises(ProtocolError, match="blocks"):
        RemoteFiles(client).put(tmp_path / "file", to="x", compress=False)


@pytest.fixture
def served(target: Path) -> Iterator[Channel]:
    """A client's channel to our own server that is asked to put something into the target."""
    account = Account.current()

    def service(channel: Channel) -> None:
        try:
            serve(channel, channel.request, account, Grant())
        except RshError:
            channel.close()

    with sessions(service) as (client, _):
        yield client.open(requests.Put(os.fsencode(target)), bulk=True)


def heard(channel: Channel) -> list[object]:
    """Give what the server answers until it has had enough."""
    try:
        return list(RecordReader(channel, transfer_records.RESULTS))
    except RshError:
        return []


@pytest.mark.parametrize("item", [item for item in OUTSIDE if item.id != "not asked for"])
def test_client_that_names_what_is_outside_is_refused(target: Path, served: Channel, item: Record) -> None:
    say(served, Begin(1), item, End())
    assert not [answer for answer in heard(served) if isinstance(answer, Summary)]
    assert os.listdir(target) == ["file"]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: type(lie[0]).__name__)
def test_client_that_lies_about_a_file_is_refused(
    target: Path, served: Channel, lie: tuple[Record | bytes, ...]
) -> None:
    say(served, Begin(1), *lie, End())
    assert not [answer for answer in heard(served) if isinstance(answer, Summary)]


class Racer:
    """Swaps a directory for a symlink to elsewhere and back, as fast as it can."""

    def __init__(self, directory: Path, elsewhere: Path) -> None:
        self._directory, self._elsewhere = directory, elsewhere
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        aside = self._directory.with_name("aside")
        while not self._over.is_set():
            try:
                self._directory.rename(aside)
                self._directory.symlink_to(self._elsewhere)
                self._directory.unlink()
                aside.rename(self._directory)
            except OSError:
                continue  # the transfer has made one itself

    def stop(self) -> None:
        self._over.set()
        self._thread.join(SOON)


def _tree(top: Path) -> Path:
    for folder in range(40):
        (top / "d" / str(folder)).mkdir(parents=True)
        for number in range(10):
            (top / "d" / str(folder) / str(number)).write_text("mine")
    return top


@pytest.mark.parametrize("side", ["source", "target"])
def test_racer_who_swaps_directories_for_symlinks_leads_nobody_outside(tmp_path: Path, side: str) -> None:
    source, target, outside = tmp_path / "tree", tmp_path / "target", tmp_path / "outside"
    _tree(source)
    (target / "tree" / "d").mkdir(parents=True)
    for folder in range(40):
        (outside / str(folder)).mkdir(parents=True)
        for number in range(10):
            (outside / str(folder) / str(number)).write_text("secret")
    before = snapshot(os.fsencode(outside))
    racer = Racer(source / "d" if side == "source" else target / "tree" / "d", outside)

    def service(channel: Channel) -> None:
        channel.accept(bulk=True)
        try:
            send(channel, [os.fsencode(source)])
        except RshError:
            pass  # the client needed no more
        channel.close()

    try:
        with sessions(service) as (client, _):
            for _ in range(3):
                RemoteFiles(client).get("tree", to=target, durability="none", compress=False)
    finally:
        racer.stop()
    assert snapshot(os.fsencode(outside)) == before
    assert not [path for path in target.rglob("*") if path.is_file() and path.read_text() == "secret"]
