"""The messages of the wire: typed, and validated when they are decoded.

LINK messages concern the connection, CONTROL messages one channel. Every struct here is an array on the wire: its
number first, then its fields in order. Each stands with its number in rsh-protocol(7); a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.errors import ProtocolError
from rsh.protocol.frames import Buffer
from rsh.protocol.requests import Request

# Raised when either end could misunderstand the other. There is one version, so both must name it.
VERSION: Final = 1

Count: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Small: TypeAlias = Annotated[int, Meta(ge=0, lt=2**16)]
Words: TypeAlias = Annotated[str, Meta(max_length=1024)]
SessionId: TypeAlias = Annotated[bytes, Meta(min_length=16, max_length=16)]
SignalName: TypeAlias = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9+-]{1,15}\\Z")]


class Hello(Struct, tag=1, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server, first of all: who calls, and which session it resumes (none: a new one)."""

    version: Small
    software: Words
    account: Words  # whose shell is wanted; "" for whoever the daemon runs as
    session: SessionId  # random, chosen by the client
    epoch: Annotated[int, Meta(ge=1, lt=2**31)] = 1  # number of this stream of the session; from 2 on it is a resume
    expected: Count = 0  # number of the next frame that the client has not seen
    age: Count = 0  # of a session whose first Welcome never came: milliseconds since its first Hello; else 0
    patience: Count | None = (
        None  # seconds without a connection after which the client gives the session up; None: never
    )
    begins: Words = ""  # the client's end of a connection within its machine, as ADDRESS:PORT; else ""


class Welcome(Struct, tag=2, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client, in answer to Hello: only now is the client connected."""

    version: Small
    software: Words
    account: Words
    system: Words  # host name over there, for the prompt
    home: bytes
    expected: Count = 0  # number of the next frame that the server has not seen
    message: Words = ""  # of the day, for whoever opens a prompt; lines of any bytes
    direct: bool = False  # both are one machine: the connection begins where the client says, and nothing is in between


class Refusal(Struct, tag=3, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client, in answer to Hello: no, and why. The stream ends after it."""

    code: Small
    text: Words


class Ack(Struct, tag=4, array_like=True, frozen=True, forbid_unknown_fields=True):
    """All numbered frames below `count` have arrived; the sender forgets them."""

    count: Count


class Ping(Struct, tag=5, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks for a Pong with the same token."""

    token: Count


class Pong(Struct, tag=6, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Answers a Ping."""

    token: Count
    clock: Count  # nanoseconds since 1970 where it was answered


class Goodbye(Struct, tag=7, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The session is over, in order: not to be resumed."""

    code: Small
    text: Words
    last: Count  # highest number of a channel that its receiver has opened and its sender has taken note of; else 0


class Open(Struct, tag=16, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Opens the channel that the frame names and says what for."""

    request: Request


class Accept(Struct, tag=17, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The request of Open is being served."""


class Credit(Struct, tag=18, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The receiver of a lane will hold this many bytes more."""

    lane: Annotated[int, Meta(ge=0, le=15)]
    count: Annotated[int, Meta(gt=0, lt=2**31)]


class Close(Struct, tag=19, array_like=True, frozen=True, forbid_unknown_fields=True):
    """This side is done with the channel; when both have said so its number is gone.

    In the place of an Accept it rejects the request, with the reason.
    """

    code: Small
    text: Words


class Signal(Struct, tag=20, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Sends a signal to the command, by name without SIG."""

    name: SignalName


class Resize(Struct, tag=21, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The user's terminal has a new size."""

    columns: Small
    rows: Small


class Exit(Struct, tag=22, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The command ended: with a status, or by a signal."""

    status: Annotated[int, Meta(ge=0, le=255)]
    signal: Annotated[int, Meta(ge=0, le=127)] = 0
    directory: bytes = b""  # where its shell stood at the end, when that was asked for


LinkMessage: TypeAlias = Hello | Welcome | Refusal | Ack | Ping | Pong | Goodbye
ChannelMessage: TypeAlias = Open | Accept | Credit | Close | Signal | Resize | Exit

_encoder = msgspec.msgpack.Encoder()
_link_decoder: msgspec.msgpack.Decoder[LinkMessage] = msgspec.msgpack.Decoder(LinkMessage)
_channel_decoder: msgspec.msgpack.Decoder[ChannelMessage] = msgspec.msgpack.Decoder(ChannelMessage)


def encode_message(message: LinkMessage | ChannelMessage) -> bytes:
    """Give a message as MessagePack."""
    return _encoder.encode(message)


def decode_link_message(payload: Buffer) -> LinkMessage:
    """Decode the payload of a LINK frame; anything unknown or out of range is a ProtocolError."""
    try:
        return _link_decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"malformed link message: {error}") from error


def decode_channel_message(payload: Buffer) -> ChannelMessage:
    """Decode the payload of a CONTROL frame; anything unknown or out of range is a ProtocolError."""
    try:
        return _channel_decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"malformed channel message: {error}") from error
