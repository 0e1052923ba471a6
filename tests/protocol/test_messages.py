from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.errors import ProtocolError
from rsh.protocol import messages, requests


@pytest.mark.parametrize(
    "message",
    [
        messages.Hello(1, "rsh", "ann", b"0" * 16, 1, 0),
        messages.Ack(2**61),
        messages.Goodbye(5, "bye", 3),
    ],
)
def test_link_message_comes_back_as_it_went(message: messages.LinkMessage) -> None:
    assert messages.decode_link_message(messages.encode_message(message)) == message


def test_request_comes_back_as_it_went_with_any_bytes() -> None:
    request = requests.Exec((b"\xff'\n", b""), False, b"/\xfe", {b"A": b"\x00"}, requests.Terminal(80, 24))
    wire = messages.encode_message(messages.Open(request))
    assert messages.decode_channel_message(wire) == messages.Open(request)


@pytest.mark.parametrize(
    "value",
    [
        [4],  # Ack without its count
        [4, -1],
        [4, 2**64 - 1],
        [4, 1, 2],  # a field too many
        [4, "1"],
        [99, 1],
        {"count": 1},
        [1, 1, "rsh", "ann", b"short", 1, 0],
        [1, 1, "r" * 1025, "ann", b"0" * 16, 1, 0],
    ],
)
def test_link_message_is_refused_when_malformed(value: object) -> None:
    with pytest.raises(ProtocolError):
        messages.decode_link_message(msgspec.msgpack.encode(value))


@given(st.binary(max_size=80))
def test_decoders_raise_nothing_but_protocol_errors_on_noise(noise: bytes) -> None:
    for decode in (messages.decode_link_message, messages.decode_channel_message):
        try:
            decode(noise)
        except ProtocolError:
            pass


@pytest.mark.parametrize("name", ["", "kill", "INT;", "I" * 30, "TERM\n"])
def test_signal_is_refused_when_its_name_is_odd(name: str) -> None:
    with pytest.raises(ProtocolError):
        messages.decode_channel_message(messages.encode_message(messages.Signal(name)))
