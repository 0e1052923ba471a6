"""The first words on a new stream: the client's Hello, the server's Welcome or Refusal."""

from __future__ import annotations

import os

from rsh import __version__
from rsh.errors import Code, LinkError, ProtocolError, Refused
from rsh.protocol import messages
from rsh.protocol.frames import MAX_PAYLOAD, Decoder, Frame, Kind, encode
from rsh.protocol.link import Link, Role
from rsh.session.deadline import Deadline
from rsh.session.keeper import Dial, Keeper, whole_seconds
from rsh.session.session import Session
from rsh.transport.stream import Stream

SOFTWARE = f"rsh {__version__}"


def connect(stream: Stream, *, account: str, again: Dial | None = None, patience: float | None = None) -> Session:
    """Begin a session on a stream as its client, and give it at once: requests may be sent before the Welcome is here.

    Whether the server takes us, `Session.wait_welcome` tells, and so does everything else done with the session.

    Args:
        stream: connected; it belongs to the session now.
        account: whose shell is wanted over there, "" for whoever the daemon runs as.
        again: makes another stream when one is lost; None: the session ends with its stream.
        patience: seconds without a connection after which the session ends; 0 as without `again`, None: never.
    """
    link = Link(Role.CLIENT, os.urandom(16))
    waits = 0 if again is None else whole_seconds(patience)
    link.greet(SOFTWARE, account, patience=waits, begins=stream.ends[0])
    session = Session(link, name="client", survives=again is not None and patience != 0)
    if again is not None:
        Keeper(session, again, software=SOFTWARE, account=account, patience=patience).start()
    session.attach(stream)
    session.start(stream, Decoder())
    return session


def read_hello(stream: Stream, decoder: Decoder, deadline: Deadline) -> messages.Hello:
    """Read the client's Hello; what it sent after that stays unread in the stream.

    Raises:
        ProtocolError: something else came. Refused: it speaks another version. LinkError: nothing came in time.
    """
    stream.set_deadline(deadline.at)
    hello = messages.decode_link_message(_first_frame(stream, decoder).payload)
    stream.set_deadline(None)
    if not isinstance(hello, messages.Hello):
        raise ProtocolError(f"{type(hello).__name__} in the place of a Hello")
    if hello.version != messages.VERSION:
        words = f"this server speaks version {messages.VERSION} of the protocol, not {hello.version}"
        raise Refused(Code.UNSUPPORTED, words)
    decoder.limit = MAX_PAYLOAD
    return hello


def is_direct(stream: Stream, hello: messages.Hello) -> bool:
    """Tell whether a client is on this machine, with nothing in between: no tunnel, no proxy.

    Its Hello says where its connection begins, and that is where ours comes from. Of an unencrypted stream the kernel
    says so.
    """
    return not stream.encrypted or (hello.begins != "" and hello.begins == stream.ends[1])


def refuse(stream: Stream, code: Code, text: str) -> None:
    """Answer a Hello with a Refusal, and see to it that the client can read it."""
    payload = messages.encode_message(messages.Refusal(code, text[:1024]))
    try:
        stream.write(encode(Frame(Kind.LINK, 0, 0, payload)))
    except LinkError:
        pass  # It did not wait for an answer.
    stream.close_slowly()


def _first_frame(stream: Stream, decoder: Decoder) -> Frame:
    while count := stream.readinto(decoder.space()):
        decoder.filled(count)
        frame = decoder.next_frame()
        if frame is None:
            continue
        if frame.kind != Kind.LINK:
            raise ProtocolError("the first frame is no greeting")
        return frame
    raise LinkError("the connection was closed before the greeting")
