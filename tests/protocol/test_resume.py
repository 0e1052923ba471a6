"""Resume, with two links back to back: nothing lost, doubled or reordered, wherever the stream is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsh.errors import Code, ProtocolError
from rsh.protocol import messages
from rsh.protocol.frames import MAX_PAYLOAD, Decoder
from rsh.protocol.requests import About
from rsh.protocol.states import LinkState
from tests.protocol.conversation import WELCOME, Conversation, End


def test_what_was_under_way_arrives_once_after_a_cut() -> None:
    talk = Conversation()
    number = talk.open()
    talk.client.link.send(number, 0, (b"one",), 3)
    talk.settle()
    talk.client.link.send(number, 0, (b"two",), 3)
    talk.send(talk.client, talk.server)
    talk.cut()
    talk.redial()
    talk.settle()
    assert talk.server.received == {(number, 0): b"onetwo"}


def test_session_is_resumed_when_even_its_first_welcome_was_lost() -> None:
    talk = Conversation(greet=False)
    number = talk.client.link.open(About())
    talk.send(talk.client, talk.server)
    talk.deliver(talk.server)
    talk.send(talk.server, talk.client)
    talk.cut()
    talk.redial()
    talk.settle()
    assert [opened.channel for opened in talk.server.opened] == [number]


def test_cut_during_the_replay_loses_nothing() -> None:
    talk = Conversation()
    number = talk.open()
    for piece in (b"a", b"b", b"c"):
        talk.server.link.send(number, 0, (piece,), 1)
    talk.send(talk.server, talk.client)
    talk.cut()
    for received in (1, 12, 25, 40, 60):
        talk.redial()
        talk.send(talk.client, talk.server)
        talk.deliver(talk.server)
        talk.send(talk.server, talk.client)
        talk.deliver(talk.client, received)
        talk.cut()
    talk.redial()
    talk.settle()
    assert talk.client.received == {(number, 0): b"abc"}


def test_older_stream_is_fenced_out_by_its_epoch() -> None:
    talk = Conversation()
    talk.cut()
    talk.redial()
    talk.settle()
    old = messages.Hello(1, "rsh", "ann", b"s" * 16, 2, 0)
    with pytest.raises(ProtocolError, match="epoch"):
        talk.server.link.resume(old, WELCOME)
    assert talk.server.link.state is LinkState.OPEN


@pytest.mark.parametrize("expected", [1, 2**40])
def test_resume_is_refused_and_harmless_when_it_expects_what_was_never_sent(expected: int) -> None:
    talk = Conversation()
    with pytest.raises(ProtocolError, match="never sent"):
        talk.server.link.resume(messages.Hello(1, "rsh", "ann", b"s" * 16, 5, expected), WELCOME)
    number = talk.open()
    talk.client.link.send(number, 0, (b"still here",), 10)
    talk.settle()
    assert talk.server.received == {(number, 0): b"still here"}


def test_client_refuses_a_server_that_forgot_what_it_had_acknowledged() -> None:
    talk = Conversation()
    number = talk.open()
    for _ in range(200):
        talk.client.link.send(number, 0, (b"x",), 1)
    talk.settle()
    talk.cut()
    talk.redial()
    talk.server.link.receipt.count = 0
    with pytest.raises(ProtocolError):
        talk.settle()


def test_new_session_that_has_a_past_is_refused() -> None:
    talk = Conversation(greet=False)
    with pytest.raises(ProtocolError):
        talk.server.link.welcome(messages.Hello(1, "rsh", "ann", b"s" * 16, 2, 0), WELCOME)


def test_nothing_is_sent_while_detached_and_everything_after() -> None:
    talk = Conversation()
    number = talk.open()
    talk.cut()
    talk.client.link.send(number, 0, (b"typed offline",), 13)
    assert not talk.client.link.wants_to_send()
    talk.redial()
    talk.settle()
    assert talk.server.received == {(number, 0): b"typed offline"}


# --- by property ---

Step = Callable[["Run"], None]


class Run:
    """A conversation in which both ends send at once, checked against what was sent."""

    def __init__(self) -> None:
        self.talk = Conversation()
        self.numbers = [self.talk.open(), self.talk.open(bulk=True)]
        self.sent: dict[tuple[str, int, int], bytes] = {}
        self.counter = 0

    def end(self, name: str) -> End:
        return self.talk.client if name == "client" else self.talk.server

    def send(self, name: str, which: int, lane: int, size: int) -> None:
        link = self.end(name).link
        number = self.numbers[which]
        size = min(size, MAX_PAYLOAD, link.credit(number, lane))
        if size <= 0:
            return
        self.counter += 1
        piece = (b"%d," % self.counter * size)[:size]
        key = (name, number, lane)
        self.sent[key] = self.sent.get(key, b"") + piece
        link.send(number, lane, (piece,), size)

    def transmit(self, name: str, limit: int) -> None:
        source = self.end(name)
        target = self.talk.server if name == "client" else self.talk.client
        self.talk.send(source, target, limit)

    def deliver(self, name: str, count: int) -> None:
        self.talk.deliver(self.end(name), count)

    def read(self, name: str) -> None:
        self.end(name).read_everything()

    def cut(self) -> None:
        self.talk.cut()
        self.talk.redial()

    def check(self) -> None:
        self.talk.settle()
        for (name, number, lane), data in self.sent.items():
            other = self.talk.server if name == "client" else self.talk.client
            assert other.received.get((number, lane), b"") == data


NAMES = st.sampled_from(["client", "server"])
STEPS = st.one_of(
    st.tuples(st.just("send"), NAMES, st.integers(0, 1), st.integers(0, 1), st.integers(1, 300_000)),
    st.tuples(st.just("transmit"), NAMES, st.integers(1, 300_000)),
    st.tuples(st.just("deliver"), NAMES, st.integers(1, 400_000)),
    st.tuples(st.just("deliver"), NAMES, st.integers(1, 80)),
    st.tuples(st.just("read"), NAMES),
    st.tuples(st.just("cut")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(STEPS, max_size=60))
def test_nothing_is_lost_doubled_or_reordered_under_any_cuts(steps: list[tuple[object, ...]]) -> None:
    run = Run()
    for name, *arguments in steps:
        getattr(run, str(name))(*arguments)
    run.check()


def test_channel_end_and_exit_survive_a_cut_at_every_byte() -> None:
    length = len(b"".join(bytes(part) for part in _ending().server.link.next_frames(1 << 20)))
    for cut in range(length + 1):
        talk = _ending()
        talk.send(talk.server, talk.client)
        talk.deliver(talk.client, cut)
        talk.cut()
        talk.redial()
        talk.settle()
        assert talk.client.received == {(1, 0): b"done"}
        assert [told.message for told in talk.client.told] == [messages.Exit(7)]
        assert len(talk.client.closed) == 1


def _ending() -> Conversation:
    talk = Conversation()
    number = talk.open()
    talk.server.link.send(number, 0, (b"done",), 4, end=True)
    talk.server.link.tell(number, messages.Exit(7))
    talk.server.link.close(number, Code.NONE)
    return talk


def test_decoder_of_a_new_stream_starts_at_the_greeting_limit() -> None:
    assert Decoder().limit == 4096


@pytest.mark.parametrize("sender_is_server", [True, False])
def test_nothing_is_left_to_send_when_the_greeting_has_acknowledged_it_all(sender_is_server: bool) -> None:
    talk = Conversation()
    number = talk.open()
    source, target = (talk.server, talk.client) if sender_is_server else (talk.client, talk.server)
    source.link.send(number, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    talk.send(source, target)
    talk.deliver(target)
    talk.cut()
    talk.redial()
    for _ in range(4):
        talk.send(talk.client, talk.server)
        talk.deliver(talk.server)
        talk.send(talk.server, talk.client)
        talk.deliver(talk.client)
    assert not talk.client.link.wants_to_send()
    assert not talk.server.link.wants_to_send()
