"""Whom this client trusts: the handshake with a pinned server, and the words for one that is not pinned."""

from __future__ import annotations

from rsh.errors import DeadlineExpired, LinkError, TrustError
from rsh.session.deadline import Deadline
from rsh.transport import sockets, tls
from rsh.transport.address import Address
from rsh.transport.stream import SocketStream
from rsh.trust import known_hosts
from rsh.trust.certificate import fingerprint
from rsh.trust.identity import identity

# For a second look at a server that was refused, in seconds: only to name its fingerprint.
LOOK_TIMEOUT = 3.0

# How often a handshake is begun on a network that cuts connections.
HANDSHAKES = 3


def secure(address: Address, deadline: Deadline) -> tuple[tls.TLSStream, str]:
    """Connect and make sure that the server is the pinned one, before anything of ours is shown to it.

    Returns:
        The stream, and the fingerprint of the server's certificate.

    Raises:
        TrustError: it is another one, or none is pinned; with fingerprints and what can be done. LinkError.
    """
    accepted = known_hosts.lookup(address)
    if not accepted:
        raise _unknown(address, deadline)
    try:
        stream = _shake_hands(address, accepted, deadline)
    except TrustError as error:
        # Without a pin it was only not this account's own daemon.
        pinned = known_hosts.pinned(address)
        raise (_changed(address, pinned) if pinned else _unknown(address, Deadline(LOOK_TIMEOUT))) from error
    stream.set_deadline(None)
    return stream, fingerprint(stream.peer_certificate())


def _shake_hands(address: Address, accepted: list[bytes], deadline: Deadline) -> tls.TLSStream:
    """Connect and shake hands; again at once if the connection is cut in between."""
    context = tls.client_context(identity("id").path, accepted)
    for left in reversed(range(HANDSHAKES)):
        stream = tls.TLSStream(_dial(address, deadline), context)
        try:
            stream.handshake(frozenset(accepted))
        except DeadlineExpired:
            raise
        except LinkError:
            if not left:
                raise
        else:
            return stream
    raise AssertionError("the last attempt returns or raises")


def look(address: Address, deadline: Deadline) -> bytes:
    """Ask a server for its certificate (DER), trusting nothing and showing nothing."""
    return tls.probe_certificate(_dial(address, deadline), deadline.at)


def _dial(address: Address, deadline: Deadline) -> SocketStream:
    stream = SocketStream(sockets.dial(address, deadline.at), str(address))
    stream.set_deadline(deadline.at)
    return stream


def _unknown(address: Address, deadline: Deadline) -> TrustError:
    shown = fingerprint(look(address, deadline))
    return TrustError(
        f"{address}: unknown server, its key is {shown}",
        advice=f"compare with `rsh-server url` over there, then: rsh trust 'rsh://{address}#{shown}'",
    )


def _changed(address: Address, pinned: list[bytes]) -> TrustError:
    known = ", ".join(fingerprint(der) for der in pinned)
    try:
        shown = fingerprint(look(address, Deadline(LOOK_TIMEOUT)))
    except LinkError:
        shown = "not shown"
    return TrustError(
        f"{address}: WRONG SERVER KEY: expected {known}, got {shown}; nothing was sent",
        advice=f"somebody may be in between. If the server has a new key: rsh trust --replace 'rsh://{address}#{shown}'",
    )
