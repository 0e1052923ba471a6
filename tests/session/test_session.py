from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from rsh.errors import Code, LinkError, ProtocolError, Refused, RshError, SessionGone
from rsh.protocol.frames import Frame, Kind, encode
from rsh.protocol.messages import Exit, Signal
from rsh.protocol.requests import About
from rsh.session import greeting
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from rsh.transport.stream import SocketStream
from tests.machines import SOON
from tests.session.pairs import echo, read_all, sessions


def test_bytes_come_back_when_echoed() -> None:
    with sessions(echo) as (client, _):
        channel = client.open(About())
        channel.write(b"hel", b"lo")
        channel.end()
        assert read_all(channel) == b"hello"


def test_a_channel_that_is_left_with_the_lock_held_is_closed_later() -> None:
    def serve(channel: Channel) -> None:
        with suppress(RshError):
            echo(channel)

    with sessions(serve) as (client, _):
        left = client.open(About())
        with client._lock:  # as when the garbage collector comes by within any of the session's methods
            left.leave()
            assert left.closed_by is None
        client.ping(Deadline(SOON))  # its Pong is a frame
        assert left.closed_by is not None
        another = client.open(About())
        another.leave()
        assert another.closed_by is not None


def test_slow_reader_stops_its_own_channel_only() -> None:
    def flood(channel: Channel) -> None:
        channel.accept()
        for _ in range(64):
            channel.write(bytes(256 * 1024))
        channel.end()
        channel.close()

    def serve(channel: Channel) -> None:
        (flood if channel.number == 1 else echo)(channel)

    with sessions(serve) as (client, _):
        slow, quick = client.open(About()), client.open(About())
        quick.write(b"still here")
        quick.end()
        assert read_all(quick) == b"still here"
        assert len(read_all(slow)) == 64 * 256 * 1024


def test_request_is_rejected_with_its_code_when_the_service_closes() -> None:
    with sessions(lambda channel: channel.close(Code.FORBIDDEN, "no")) as (client, _):
        with pytest.raises(Refused, match="no") as caught:
            client.open(About()).wait_accepted(Deadline(SOON))
        assert caught.value.code is Code.FORBIDDEN


def test_messages_arrive_at_the_listener_and_end_with_none() -> None:
    heard: list[object] = []
    over = threading.Event()

    def serve(channel: Channel) -> None:
        channel.accept()
        channel.tell(Exit(3))
        channel.close()

    def listen(message: object) -> None:
        heard.append(message)
        if message is None:
            over.set()

    with sessions(serve) as (client, _):
        client.open(About()).listen(listen)
        assert over.wait(SOON)
    assert heard == [Exit(3), None]


def test_service_hears_when_the_client_closes() -> None:
    heard = threading.Event()
    signalled = threading.Event()

    def listen(message: object) -> None:
        if isinstance(message, Signal):
            signalled.set()
        elif message is None:
            heard.set()

    def serve(channel: Channel) -> None:
        channel.listen(listen)
        channel.accept()

    with sessions(serve) as (client, _):
        channel = client.open(About())
        channel.wait_accepted(Deadline(SOON))
        channel.tell(Signal("INT"))
        assert signalled.wait(SOON)
        channel.close()
        assert heard.wait(SOON)


def test_everybody_learns_it_when_the_stream_breaks() -> None:
    left, right = socket.socketpair()
    client = greeting.connect(SocketStream(left, "x"), account="")
    channel = client.open(About())
    right.close()
    with pytest.raises(LinkError):
        channel.read(0, Deadline(SOON))
    with pytest.raises(LinkError):
        channel.write(b"x")
    with pytest.raises(LinkError):
        client.open(About())


def test_writer_that_waits_for_credit_learns_it_when_the_session_ends() -> None:
    with sessions(lambda channel: channel.accept()) as (client, server):
        channel = client.open(About())
        failed = threading.Event()

        def write() -> None:
            with pytest.raises(LinkError):
                channel.write(bytes(8 << 20))
            failed.set()

        thread = threading.Thread(target=write)
        thread.start()
        server.close()
        assert failed.wait(SOON)
        thread.join()


def test_ping_measures_and_brings_the_clock() -> None:
    with sessions(echo) as (client, _):
        round_trip, clock = client.ping(Deadline(SOON))
        assert 0 < round_trip < SOON
        assert clock > 1_600_000_000 * 10**9


