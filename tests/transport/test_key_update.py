"""The first measured trap: a peer that floods KeyUpdate requests while one thread reads here and another writes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zlib

import pytest

from rsh.transport.tls import TLSStream
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


def test_flood_of_key_updates_does_no_harm_to_reader_and_writer(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    command = [sys.executable, FLOODER, str(server.address[1]), friend.path, str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flooder:
        assert flooder.stdout is not None
        stream = server.accepted()
        if flooder.stdout.readline() != "ready\n":
            stream.close()
            pytest.skip("this Python keeps its SSL pointer elsewhere")
        talker = Talker(stream)
        talker.start()
        assert read_up_to_end(stream) > 10_000
        talker.stopped.set()
        talker.join()
        stream.close_slowly()
        received, crc = map(int, flooder.stdout.readline().split())
    assert (received, crc) == (talker.sent, talker.crc)


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
