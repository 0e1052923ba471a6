from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from rsh.client.dialling.relay import Relay, is_bulk
from rsh.errors import Code, Refused, RshError, SessionGone
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import About, Exec, Get, Terminal
from rsh.protocol.window import INITIAL_WINDOW
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from tests.machines import SOON
from tests.session.pairs import echo, read_all, sessions


@contextmanager
def relayed(serve: Callable[[Channel], None]) -> Iterator[tuple[Session, Session]]:
    """Give a client whose channels are relayed to a service, and the session in between."""
    with sessions(serve) as (far, _), sessions(Relay(far).serve) as (client, _):
        yield client, far


def test_request_that_cannot_be_passed_on_any_more_has_not_begun() -> None:
    with sessions(echo) as (far, server), sessions(Relay(far).serve) as (client, _):
        server.close(Code.SHUTDOWN, "going")
        assert far.wait_end(Deadline(SOON))
        with pytest.raises(SessionGone, match="going") as gone:
            client.open(About()).wait_accepted(Deadline(SOON))
        assert gone.value.unheard


def test_end_of_a_command_is_told_although_the_session_ended_right_behind_it() -> None:
    def serve(channel: Channel) -> None:
        channel.accept()
        channel.end(0)
        channel.end(1)
        channel.tell(Exit(7))
        channel.close()

    for _ in range(20):
        with sessions(serve) as (far, server), sessions(Relay(far).serve) as (client, _):
            channel = client.open(About())
            told = Told(channel)
            channel.wait_accepted(Deadline(SOON))
            server.close_idle(Code.SHUTDOWN, "going", Deadline(SOON))
            told.wait()
            assert told.messages[0] == Exit(7)


class Told:
    """What a channel was told, and a wait for it."""

    def __init__(self, channel: Channel) -> None:
        self.messages: list[Signal | Resize | Exit | None] = []
        self._came = threading.Semaphore(0)
        channel.listen(self._take)

    def _take(self, message: Signal | Resize | Exit | None) -> None:
        self.messages.append(message)
        self._came.release()

    def wait(self) -> None:
        assert self._came.acquire(timeout=SOON)


def test_both_lanes_pass_whole_and_apart() -> None:
    def serve(channel: Channel) -> None:
        channel.accept()
        channel.write(b"o" * 3_000_000)
        channel.end(0)
        channel.write(b"e" * 2_000_000, lane=1)
        channel.end(1)
        channel.tell(Exit(7))
        channel.close()

    with relayed(serve) as (client, _):
        channel = client.open(About())
        told = Told(channel)
        assert read_all(channel) == b"o" * 3_000_000
        assert read_all(channel, lane=1) == b"e" * 2_000_000
        told.wait()
        assert told.messages[0] == Exit(7)


def test_data_that_is_sent_with_the_request_is_not_held_up() -> None:
    with relayed(echo) as (client, _):
        for number in range(50):
            channel = client.open(About())
            data = bytes([number]) * (2 * INITIAL_WINDOW)
            writer = threading.Thread(target=lambda c=channel, d=data: (c.write(d), c.end()))
            writer.start()
            assert read_all(channel) == data
            writer.join(SOON)
            channel.close()


def test_rejection_keeps_its_code_and_words() -> None:
    with relayed(lambda channel: channel.close(Code.FORBIDDEN, "not you")) as (client, _):
        with pytest.raises(Refused, match="not you") as refusal:
            client.open(About()).wait_accepted(Deadline(SOON))
        assert refusal.value.code == Code.FORBIDDEN


def test_end_with_a_reason_keeps_it_behind_the_data() -> None:
    def serve(channel: Channel) -> None:
        channel.accept()
        channel.write(b"before")
        channel.close(Code.FILE, "EIO")

    with relayed(serve) as (client, _):
        channel = client.open(About())
        assert channel.read(0, Deadline(SOON)) == b"before"
        with pytest.raises(Refused, match="EIO"):
            channel.read(0, Deadline(SOON))


def test_messages_go_up_at_once() -> None:
    heard: list[Told] = []
    served = threading.Event()

    def serve(channel: Channel) -> None:
        heard.append(Told(channel))
        channel.accept()
        served.set()
        with suppress(RshError):  # the client leaves
            channel.read()

    with relayed(serve) as (client, _):
        channel = client.open(About())
        channel.wait_accepted(Deadline(SOON))
        served.wait(SOON)
        channel.tell(Signal("INT"))
        channel.tell(Resize(80, 24))
        heard[0].wait()
        heard[0].wait()
        assert heard[0].messages == [Signal("INT"), Resize(80, 24)]


def test_service_hears_when_the_client_leaves_though_nothing_is_read() -> None:
    gone = threading.Event()

    def serve(channel: Channel) -> None:
        channel.listen(lambda message: gone.set() if message is None else None)
        channel.accept()
        gone.wait(SOON)

    with relayed(serve) as (client, far):
        channel = client.open(About())
        channel.write(bytes(INITIAL_WINDOW))
        channel.close(discard=True)
        assert gone.wait(SOON)
        assert far.wait_idle(Deadline(SOON))


def test_slow_reader_holds_up_who_writes_and_nobody_else() -> None:
    written = threading.Event()

    def serve(channel: Channel) -> None:
        channel.accept()
        if isinstance(channel.request, Get):
            with suppress(RshError):  # the client leaves
                channel.write(bytes(40 * INITIAL_WINDOW))
                written.set()
        channel.end()
        channel.close()

    with relayed(serve) as (client, _):
        slow = client.open(Get((b"x",)), bulk=True)
        assert len(slow.read(0, Deadline(SOON))) > 0
        assert read_all(client.open(About())) == b""
        assert not written.is_set()
        slow.close(discard=True)


def test_bulk_is_what_moves_much() -> None:
    assert is_bulk(Exec((b"cat",), False))
    assert is_bulk(Get((b"x",)))
    assert not is_bulk(Exec((b"vi",), False, terminal=Terminal(80, 24)))
    assert not is_bulk(About())
