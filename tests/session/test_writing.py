"""Who writes on a stream: much at once in both directions, little bytes joined, and everything in order."""

from __future__ import annotations

import os
import socket
import threading
import time

from rsh.protocol.frames import MAX_PAYLOAD, Decoder, Kind
from rsh.protocol.requests import About
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import SocketStream
from tests.machines import SOON
from tests.session.pairs import echo, read_all, server_on, sessions


def test_eight_megabytes_go_both_ways_at_once_without_a_standstill() -> None:
    payload = bytes(range(256)) * 32768
    with sessions(echo) as (client, _):
        channels = [client.open(About()) for _ in range(2)]
        results = [b"", b""]

        def talk(index: int) -> None:
            reader = threading.Thread(target=lambda: results.__setitem__(index, read_all(channels[index])))
            reader.start()
            channels[index].write(payload)
            channels[index].end()
            reader.join(SOON)

        threads = [threading.Thread(target=talk, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert results == [payload, payload]


def test_single_bytes_are_joined_while_nobody_reads() -> None:
    with sessions(echo) as (client, _):
        channel = client.open(About())
        for _ in range(3000):
            channel.write(b"x")
        client.ping(Deadline(SOON))
        channel.end()
        assert read_all(channel) == b"x" * 3000


def test_pieces_stay_in_order_when_those_who_write_little_and_much_share_a_stream() -> None:
    little, much = [b"%d " % number for number in range(2000)], os.urandom(4 * 1024 * 1024)
    with sessions(echo) as (client, _):
        channels = [client.open(About()) for _ in range(4)]
        results = [b""] * len(channels)

        def listen(index: int) -> None:
            results[index] = read_all(channels[index])

        def talk(index: int) -> None:
            for piece in [much] if not index else little:
                channels[index].write(piece)
            channels[index].end()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(len(channels)) for work in (listen, talk)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert results == [much] + [b"".join(little)] * 3


LAST_WORDS = "that was all"


class Late(SocketStream):
    """A stream whose writer comes back from its last words only after the session that they end has ended."""

    session: Session | None = None

    def write(self, *parts: bytes | bytearray | memoryview) -> None:
        """As Stream.write."""
        super().write(*parts)
        if self.session is not None and LAST_WORDS.encode() in b"".join(parts):
            self.session.wait_end(Deadline(SOON))
            time.sleep(0.1)  # until whoever waits for that has seen it, and waits for us


def test_who_says_goodbye_does_not_wait_for_what_is_over() -> None:
    left, right = socket.socketpair()
    stream = Late(left, "client")
    client = greeting.connect(stream, account="")
    server, thread = server_on(SocketStream(right, "server"), echo)
    client.wait_welcome(Deadline(SOON))
    stream.session = client
    deadline = Deadline(SOON)
    client.close(text=LAST_WORDS, deadline=deadline)
    assert not deadline.expired
    server.close()
    thread.join(SOON)


def test_little_is_written_without_waiting_for_a_peer_that_does_not_read() -> None:
    left, right = socket.socketpair()
    left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client = greeting.connect(SocketStream(left, "client"), account="")
    channel = client.open(About())
    sent = b"".join(b"%05d" % number for number in range(10_000))
    for start in range(0, len(sent), 1000):
        channel.write(sent[start : start + 1000])
    arrived, decoder = b"", Decoder(MAX_PAYLOAD)
    stream = SocketStream(right, "server")
    while len(arrived) < len(sent):
        decoder.filled(stream.readinto(decoder.space()))
        while (frame := decoder.next_frame()) is not None:
            arrived += frame.payload if frame.kind == Kind.DATA else b""
    assert arrived == sent
    client.close()
    stream.close()