def test_many_may_ping_at_once() -> None:
    with sessions(echo) as (client, _):
        threads = [threading.Thread(target=client.ping, args=(Deadline(SOON),)) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert client.error is None


def test_peer_is_told_when_it_breaks_the_protocol() -> None:
    left, right = socket.socketpair()
    client = greeting.connect(SocketStream(left, "x"), account="")
    right.sendall(encode(Frame(Kind.DATA, 0, 1, b"no greeting")))
    with pytest.raises(ProtocolError):
        client.wait_welcome(Deadline(SOON))
    received = b""
    while piece := right.recv(4096):
        received += piece
    assert b"data before the greeting" in received
    right.close()


def test_refusal_reaches_the_client_with_code_and_words() -> None:
    left, right = socket.socketpair()
    client = greeting.connect(SocketStream(left, "x"), account="bob")
    greeting.refuse(SocketStream(right, "y"), Code.ACCOUNT, "this daemon runs as ann")
    with pytest.raises(Refused, match="runs as ann") as caught:
        client.wait_welcome(Deadline(SOON))
    assert caught.value.code is Code.ACCOUNT


def test_session_is_idle_when_the_server_has_closed_its_channels_first() -> None:
    with sessions(echo) as (client, server):
        channel = client.open(About())
        channel.end()
        assert read_all(channel) == b""
        channel.close()
        assert server.wait_idle(Deadline(SOON))


def test_session_is_closed_between_two_requests_and_takes_no_note_of_the_next() -> None:
    """Whatever is asked of it while it is closed has been done, or is known not to have begun."""
    served = []

    def serve(channel: Channel) -> None:
        served.append(channel.number)
        channel.accept()
        channel.end()
        channel.close()

    with sessions(serve) as (client, server):
        answered: list[int] = []
        closing = threading.Thread(target=server.close_idle, args=(Code.SHUTDOWN, "going", Deadline(SOON)))
        with pytest.raises(SessionGone) as gone:
            while True:
                channel = client.open(About())
                if len(answered) == 20:
                    closing.start()
                assert read_all(channel) == b""
                channel.close()
                answered.append(channel.number)
        closing.join()
    assert gone.value.unheard
    assert answered == served


def test_session_with_work_is_not_closed_as_idle() -> None:
    def serve(channel: Channel) -> None:
        channel.accept()
        with suppress(RshError):  # it is closed beneath it
            channel.read()

    with sessions(serve) as (client, server):
        channel = client.open(About())
        channel.wait_accepted(Deadline(SOON))
        assert not server.close_idle(Code.SHUTDOWN, "going", Deadline(0.05))
        assert server.close_idle(Code.SHUTDOWN, "going", Deadline(SOON), besides=(About,))
        with pytest.raises(SessionGone) as gone:
            channel.read()
        assert not gone.value.unheard
        with pytest.raises(SessionGone) as gone:
            client.open(About())
        assert gone.value.unheard


def test_reader_is_woken_when_its_channel_was_closed_here_and_there() -> None:
    ended = threading.Event()
    with sessions(Channel.accept) as (client, _):
        channel = client.open(About())
        channel.listen(lambda message: ended.set() if message is None else None)
        channel.close()
        assert ended.wait(SOON)


def test_requests_are_refused_when_services_outlive_their_channels() -> None:
    release = threading.Event()

    def serve(channel: Channel) -> None:
        assert release.wait(SOON)

    with sessions(serve) as (client, server):
        server._link.max_channels = 3
        for _ in range(3):
            client.open(About()).close()
            assert client.wait_idle(Deadline(SOON))
        late = client.open(About())
        with pytest.raises(Refused, match="too many requests"):
            late.wait_accepted(Deadline(SOON))
        release.set()


def test_what_a_service_did_not_read_is_dropped_when_it_is_over() -> None:
    kept: list[Channel] = []

    def serve(channel: Channel) -> None:
        assert channel.read() == b"read"
        while not any(channel._pieces):  # the rest
            time.sleep(0.001)
        kept.append(channel)
        channel.close()

    with sessions(serve) as (client, server):
        channel = client.open(About())
        channel.write(b"read")
        channel.write(bytes(100_000))
        with pytest.raises(Refused):
            channel.wait_accepted(Deadline(SOON))
        assert server.wait_idle(Deadline(SOON))
    assert not any(kept[0]._pieces)
