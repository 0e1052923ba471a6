"""TLS contexts with pinned certificates.

Nobody is trusted for being signed by somebody. The pinned certificates are the only anchors, so OpenSSL refuses before
anything of ours is sent; and the peer's certificate must equal one of them, because an anchor that happens to be a
certificate authority could have signed others. Dates do not count: trust ends when the key is removed.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Iterable
from typing import Final

from rsh.errors import UsageError
from rsh.transport.suites import prefer_fast

ALPN: Final = "rsh/1"
NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, X509_VERIFY_PARAM_set_flags(3): no clock is needed
CERTIFICATE_MESSAGE: Final = 11  # RFC 8446 section 4


def server_context(identity_path: str, authorized: Iterable[bytes]) -> ssl.SSLContext:
    """Make the context for handshakes with any of the authorised clients; with none of them nobody gets in.

    Args:
        identity_path: PEM file with our key and certificate.
        authorized: DER certificates.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity_path, authorized)
    prefer_fast(context)
    context.num_tickets = 0  # a ticket would let a client in whose key was removed meanwhile
    return context


def client_context(identity_path: str | None, pinned: Iterable[bytes]) -> ssl.SSLContext:
    """Make the context for a handshake with a server that shows one of the pinned certificates.

    Args:
        identity_path: PEM file with our key and certificate, None to show none.
        pinned: DER certificates.
    """
    return _context(ssl.PROTOCOL_TLS_CLIENT, identity_path, pinned)


def trusting_context() -> ssl.SSLContext:
    """Make the context for a look at a server's certificate, with none of ours: any server is taken."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, None, ())
    context.verify_mode = ssl.CERT_NONE
    return context


def _context(protocol: int, identity_path: str | None, anchors: Iterable[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= NO_CHECK_TIME
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    if identity_path is not None:
        _load_identity(context, identity_path)
    for anchor in anchors:
        context.load_verify_locations(cadata=anchor)
    context._msg_callback = _watch  # type: ignore[attr-defined]  # ssl has no public way to a certificate it refused
    return context


def _load_identity(context: ssl.SSLContext, path: str) -> None:
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(path, password="")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no key with its certificate that OpenSSL can read") from error


def _watch(connection: ssl.SSLObject, direction: str, _: int, __: int, message: int, data: bytes) -> None:
    """Remember the certificate that the peer shows; called by OpenSSL with each message and each record."""
    if direction == "read" and message == CERTIFICATE_MESSAGE:
        connection.shown = data  # type: ignore[attr-defined]  # an attribute of ours on OpenSSL's object


def shown(connection: ssl.SSLObject) -> bytes:
    """Give the DER certificate that the peer showed, b"" for none, also when it was refused.

    It is cut out of the Certificate message, RFC 8446 section 4.4.2.
    """
    message: bytes = getattr(connection, "shown", b"")
    start = 5 + message[4] + 3 if len(message) > 4 else 0
    length = int.from_bytes(message[start : start + 3], "big")
    return message[start + 3 : start + 3 + length]


@functools.cache
def unwatched(server_side: bool) -> ssl.SSLContext:
    """Give an empty context for after the handshake: a callback for each record costs a quarter of the speed."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
