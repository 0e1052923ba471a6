from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.errors import Code, ProtocolError, UsageError
from rsh.protocol import messages
from rsh.protocol.events import Accepted, Arrived, Closed, Ended, Pinged, Ponged, Welcomed
from rsh.protocol.frames import MAX_DATA, MAX_PAYLOAD, Decoder, Flags, Frame, Kind
from rsh.protocol.pace import INITIAL
from rsh.protocol.requests import About, Exec, Get
from rsh.protocol.window import INITIAL_WINDOW
from tests.protocol.conversation import WELCOME, Conversation, End, feed


def data_frame(channel: int, payload: bytes, flags: int = 0) -> Frame:
    return Frame(Kind.DATA, flags, channel, payload)


def control_frame(channel: int, message: messages.ChannelMessage) -> Frame:
    return Frame(Kind.CONTROL, 0, channel, messages.encode_message(message))


def link_frame(message: messages.LinkMessage) -> Frame:
    return Frame(Kind.LINK, 0, 0, messages.encode_message(message))


def test_client_is_connected_when_the_welcome_has_come() -> None:
    talk = Conversation(greet=False)
    assert talk.client.events == []
    talk.settle()
    assert talk.client.events == [Welcomed(WELCOME)]


def test_request_and_data_travel_with_the_hello_on_the_first_stream() -> None:
    talk = Conversation(greet=False)
    number = talk.client.link.open(About())
    talk.client.link.send(number, 0, (b"early",), 5)
    talk.send(talk.client, talk.server)
    talk.deliver(talk.server)
    assert talk.server.opened[0].request == About()
    assert talk.server.received == {(1, 0): b"early"}


def test_data_flows_both_ways_in_both_lanes() -> None:
    talk = Conversation()
    number = talk.open()
    talk.client.link.send(number, 0, (b"to ", b"server"), 9)
    talk.server.link.send(number, 0, (b"out",), 3)
    talk.server.link.send(number, 1, (b"err",), 3, end=True)
    talk.settle()
    assert Accepted(number) in talk.client.events
    assert talk.server.received == {(number, 0): b"to server"}
    assert talk.client.received == {(number, 0): b"out", (number, 1): b"err"}
    assert talk.client.ended == {(number, 1)}


