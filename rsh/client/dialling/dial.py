"""From the name of a host to a session with it: address, trust, stream, greeting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from rsh.errors import UsageError
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport import sockets
from rsh.transport.address import Address, parse_destination
from rsh.transport.stream import SocketStream, Stream
from rsh.trust.certificate import kind

Embedded: TypeAlias = Callable[[], Stream]

# To the first byte of the server's greeting, in seconds; name servers and distant continents included.
CONNECT_TIMEOUT = 20.0


class Dialled(Struct, frozen=True):
    """A session that was begun, and what is known of whom it is with.

    Attributes:
        session: our Hello is under way; whether the server takes us, `session.wait_welcome` tells.
        name: as the user typed it, "" for this machine.
        fingerprint: of the server's certificate, "" where the kernel vouches.
        key_kind: of its key, "" likewise, and where it is an unusual one.
        encrypted: whether the bytes are under TLS.
    """

    session: Session
    name: str
    fingerprint: str = ""
    encrypted: bool = False
    key_kind: str = ""


def dial(
    host: str | None,
    *,
    embedded: Embedded | None = None,
    deadline: Deadline | None = None,
    patience: float | None = None,
    shared: bool = False,
) -> Dialled:
    """Connect and greet.

    Args:
        host: `[user@]host[:port]`, `unix:PATH`, `fd:N`, an alias of the configuration; None for this machine.
        embedded: makes the stream to a server inside this process, for None.
        deadline: for connecting, the handshake included.
        patience: seconds without a connection after which the session ends; 0: it ends with its connection, None: it
            dials for ever.
        shared: go through the connection that this user's commands share, if that can be had.

    Raises:
        UsageError: no such form of address. LinkError: nobody answers. TrustError: the wrong one answers.
    """
    deadline = deadline or Deadline(CONNECT_TIMEOUT)
    if host is None:
        if embedded is None:
            raise UsageError("no host given")
        return Dialled(greeting.connect(embedded(), account=""), "")
    address = resolve(host)
    account = address.user or ""
    if address.kind == "fd":
        return Dialled(greeting.connect(_plain(address, deadline), account=account), host)
    if address.kind != "tcp":
        again = partial(_plain, address)
        return Dialled(greeting.connect(again(deadline), account=account, again=again, patience=patience), host)
    if shared:
        from rsh.client.dialling.mux import share

        if session := share(host, address):
            return Dialled(session, host, encrypted=True)
    from rsh.client.dialling.trusting import secure

    secured, fingerprint = secure(address, deadline)
    session = greeting.connect(
        secured, account=account, again=lambda deadline: secure(address, deadline)[0], patience=patience
    )
    return Dialled(session, host, fingerprint, encrypted=True, key_kind=kind(secured.peer_certificate()))


def _plain(address: Address, deadline: Deadline) -> Stream:
    return SocketStream(sockets.dial(address, deadline.at), str(address))


def resolve(host: str) -> Address:
    """Turn what the user typed into an address; an alias stands for the address of the configuration."""
    from rsh.client.dialling.configuration import alias

    user, _, name = host.rpartition("@")
    found = alias(name)
    if found is None:
        return parse_destination(host)
    address = parse_destination(found)
    return replace(address, user=user) if user else address
