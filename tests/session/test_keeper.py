"""A client's session whose stream is lost again and again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rsh.errors import Code, LinkError, Refused, RshError, SessionGone
from rsh.protocol.requests import About
from rsh.session import greeting, keeper, pulse, streams
from rsh.session.condition import Condition
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import SocketStream
from tests.machines import SOON
from tests.session.lines import Exchange
from tests.session.pairs import echo, read_all


@contextmanager
def called(exchange: Exchange, patience: float | None = None) -> Iterator[Session]:
    stream = exchange.dial(Deadline(SOON))
    client = greeting.connect(stream, account="", again=exchange.dial, patience=patience)
    try:
        client.wait_welcome(Deadline(SOON))
        yield client
    finally:
        client.close()
        exchange.cut()
        if exchange.server:
            exchange.server.close()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_everything_arrives_once_when_the_stream_is_cut_all_the_time() -> None:
    exchange = Exchange(echo)
    payload = bytes(range(256)) * 8192
    with called(exchange) as client:
        channel = client.open(About())
        out: list[bytes] = []
        reader = threading.Thread(target=lambda: out.append(read_all(channel)))
        reader.start()
        for start in range(0, len(payload), 65536):
            channel.write(payload[start : start + 65536])
            exchange.cut()
        channel.end()
        reader.join(SOON)
        assert out == [payload]
        assert exchange.calls > 1


def test_condition_tells_of_the_loss_of_each_attempt_and_of_the_return() -> None:
    exchange = Exchange(echo)
    told: list[Condition] = []
    with called(exchange) as client:
        stop = client.watch(told.append)
        assert client.condition.connected
        exchange.reachable = False
        exchange.cut()
        wait_until(lambda: any(each.attempts >= 2 and each.reason == "nobody is there" for each in told))
        away = next(each for each in told if each.attempts >= 2)
        assert not away.connected
        assert away.retry_in is None or away.retry_in < 2
        exchange.reachable = True
        client.retry_now()
        wait_until(lambda: told[-1].connected)
        assert told[-1].attempts == client.condition.attempts == 0
        stop()
    # Who is told late is told how it is by then, so of the same twice, and who has just come of the beginning.
    assert len({condition.since for condition in told if condition.connected and condition.since > away.since}) == 1


def test_session_ends_when_nobody_is_there_for_too_long() -> None:
    exchange = Exchange(echo)
    with called(exchange, patience=1.0) as client:
        exchange.reachable = False
        exchange.cut()
        assert client.wait_end(Deadline(SOON))
        assert isinstance(client.error, LinkError)
        # A busy machine may not have come to an attempt by then: the reason is that of the loss.
        assert str(client.error).startswith("no connection for 1 s: ")


def test_session_ends_with_its_stream_when_there_is_no_patience() -> None:
    exchange = Exchange(echo)
    with called(exchange, patience=0) as client:
        exchange.cut()
        assert client.wait_end(Deadline(SOON))
    assert exchange.calls == 1


def test_user_gives_up_without_waiting_for_the_network() -> None:
    exchange = Exchange(echo)
    with called(exchange) as client:
        channel = client.open(About())
        exchange.reachable = False
        exchange.cut()
        wait_until(lambda: not client.condition.connected)
        client.give_up()
        with pytest.raises(LinkError, match="given up"):
            channel.read()


@pytest.mark.parametrize("code", [Code.NO_SESSION, Code.SHUTDOWN])
def test_session_that_is_gone_is_told_apart_from_a_network_that_is(code: Code) -> None:
    exchange = Exchange(echo)
    with called(exchange) as client:
        assert exchange.server is not None
        if code is Code.SHUTDOWN:
            exchange.server.close(Code.SHUTDOWN, "going")
        else:
            exchange.reachable = False  # The client would be back before the session has ended.
            exchange.server.fence(1000)
            exchange.server.expire(Refused(Code.NO_SESSION, "too long"))
            exchange.reachable = True
        assert client.wait_end(Deadline(SOON))
        assert isinstance(client.error, SessionGone)
        assert client.error.code is code


def test_call_that_nobody_answers_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "GREETING", 0.2)
    exchange = Exchange(echo)
    with called(exchange) as client:
        exchange.mute = True
        exchange.cut()
        wait_until(lambda: exchange.calls >= 3)
        exchange.mute = False
        wait_until(lambda: client.condition.connected)


def test_attempt_that_hangs_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "JOINED", 0.1)
    exchange = Exchange(echo)
    hanging = threading.Event()
    first = [True]

    def dial(deadline: Deadline) -> object:
        if first.pop() if first else False:
            hanging.wait(SOON)
        return exchange.dial(deadline)

    stream = exchange.dial(Deadline(SOON))
    client = greeting.connect(stream, account="", again=dial)  # type: ignore[arg-type]  # it gives a stream and nothing else
    client.wait_welcome(Deadline(SOON))
    exchange.cut()
    wait_until(lambda: client.condition.connected)
    hanging.set()
    client.close()


def test_of_attempts_that_get_through_at_once_one_is_used_and_the_others_are_closed() -> None:
    """So it is behind a hole in the network that has held up several."""
    ours, theirs = zip(*(socket.socketpair() for _ in range(3)), strict=True)
    streams = [SocketStream(sock, "peer") for sock in ours]
    calls = iter(streams)

    def dial(deadline: Deadline) -> SocketStream:
        stream = next(calls, None)
        if stream is None:
            raise LinkError("nobody is there")
        return stream

    attempts = keeper._Attempts(dial, threading.Event())
    for _ in range(4):
        attempts.begin()
    wait_until(lambda: len(attempts._outcomes) == 4)
    failure, stream = attempts.outcomes()
    assert isinstance(failure, LinkError)
    assert [each for each in streams if each.fileno() >= 0] == [stream]
    assert attempts.running == 0
    for each in (stream, *theirs):
        assert not isinstance(each, RshError)
        each.close()


def test_dead_peer_is_noticed_by_its_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CLIENT_PULSE", (0.1, 0.1))
    monkeypatch.setattr(keeper, "TICK", 0.05)
    exchange = Exchange(echo)
    with called(exchange) as client:
        assert exchange.server is not None
        # The server's end is stuck: it reads nothing more, and says nothing.
        with exchange.server._lock:
            wait_until(lambda: not client.condition.connected)
        wait_until(lambda: client.condition.connected)


def test_ping_is_answered_although_the_first_went_down() -> None:
    exchange = Exchange(echo)
    with called(exchange) as client:
        exchange.reachable = False
        exchange.cut()
        wait_until(lambda: not client.condition.connected)
        answers: list[float] = []
        asking = threading.Thread(target=lambda: answers.append(client.ping(Deadline(SOON))[0]))
        asking.start()
        exchange.reachable = True
        client.retry_now()
        asking.join(SOON)
        assert answers


def sleep_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the machine sleep for an hour, as far as the keeper can tell, before its next looks at the clock.

    It compares the second look of each turn with the first; so one of two looks in a row sees the hour pass.
    """
    awake, nights = keeper._clock, iter((1, 2))
    monkeypatch.setattr(keeper, "_clock", lambda: awake() + 3600.0 * next(nights, 2))


def test_client_is_back_soon_after_waking_from_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection was forgotten meanwhile, and nobody says so; only the clocks tell that time has passed."""
    monkeypatch.setattr(streams, "CLIENT_PULSE", (3600.0, 3600.0))
    exchange = Exchange(echo)
    with called(exchange) as client:
        assert exchange.server is not None
        with exchange.server._lock:  # its end is stuck
            sleep_soon(monkeypatch)
            wait_until(lambda: not client.condition.connected)
        wait_until(lambda: client.condition.connected)


def test_answer_after_a_sleep_keeps_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "HURRIED", SOON)  # however slow the answer is
    exchange = Exchange(echo)
    with called(exchange) as client:
        heard = client.received_bytes
        sleep_soon(monkeypatch)
        wait_until(lambda: client.received_bytes > heard or not client.condition.connected)
        assert client.condition.connected
    assert exchange.calls == 1
