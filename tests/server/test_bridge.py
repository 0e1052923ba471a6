"""A bridge between a real channel and a holder that is played by the test."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from rsh.errors import Code, Refused, RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.holder import wire
from rsh.protocol import shell_records
from rsh.protocol.messages import Resize
from rsh.protocol.requests import About
from rsh.protocol.shell_records import Attached, Line, Ready
from rsh.server.bridge import Bridge
from rsh.server.place import Place
from rsh.session.channel import Channel
from tests.machines import SOON
from tests.session.pairs import sessions

PLACE = Place("/run", "0badc0de.work")


class Played:
    """A holder, as its bridge sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        sock.settimeout(SOON)
        self._heard = sock.makefile("rb")

    def say(self, kind: int, payload: bytes) -> None:
        self._sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)

    def attach(self) -> None:
        self.say(wire.ATTACHED, wire.ATTACHED_BODY.pack(0, 0, 0, 0, 0, False))

    def hear(self) -> tuple[int, bytes]:
        kind, length = wire.HEAD.unpack(self._heard.read(wire.HEAD.size))
        return kind, self._heard.read(length)

    def close(self) -> None:
        self._heard.close()


@contextmanager
def bridged(patience: float = SOON) -> Iterator[tuple[Channel, Played]]:
    """Give a client's channel and the holder at the other end of the bridge."""
    ours, theirs = socket.socketpair()
    over: queue.Queue[None] = queue.Queue()

    def serve(channel: Channel) -> None:
        with ours, suppress(RshError):  # as rsh.server.services does
            Bridge(channel, ours, PLACE, patience=patience).run()
        over.put(None)

    with theirs, closing(Played(theirs)) as holder:
        with sessions(serve) as (client, _):
            yield client.open(About()), holder
        over.get(timeout=SOON)


def test_line_goes_to_the_holder_and_its_report_comes_back() -> None:
    with bridged() as (channel, holder):
        holder.attach()
        channel.tell(Resize(100, 30))
        writer = RecordWriter(channel, lane=1)
        writer.record(Line(4, 1, 0))
        writer.content(b"true")
        writer.flush()
        assert holder.hear() == (wire.RESIZE, b"\0\x64\0\x1e")
        assert holder.hear() == (wire.RUN, wire.RUN_HEAD.pack(1, 0, 0) + b"true")
        holder.say(wire.REPORT, wire.REPORT_HEAD.pack(1, 0, 1, 3, 0, 0) + b"/tmp")
        heard = iter(RecordReader(channel, shell_records.SHELL, lane=1))
        assert isinstance(next(heard), Attached)
        assert next(heard) == Ready(0, 3, b"/tmp", 1, 1, 0, b"")


def test_holder_that_takes_nothing_for_now_gets_everything_in_order() -> None:
    with bridged() as (channel, holder):
        holder.attach()
        pieces = [b"%06d" % number for number in range(100_000)]
        for start in range(0, len(pieces), 1000):
            channel.write(b"".join(pieces[start : start + 1000]))
        typed = b""
        while len(typed) < 600_000:
            kind, payload = holder.hear()
            assert kind == wire.INPUT
            typed += payload
        assert typed == b"".join(pieces)


def test_end_of_the_lane_is_told_as_leaving() -> None:
    with bridged() as (channel, holder):
        holder.attach()
        channel.end(1)
        assert holder.hear() == (wire.LEAVE, b"")


def test_output_comes_through_and_so_does_the_end() -> None:
    with bridged() as (channel, holder):
        holder.attach()
        holder.say(wire.OUTPUT, wire.NUMBER.pack(0) + b"hello")
        holder.say(wire.ENDED, wire.ENDED_BODY.pack(5, 7, 0))
        assert bytes(channel.read()) == b"hello"
        assert channel.read() == b""
        assert holder.hear() == (wire.LEAVE, b"")


def test_holder_that_says_nothing_is_not_waited_for() -> None:
    with bridged(patience=0.05) as (channel, _):
        with pytest.raises(Refused, match="does not answer") as caught:
            channel.read(1)
        assert caught.value.code == Code.BUSY


def test_malformed_record_closes_the_channel() -> None:
    with bridged() as (channel, holder):
        holder.attach()
        channel.write(b"\0\0\0\0", lane=1)
        with pytest.raises(Refused) as caught:
            while channel.read():
                pass
        assert caught.value.code == Code.PROTOCOL
