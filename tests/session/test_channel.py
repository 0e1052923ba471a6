from __future__ import annotations

import threading

from rsh.protocol.frames import MAX_PAYLOAD, Frame, Kind
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Credit, Welcome, encode_message
from rsh.protocol.requests import About
from rsh.protocol.window import INITIAL_WINDOW
from rsh.session.channel import MAX_UNSENT, Channel
from rsh.session.interrupts import Interrupts
from tests.session.pairs import SOON


class Waiting:
    """A writer that writes when it is told to."""

    def __init__(self) -> None:
        self.woken = threading.Semaphore(0)
        self.interrupts = Interrupts()

    def close_later(self, channel: Channel) -> None:
        raise AssertionError("nobody holds the lock here")

    def wake(self) -> None:
        self.woken.release()

    def reserve(self) -> bool:
        return False

    def write_reserved(self) -> None:
        raise AssertionError("nothing was reserved")


def unsent(link: Link, lock: threading.Lock, number: int) -> int:
    with lock:
        return link.unsent(number)


def test_writer_of_one_lane_is_woken_although_another_lane_found_room_meanwhile() -> None:
    link, lock = Link(Role.CLIENT, b"s" * 16), threading.Lock()
    link.greet("rsh test", "ann")
    link.receive(Frame(Kind.LINK, 0, 0, encode_message(Welcome(VERSION, "rsh test", "ann", "box", b"/"))))
    number = link.open(About())
    link.receive(Frame(Kind.CONTROL, 0, number, encode_message(Credit(0, INITIAL_WINDOW))))
    writer = Waiting()
    channel = Channel(number, About(), link, lock, writer)

    def fill() -> None:
        for _ in range(MAX_UNSENT // MAX_PAYLOAD + 1):
            channel.write(bytes(MAX_PAYLOAD))

    writing = threading.Thread(target=fill, daemon=True)
    writing.start()
    while unsent(link, lock, number) < MAX_UNSENT:
        assert writer.woken.acquire(timeout=SOON)
    with lock:  # It waits now: the queue is full.
        while link.unsent(number) > MAX_UNSENT // 2:
            link.next_frames(MAX_PAYLOAD)
        channel.drained()
    channel.write(b"error", lane=1)
    with lock:
        while link.unsent(number):
            link.next_frames(MAX_PAYLOAD)
        channel.drained()
    writing.join(SOON)
    assert not writing.is_alive()
