from __future__ import annotations

import os
import threading
import time
from typing import Final

import pytest

from rsh.errors import Code, LinkError, LinkSilent, Refused
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Hello, Welcome
from rsh.server import roster as rostering
from rsh.server.roster import Guest, Roster
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import SocketStream

WELCOME = Welcome(VERSION, "rsh test", "ann", "box", b"/")

# A stack that no thread can have, in bytes.
NO_ROOM: Final = 2**46


def hello(session: bytes, epoch: int = 1, age: int = 0) -> Hello:
    return Hello(VERSION, "rsh test", "", session, epoch, 0, age)


def guest(
    key: bytes = b"key", *, linger: float = 3600.0, patience: float | None = None, greeting: Hello | None = None
) -> tuple[Guest, Hello]:
    greeting = greeting or hello(os.urandom(16))
    link = Link(Role.SERVER, greeting.session)
    link.welcome(greeting, WELCOME)
    return Guest(Session(link, name="test", survives=True), "test", key, greeting.session, linger, patience), greeting


def lose(someone: Guest, error: LinkError) -> None:
    import socket

    near, far = socket.socketpair()
    stream = SocketStream(near, "test")
    someone.session.attach(stream)
    someone.session.lose(stream, error)
    far.close()


@pytest.fixture
def roster() -> Roster:
    return Roster(grace=0.0, max_sessions=3)


def test_session_is_found_by_its_own_key_only(roster: Roster) -> None:
    someone, greeting = guest()
    assert roster.admit(someone, greeting)
    assert roster.find(b"key", someone.id) is someone
    assert roster.find(b"another key", someone.id) is None


def test_session_that_is_here_is_not_begun_a_second_time(roster: Roster) -> None:
    someone, greeting = guest()
    assert roster.admit(someone, greeting)
    assert not roster.admit(*guest(greeting=greeting))


def test_session_that_is_over_is_not_begun_again(roster: Roster) -> None:
    someone, greeting = guest()
    roster.admit(someone, greeting)
    roster.remove(someone)
    for again in (greeting, hello(greeting.session, 2, age=1)):
        with pytest.raises(Refused) as refusal:
            roster.admit(*guest(greeting=again))
        assert refusal.value.code is Code.NO_SESSION


def test_client_that_was_never_welcomed_begins_if_it_cannot_have_begun_before(roster: Roster) -> None:
    time.sleep(0.01)
    assert roster.admit(*guest(greeting=hello(b"n" * 16, 2, age=1)))
    with pytest.raises(Refused) as refusal:
        roster.admit(*guest(greeting=hello(b"o" * 16, 2, age=3_600_000)))
    assert refusal.value.code is Code.NO_SESSION


def test_forgotten_session_is_not_taken_for_one_that_never_was(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rostering, "REMEMBERED", 1)
    first, greeting = guest()
    second, other = guest()
    for each, words in ((first, greeting), (second, other)):
        roster.admit(each, words)
        roster.remove(each)
    with pytest.raises(Refused):
        roster.admit(*guest(greeting=hello(greeting.session, 2, age=60_000)))


def test_one_too_many_takes_the_place_of_the_one_that_is_away_longest(roster: Roster) -> None:
    away, present = guest(), guest()
    for each in (away, present, guest()):
        roster.admit(*each)
    lose(away[0], LinkSilent("gone"))
    assert roster.admit(*guest())
    assert away[0].session.error is not None
    assert roster.find(b"key", away[0].id) is None
    assert present[0].session.error is None
    with pytest.raises(Refused) as refusal:
        roster.admit(*guest())
    assert refusal.value.code is Code.BUSY
    assert roster.admit(*guest(b"another key"))


def test_closed_session_waits_for_the_grace_and_a_silent_one_lingers(roster: Roster) -> None:
    closed, silent, impatient = guest(), guest(), guest(linger=0.0)
    for each in (closed, silent, impatient):
        roster.admit(*each)
    lose(closed[0], LinkError("reset"))
    lose(silent[0], LinkSilent("no answer"))
    lose(impatient[0], LinkSilent("no answer"))
    roster.tend()
    assert roster.guests() == [silent[0]]
    roster.drain(Deadline(0.0))


@pytest.mark.parametrize(("a_second", "left"), [(1, 100), (1000, 0)])
def test_sessions_that_were_cut_together_have_time_for_all_of_them(
    monkeypatch: pytest.MonkeyPatch, a_second: int, left: int
) -> None:
    roster = Roster(grace=0.0, max_sessions=100)
    monkeypatch.setattr(rostering, "COMING_BACK", a_second)
    crowd = [guest() for _ in range(100)]
    for each in crowd:
        roster.admit(*each)
        lose(each[0], LinkError("reset"))
    time.sleep(0.1)  # 99 / 1000; a limit in time can only be waited for
    roster.tend()
    assert len(roster.guests()) == left


def test_others_are_waited_for_while_one_after_the_other_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    roster = Roster(grace=0.0, max_sessions=100)
    monkeypatch.setattr(rostering, "COMING_BACK", 1)
    monkeypatch.setattr(rostering, "NEXT", 3600.0)
    first, second = guest(), guest()
    for each in (first, second):
        roster.admit(*each)
        lose(each[0], LinkError("reset"))
    roster.tend()
    roster.note_return()
    time.sleep(1.1)  # longer than two get
    roster.tend()
    assert len(roster.guests()) == 2


def test_nobody_is_waited_for_who_will_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    roster = Roster(grace=3600.0, max_sessions=100)
    monkeypatch.setattr(rostering, "LATER", 0.0)
    never, soon, later, always = (guest(patience=patience) for patience in (0.0, 0.01, 3600.0, None))
    for someone, greeting in (never, soon, later, always):
        roster.admit(someone, greeting)
        lose(someone, LinkSilent("no answer"))
    time.sleep(0.02)
    roster.tend()
    assert roster.guests() == [later[0], always[0]]


def test_memory_of_sessions_that_are_away_is_bounded(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rostering, "MAX_KEPT", -1)
    someone, greeting = guest()
    roster.admit(someone, greeting)
    roster.tend()
    assert roster.guests() == [someone]
    lose(someone, LinkSilent("no answer"))
    roster.tend()
    assert roster.guests() == []


def test_who_has_to_go_goes_although_no_thread_can_be_had(roster: Roster) -> None:
    someone, greeting = guest()
    roster.admit(someone, greeting)
    before = threading.stack_size(NO_ROOM)
    try:
        roster.dismiss(lambda _: rostering.ENDING)
    finally:
        threading.stack_size(before)
    assert someone.session.error is not None
    assert roster.guests() == []


def test_nobody_begins_once_the_daemon_is_going(roster: Roster) -> None:
    assert roster.drain(Deadline(0.0))
    with pytest.raises(Refused) as refusal:
        roster.admit(*guest())
    assert refusal.value.code is Code.SHUTDOWN
