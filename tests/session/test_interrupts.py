from __future__ import annotations

import signal
import sys
import threading
from linecache import getline
from types import FrameType
from typing import Any, Final

import pytest

from rsh.protocol.requests import About
from rsh.session.channel import Channel
from rsh.session.interrupts import Interrupts
from tests.machines import SOON
from tests.session.pairs import echo, read_all, sessions

MANY: Final = 1_000_000


def test_interrupt_waits_until_it_is_let_go() -> None:
    interrupts, done = Interrupts(), []
    with pytest.raises(KeyboardInterrupt):
        interrupts.hold()
        signal.raise_signal(signal.SIGINT)
        done.append("held")
        interrupts.release()
    assert done == ["held"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_held_twice_it_waits_for_the_last_to_let_go() -> None:
    interrupts, done = Interrupts(), []
    with pytest.raises(KeyboardInterrupt), interrupts:
        with interrupts:
            signal.raise_signal(signal.SIGINT)
            done.append("inside")
        done.append("outside")
    assert done == ["inside", "outside"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_change_nothing() -> None:
    interrupts, seen = Interrupts(), []

    def look() -> None:
        interrupts.hold()
        seen.append(signal.getsignal(signal.SIGINT))
        interrupts.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(SOON)
    assert seen == [signal.default_int_handler]


def test_nothing_is_lost_wherever_ctrl_c_breaks_off_a_write() -> None:
    with sessions(echo) as (client, _):
        channel = client.open(About())
        moment = broken_off = 0
        while moment == 0 or broken_off:
            moment += 1
            broken_off = write_interrupted(channel, b"%08d" % moment, moment)
            channel.write(b"%08d" % (MANY + moment))
        channel.end()
        came = read_all(channel)
    numbers = [int(came[at : at + 8]) for at in range(0, len(came), 8)]
    assert [number for number in numbers if number > MANY] == [MANY + each for each in range(1, moment + 1)]
    assert len(numbers) == len(set(numbers))
    assert moment > 20


def write_interrupted(channel: Channel, data: bytes, moment: int) -> bool:
    """Write, with Ctrl-C at the n-th line of ours that is executed for it; False when there are fewer."""
    left = moment

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if "/rsh/" not in frame.f_code.co_filename:
            return None
        # Between the body of a `with` and its exit Python looks for no signal, but traces the line of the `with` again:
        # what is raised there, and only there, leaves the lock taken.
        if event != "line" or getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with "):
            return trace
        left -= 1
        if left == 0:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    try:
        sys.settrace(trace)
        channel.write(data)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False