def test_credit_is_given_for_what_was_read_before_the_channel_was_accepted() -> None:
    talk = Conversation()
    number = talk.client.link.open(About())
    for _ in range(4):
        talk.client.link.send(number, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    assert talk.client.link.credit(number, 0) == 0
    talk.settle()
    assert talk.client.link.credit(number, 0) >= INITIAL_WINDOW


def test_each_lane_has_its_own_credit() -> None:
    talk = Conversation()
    number = talk.open()
    for _ in range(4):
        talk.server.link.send(number, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    assert talk.server.link.credit(number, 0) == 0
    assert talk.server.link.credit(number, 1) == INITIAL_WINDOW


def test_credit_returns_after_the_application_has_read() -> None:
    talk = Conversation()
    number = talk.open()
    for _ in range(4):
        talk.server.link.send(number, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    talk.settle(read=False)
    assert talk.server.link.credit(number, 0) == 0
    talk.client.read_everything()
    talk.settle()
    assert talk.server.link.credit(number, 0) > INITIAL_WINDOW  # it was starved and the reader kept up: grown


def test_interactive_frames_go_before_bulk() -> None:
    talk = Conversation()
    bulk = talk.client.link.open(Get((b"big",)), bulk=True)
    typed = talk.client.link.open(About())
    talk.settle()
    for _ in range(3):
        talk.client.link.send(bulk, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    talk.client.link.send(typed, 0, (b"k",), 1)
    talk.send(talk.client, talk.server, limit=1)
    talk.deliver(talk.server)
    assert talk.server.received == {(typed, 0): b"k"}


def test_bulk_channels_take_turns() -> None:
    talk = Conversation()
    first, second = (talk.client.link.open(Get((b"f",)), bulk=True) for _ in range(2))
    talk.settle()
    for number in (first, first, second, second):
        talk.client.link.send(number, 0, (bytes(100_000),), 100_000)
    order = []
    while talk.client.link.wants_to_send():
        talk.send(talk.client, talk.server, limit=1)
        talk.deliver(talk.server)
        order.append(talk.server.unread[-1][0])
    assert order == [first, second, first, second]


def test_small_data_shares_a_frame_while_the_writer_is_busy() -> None:
    talk = Conversation()
    number = talk.open()
    for piece in (b"a", b"b", b"c"):
        talk.client.link.send(number, 0, (piece,), 1)
    talk.client.link.send(number, 1, (b"other lane",), 10)
    talk.client.link.send(number, 0, (b"d",), 1, end=True)
    arrived = len(talk.server.events)
    talk.settle()
    payloads = [bytes(event.payload) for event in talk.server.events[arrived:] if isinstance(event, Arrived)]
    assert payloads == [b"abc", b"other lane", b"d"]
    assert talk.server.ended == {(number, 0)}


def test_exit_and_close_come_after_the_data() -> None:
    talk = Conversation()
    number = talk.open()
    link = talk.server.link
    link.send(number, 0, (b"last words",), 10, end=True)
    link.tell(number, messages.Exit(3))
    link.close(number)
    talk.settle()
    names = [type(event).__name__ for event in talk.client.events[-3:]]
    assert names == ["Arrived", "Told", "Closed"]


def test_number_is_free_on_both_sides_when_both_have_closed() -> None:
    talk = Conversation()
    number = talk.open()
    talk.client.link.close(number)
    talk.server.link.close(number)
    talk.settle()
    assert talk.client.link.credit(number, 0) == talk.server.link.credit(number, 0) == -1
    with pytest.raises(ProtocolError, match="does not exist"):
        talk.server.link.receive(data_frame(number, b"late"))


def test_data_is_dropped_when_it_comes_after_our_close() -> None:
    talk = Conversation()
    number = talk.open()
    talk.client.link.send(number, 0, (b"under way",), 9)
    talk.server.link.close(number)
    talk.settle()
    assert talk.server.received == {}
    assert talk.client.closed == [Closed(number, 0, "")]


def test_request_is_rejected_with_words_when_the_server_closes_instead_of_accepting() -> None:
    talk = Conversation()
    number = talk.client.link.open(Exec((b"true",), False))
    talk.settle()
    talk.server.link.close(number, Code.FORBIDDEN, "read-only key")
    talk.settle()
    assert talk.client.closed == [Closed(number, Code.FORBIDDEN, "read-only key")]


def test_channels_are_refused_with_words_when_there_are_too_many() -> None:
    talk = Conversation()
    talk.server.link.max_channels = 2
    for _ in range(3):
        talk.client.link.open(About())
    talk.settle()
    assert len(talk.server.opened) == 2
    assert [closed.code for closed in talk.client.closed] == [Code.BUSY]


def test_ping_brings_the_clock_of_the_peer() -> None:
    talk = Conversation()
    talk.client.link.ping(7)
    talk.settle()
    assert talk.server.events == [Pinged(7)]
    talk.server.link.pong(7, 123)
    talk.settle()
    assert talk.client.events[-1] == Ponged(7, 123)


def test_goodbye_ends_both_ends() -> None:
    talk = Conversation()
    talk.server.link.goodbye(Code.SHUTDOWN, "daemon stops")
    talk.settle()
    assert talk.client.events[-1] == Ended(Code.SHUTDOWN, "daemon stops")


def test_goodbye_tells_which_channels_were_never_taken_note_of() -> None:
    talk = Conversation()
    first = talk.open()
    second = talk.client.link.open(About())
    talk.server.link.goodbye(Code.SHUTDOWN, "daemon stops")
    talk.settle()
    assert [talk.client.link.is_unheard(number) for number in (first, second)] == [False, True]


def test_nobody_is_unheard_as_long_as_the_session_goes_on() -> None:
    talk = Conversation()
    number = talk.client.link.open(About())
    talk.cut()
    assert not talk.client.link.is_unheard(number)


def test_refusal_leaves_unheard_what_was_never_sent() -> None:
    talk = Conversation()
    first = talk.open()
    talk.cut()
    second = talk.client.link.open(About())
    talk.client.link.greet("rsh", "ann")
    talk.client.link.receive(link_frame(messages.Refusal(Code.NO_SESSION, "gone")))
    assert [talk.client.link.is_unheard(number) for number in (first, second)] == [False, True]


def test_first_refusal_leaves_everything_unheard() -> None:
    talk = Conversation(greet=False)
    number = talk.client.link.open(About())
    talk.send(talk.client, talk.server)
    talk.client.link.receive(link_frame(messages.Refusal(Code.SHUTDOWN, "going")))
    assert talk.client.link.is_unheard(number)


def test_acknowledgements_keep_the_replay_short() -> None:
    talk = Conversation()
    number = talk.open()
    for _ in range(1000):
        talk.client.link.send(number, 0, (b"x",), 1)
    talk.settle()
    assert len(talk.client.link._outbox.replay) < 64


def test_request_is_refused_here_when_it_fits_no_frame() -> None:
    talk = Conversation()
    with pytest.raises(UsageError, match="too long"):
        talk.client.link.open(Exec((bytes(MAX_PAYLOAD),), False))
    assert talk.open()


@pytest.mark.parametrize(
    "frame",
    [
        data_frame(1, b"nobody opened it"),
        data_frame(1, b"", Flags.END),
        control_frame(2, messages.Open(About())),  # an even number is the server's
        control_frame(1, messages.Accept()),
        control_frame(1, messages.Close(0, "")),
        control_frame(0, messages.Open(About())),
        link_frame(messages.Hello(1, "rsh", "", b"x" * 16)),
        link_frame(WELCOME),
        link_frame(messages.Ack(1)),
        Frame(Kind.CONTROL, 0, 1, b"\xc1"),
        Frame(Kind.LINK, 0, 0, b""),
    ],
)
def test_server_calls_it_a_violation_when_the_client_breaks_a_rule(frame: Frame) -> None:
    talk = Conversation()
    with pytest.raises(ProtocolError):
        talk.server.link.receive(frame)


@pytest.mark.parametrize(
    "frame",
    [
        data_frame(1, b"x", flags=2),  # no such lane
        data_frame(1, bytes(INITIAL_WINDOW + 1)),
        control_frame(1, messages.Credit(0, 2**31 - 1)),
        control_frame(1, messages.Credit(9, 1)),
        control_frame(1, messages.Open(About())),  # a number is used once
        control_frame(1, messages.Accept()),
    ],
)
def test_server_calls_it_a_violation_when_an_open_channel_is_misused(frame: Frame) -> None:
    talk = Conversation()
    assert talk.open() == 1
    with pytest.raises(ProtocolError):
        talk.server.link.receive(frame)


def test_data_after_the_end_of_a_lane_is_a_violation() -> None:
    talk = Conversation()
    number = talk.open()
    talk.server.link.receive(data_frame(number, b"", Flags.END))
    with pytest.raises(ProtocolError, match="after the end"):
        talk.server.link.receive(data_frame(number, b"x"))


def test_pings_are_a_violation_when_nobody_reads_the_answers() -> None:
    talk = Conversation()
    with pytest.raises(ProtocolError, match="pings"):
        for token in range(100):
            talk.server.link.pong(token, 0)


def test_end_of_a_channel_is_told_also_when_it_was_closed_here_first() -> None:
    talk = Conversation()
    number = talk.open()
    talk.server.link.close(number)
    talk.settle()
    assert [closed.channel for closed in talk.server.closed] == [number]


def test_channels_are_a_violation_when_they_are_opened_and_never_closed() -> None:
    talk = Conversation()
    with pytest.raises(ProtocolError, match="never closed"):
        for number in range(1, 100_000, 2):
            talk.server.link.receive(control_frame(number, messages.Open(About())))


def test_bulk_data_is_held_back_while_somebody_may_type() -> None:
    both = Conversation()
    bulk = both.open(bulk=True)
    both.client.link.send(bulk, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD)
    assert sum(map(len, both.client.link.next_frames(MAX_PAYLOAD))) > MAX_PAYLOAD

    both = Conversation()
    bulk, shell = both.open(bulk=True), both.open()
    both.client.link.send(bulk, 0, (bytes(MAX_PAYLOAD),), MAX_PAYLOAD, end=True)
    while both.client.link.wants_to_send():
        both.send(both.client, both.server)
    assert INITIAL <= len(both.server.wire) < 2 * INITIAL
    both.client.link.send(shell, 0, (b"key",), 3)
    assert both.client.link.wants_to_send()
    both.settle()
    assert both.server.received[bulk, 0] == bytes(MAX_PAYLOAD)
    assert both.server.received[shell, 0] == b"key"
    assert (bulk, 0) in both.server.ended


def test_frame_that_is_in_a_hurry_is_acknowledged_at_once() -> None:
    both = Conversation()
    bulk, _ = both.open(bulk=True), both.open()
    both.client.link.send(bulk, 0, (b"x",), 1)
    both.send(both.client, both.server)
    assert list(feed(Decoder(MAX_PAYLOAD), both.server.wire))[-1].flags & Flags.HURRY
    both.deliver(both.server)
    assert both.server.link.wants_to_send()


def say(talk: Conversation, number: int, source: End, lane: int, data: bytes, *, now: bool) -> bytes:
    """Send data as soon as may be; give what goes on the wire."""
    link = source.link
    frames = link.send_now(number, lane, (data,), len(data)) if now else None
    if frames is None:
        link.send(number, lane, (data,), len(data))
        frames = link.next_frames(MAX_PAYLOAD)
    sent = b"".join(map(bytes, frames))
    (talk.server if source is talk.client else talk.client).wire += sent
    return sent


@given(
    st.lists(
        st.tuples(st.sampled_from(("client", "server", "talk", "cut", "ping")), st.integers(0, 1), st.integers(1, 4096))
    )
)
def test_what_is_sent_now_is_what_would_have_gone_through_the_queue(steps: list[tuple[str, int, int]]) -> None:
    talks = (Conversation(), Conversation())
    number = [talk.open() for talk in talks].pop()
    expected = {"client": [b"", b""], "server": [b"", b""]}
    for step, lane, length in steps:
        data = bytes((length + index) % 251 for index in range(length))
        wires = []
        for now, talk in enumerate(talks):
            if step == "cut":
                talk.cut()
                talk.redial()
            if step in ("cut", "talk"):
                talk.settle()
            elif step == "ping":
                talk.client.link.ping(7)
            else:
                wires.append(say(talk, number, getattr(talk, step), lane, data, now=bool(now)))
        if wires:
            assert wires[0] == wires[1]
            expected[step][lane] += data
    for talk in talks:
        talk.settle()
        assert talk.server.received == {(number, lane): data for lane, data in enumerate(expected["client"]) if data}
        assert talk.client.received == {(number, lane): data for lane, data in enumerate(expected["server"]) if data}


def test_nothing_is_sent_now_past_what_waits() -> None:
    talk = Conversation()
    number = talk.open()
    link = talk.client.link
    link.send(number, 0, (b"first",), 5)
    assert link.send_now(number, 0, (b"then",), 4) is None
    talk.settle()
    assert link.send_now(number, 0, (b"then",), 4) is not None
    talk.cut()
    assert link.send_now(number, 0, (b"last",), 4) is None
    talk.redial()
    link.next_frames(MAX_PAYLOAD)
    assert link.send_now(number, 0, (b"last",), 4) is None


def test_bulk_data_keeps_its_pace_when_it_is_sent_now() -> None:
    talk = Conversation()
    bulk, _ = talk.open(bulk=True), talk.open()
    sent, data = b"", bytes(4096)
    while frames := talk.client.link.send_now(bulk, 0, (data,), len(data)):
        sent += b"".join(map(bytes, frames))
    assert INITIAL <= len(sent) < 2 * INITIAL
    assert not talk.client.link.wants_to_send()
    talk.server.wire += sent
    talk.settle()
    assert len(talk.server.received[bulk, 0]) % len(data) == 0
    assert len(talk.server.received[bulk, 0]) >= len(sent) - len(data)


def test_starved_frame_says_so_in_its_last_piece() -> None:
    both = Conversation()
    bulk, _ = both.open(bulk=True), both.open()
    for _ in range(INITIAL_WINDOW // MAX_PAYLOAD):
        both.client.link.send(bulk, 0, (bytes(1000), bytes(MAX_PAYLOAD - 1000)), MAX_PAYLOAD)
    both.settle(read=False)
    assert len(both.server.received[bulk, 0]) == INITIAL_WINDOW
    both.server.read_everything()
    both.settle()
    assert both.client.link.credit(bulk, 0) == 2 * INITIAL_WINDOW


def test_only_bulk_data_travels_in_the_longest_frames() -> None:
    both = Conversation()
    bulk, shell = both.open(bulk=True), both.open()
    for number in (bulk, shell):
        both.client.link.send(number, 0, (bytes(MAX_DATA),), MAX_DATA)
    shells = [frame for frame in _frames(both) if frame.channel == shell]
    assert [len(frame.payload) for frame in shells] == [MAX_PAYLOAD] * 4
    both = Conversation()
    bulk = both.open(bulk=True)
    both.client.link.send(bulk, 0, (bytes(MAX_DATA),), MAX_DATA)
    assert [len(frame.payload) for frame in _frames(both)] == [MAX_DATA]


def _frames(both: Conversation) -> list[Frame]:
    while both.client.link.wants_to_send():
        both.send(both.client, both.server)
    return [frame for frame in feed(Decoder(MAX_PAYLOAD), both.server.wire) if frame.kind == Kind.DATA]
