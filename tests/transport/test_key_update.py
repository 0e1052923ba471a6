"""The first measured trap: a peer that floods KeyUpdate requests while one thread reads here and another writes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from typing import IO

import pytest

from rsh.errors import LinkError, ProtocolError
from rsh.transport.tls import UNSENT_LIMIT, TLSStream
from tests.transport.keys import Key, serve

FLOODER = os.path.join(os.path.dirname(__file__), "flooder.py")
SECONDS = 2.0


class Talker(threading.Thread):
    """Writes as fast as the peer reads, until it is told to stop."""

    def __init__(self, stream: TLSStream) -> None:
        super().__init__()
        self._stream = stream
        self.stopped = threading.Event()
        self.sent = self.crc = 0

    def run(self) -> None:
        while not self.stopped.is_set():
            data = os.urandom(100) * 300
            self._stream.write(data)
            self.sent, self.crc = self.sent + len(data), zlib.crc32(data, self.crc)


@contextlib.contextmanager
def flooded(host: Key, friend: Key, seconds: float) -> Iterator[tuple[TLSStream, IO[str]]]:
    """Give the stream of a server that is being flooded, and what the flooder has to say."""
    server = serve(host, [friend])
    command = [sys.executable, FLOODER, str(server.address[1]), friend.path, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flooder:
        assert flooder.stdout is not None
        stream = server.accepted()
        try:
            if flooder.stdout.readline() != "ready\n":
                pytest.skip("this Python keeps its SSL pointer elsewhere")
            yield stream, flooder.stdout
        finally:
            stream.close()


def test_flood_of_key_updates_does_no_harm_to_reader_and_writer(host: Key, friend: Key) -> None:
    with flooded(host, friend, SECONDS) as (stream, words):
        talker = Talker(stream)
        talker.start()
        assert read_up_to_end(stream) > 10_000
        talker.stopped.set()
        talker.join()
        stream.close_slowly()
        received, crc = map(int, words.readline().split())
    assert (received, crc) == (talker.sent, talker.crc)


@pytest.mark.parametrize("writing", [False, True])
def test_flooder_that_does_not_read_is_cut_off(host: Key, friend: Key, writing: bool) -> None:
    with flooded(host, friend, 0) as (stream, words):
        writer = threading.Thread(target=write_until_closed, args=(stream,))
        if writing:
            writer.start()
        with pytest.raises(ProtocolError, match="does not read"):
            stream.readinto(memoryview(bytearray(65536)))
        assert len(stream._unsent) < 4 * UNSENT_LIMIT
        stream.close()
        assert words.readline() == "cut off\n"
        if writing:
            writer.join()


def write_until_closed(stream: TLSStream) -> None:
    with contextlib.suppress(LinkError):
        while True:
            stream.write(bytes(65536))


def read_up_to_end(stream: TLSStream) -> int:
    view = memoryview(bytearray(65536))
    total = 0
    tail = b""
    while tail != b"END":
        count = stream.readinto(view)
        assert count
        total += count
        tail = (tail + bytes(view[:count][-3:]))[-3:]
    return total
