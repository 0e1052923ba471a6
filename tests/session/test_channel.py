from __future__ import annotations

import threading
from collections.abc import Callable

from rsh.protocol.frames import MAX_PAYLOAD, Buffer, Frame, Kind
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Credit, Welcome, encode_message
from rsh.protocol.requests import About
from rsh.protocol.window import INITIAL_WINDOW
from rsh.session.channel import FEW_UNSENT, MAX_UNSENT, Channel
from rsh.session.interrupts import Interrupts
from rsh.session.writer import Taken
from tests.machines import SOON


class Waiting:
    """A writer that writes when it is told to."""

    def __init__(self) -> None:
        self.woken = threading.Semaphore(0)
        self.interrupts = Interrupts()

    def do_later(self, work: Callable[[], None]) -> None:
        raise AssertionError("nobody holds the lock here")

    def wake(self) -> None:
        self.woken.release()

    @property
    def direct(self) -> bool:
        return False

    def take(self, number: int, lane: int, parts: tuple[Buffer, ...], length: int) -> None:
        return None

    def write_taken(self, taken: Taken) -> None:
        raise AssertionError("nothing was taken")


class Asked(Link):
    """A link that says when a writer has asked it for credit; it holds the lock then, until it writes or waits."""

    def __init__(self) -> None:
        super().__init__(Role.CLIENT, b"s" * 16)
        self.asked = (threading.Semaphore(0), threading.Semaphore(0))  # of each lane

    def credit(self, number: int, lane: int) -> int:
        self.asked[lane].release()
        return super().credit(number, lane)

    def wait_asked(self, lane: int, times: int) -> None:
        for _ in range(times):
            assert self.asked[lane].acquire(timeout=SOON)

    def take(self, number: int, left: int) -> None:
        """Take frames, as a writer does, until no more than so many bytes are left."""
        while self.unsent(number) > left:
            self.next_frames(MAX_PAYLOAD)

    def give(self, number: int, lane: int) -> None:
        """Give a lane credit, as the peer does."""
        self.receive(Frame(Kind.CONTROL, 0, number, encode_message(Credit(lane, INITIAL_WINDOW))))


def test_writer_that_waits_for_room_is_woken_although_another_lane_waits_for_credit_meanwhile() -> None:
    link, lock = Asked(), threading.Lock()
    link.greet("rsh test", "ann")
    link.receive(Frame(Kind.LINK, 0, 0, encode_message(Welcome(VERSION, "rsh test", "ann", "box", b"/"))))
    number = link.open(About())
    link.give(number, 0)
    channel = Channel(number, About(), link, lock, Waiting())
    channel.write(bytes(INITIAL_WINDOW), lane=1)
    link.wait_asked(1, 1)
    link.take(number, 0)
    frames = MAX_UNSENT // MAX_PAYLOAD + 1

    def fill() -> None:
        for _ in range(frames):
            channel.write(bytes(MAX_PAYLOAD))

    room = threading.Thread(target=fill, daemon=True)
    room.start()
    link.wait_asked(0, frames)
    with lock:  # It waits now: the queue is full. What is left there is too much to wake it.
        link.take(number, FEW_UNSENT + MAX_PAYLOAD)
        channel.drained()
    credit = threading.Thread(target=lambda: channel.write(b"error", lane=1), daemon=True)
    credit.start()
    link.wait_asked(1, 1)
    with lock:  # The other one waits as well.
        link.take(number, 0)
        channel.drained()
    room.join(SOON)
    assert not room.is_alive()
    with lock:
        link.give(number, 1)
        channel.credited()
    credit.join(SOON)
    assert not credit.is_alive()
