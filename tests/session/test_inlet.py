from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from rsh.errors import LinkError, ProtocolError, RshError
from rsh.protocol.frames import Buffer
from rsh.protocol.requests import About
from rsh.session.channel import Channel
from rsh.session.inlet import Inlet
from tests.machines import SOON
from tests.session.pairs import sessions


def bytes_of(piece: Buffer) -> Iterator[bytes]:
    """Cut a piece into bytes, and its end into one that is empty."""
    yield from (bytes((byte,)) for byte in piece)
    if not piece:
        yield b""


class Taker:
    """Acts on bytes: notes them, and will not do so at once with those of `slow`."""

    def __init__(self, slow: bytes = b"") -> None:
        self.taken = b""
        self.waited = b""
        self.over: queue.Queue[RshError | None] = queue.Queue()
        self.may_go_on = threading.Event()
        self._slow = slow

    def act(self, byte: bytes, wait: bool) -> bool:
        if byte and byte in self._slow and not wait:
            return False
        if wait:
            self.may_go_on.wait(SOON)
            self.waited += byte
        self.taken += byte
        if byte == b"!":
            raise ProtocolError("an exclamation")
        if not byte:
            self.over.put(None)
        return True

    def on(self, channel: Channel) -> Inlet[bytes]:
        inlet = Inlet(channel, 0, bytes_of, self.act, self.over.put)
        inlet.begin()
        return inlet


def test_all_that_comes_is_acted_on_in_order() -> None:
    taker = Taker()

    def serve(channel: Channel) -> None:
        taker.on(channel)
        channel.accept()

    with sessions(serve) as (client, _):
        channel = client.open(About())
        for piece in (b"before", b"and", b"after"):
            channel.write(piece)
        channel.end()
        assert taker.over.get(timeout=SOON) is None
    assert taker.taken == b"beforeandafter"
    assert not taker.waited


def test_a_thread_goes_on_with_what_would_have_to_wait_and_holds_nobody_up() -> None:
    taker = Taker(slow=b"x")

    def serve(channel: Channel) -> None:
        if channel.number == 1:
            taker.on(channel)
        channel.accept()
        if channel.number != 1:
            channel.write(channel.read())

    with sessions(serve) as (client, _):
        slow, quick = client.open(About()), client.open(About())
        slow.wait_accepted()
        slow.write(b"abxcd")
        slow.end()
        quick.write(b"here")
        assert quick.read() == b"here"
        assert taker.taken == b"ab"
        taker.may_go_on.set()
        assert taker.over.get(timeout=SOON) is None
    assert taker.taken == b"abxcd"
    assert taker.waited.startswith(b"x")


def test_the_reader_acts_again_when_the_thread_has_caught_up() -> None:
    taker = Taker(slow=b"x")
    taker.may_go_on.set()
    inlets: queue.Queue[Inlet[bytes]] = queue.Queue()

    def serve(channel: Channel) -> None:
        channel.accept()
        inlets.put(taker.on(channel))

    with sessions(serve) as (client, _):
        channel = client.open(About())
        inlet = inlets.get(timeout=SOON)
        channel.write(b"x")
        while not taker.taken:
            inlet.wait_over()
        inlet.wait_over()
        channel.write(b"y")
        channel.end()
        assert taker.over.get(timeout=SOON) is None
    assert (taker.taken, taker.waited) == (b"xy", b"x")


@pytest.mark.parametrize("slow", [b"", b"!"])
def test_who_raises_has_it_told_once_and_is_asked_no_more(slow: bytes) -> None:
    taker = Taker(slow)
    taker.may_go_on.set()

    def serve(channel: Channel) -> None:
        taker.on(channel)
        channel.accept()

    with sessions(serve) as (client, _):
        channel = client.open(About())
        channel.write(b"a!bc")
        assert isinstance(taker.over.get(timeout=SOON), ProtocolError)
        channel.write(b"more")
    assert taker.taken == b"a!"
    assert taker.over.empty()


def test_nobody_waits_for_one_who_has_failed() -> None:
    over: queue.Queue[RshError] = queue.Queue()

    def act(byte: bytes, wait: bool) -> bool:
        raise ValueError("a bug")

    with sessions(lambda channel: channel.write(b"a")) as (client, _):
        channel, come = client.open(About()), threading.Event()
        channel.hand(0, come.set)
        assert come.wait(SOON)
        inlet = Inlet(channel, 0, bytes_of, act, over.put)
        with pytest.raises(ValueError, match="a bug"):
            inlet.begin()
        inlet.wait_over()
    assert isinstance(over.get(timeout=SOON), LinkError)


def test_end_of_the_session_is_told() -> None:
    taker = Taker()

    def serve(channel: Channel) -> None:
        taker.on(channel)
        channel.accept()

    with sessions(serve) as (client, _):
        client.open(About()).wait_accepted()
        client.close()
        assert isinstance(taker.over.get(timeout=SOON), LinkError)


def test_channel_that_is_closed_here_is_told() -> None:
    taker = Taker()
    with sessions(lambda channel: channel.accept()) as (client, _):
        channel = client.open(About())
        taker.on(channel)
        channel.close()
        assert isinstance(taker.over.get(timeout=SOON), RshError)
