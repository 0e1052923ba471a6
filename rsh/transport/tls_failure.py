"""What a failure of OpenSSL means to us: the one place that knows the names of its errors."""

from __future__ import annotations

import ssl
from typing import Final

from rsh.errors import Code, LinkError, Refused, RshError, TrustError
from rsh.transport.contexts import shown

_UNKNOWN_KEY: Final = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_REQUIRED", "ACCESS_DENIED", "CERTIFICATE_UNKNOWN")
_NOT_TLS: Final = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
)
_TOO_OLD: Final = ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "ALERT_PROTOCOL_VERSION")


class WrongKey(TrustError):
    """The peer showed a certificate that is not trusted here.

    Attributes:
        certificate: what it showed, as DER, b"" if unknown. Nobody proved to have its key: good for a message only.
    """

    def __init__(self, message: str, certificate: bytes) -> None:
        super().__init__(message)
        self.certificate = certificate


class Failures:
    """Tells what failed on one connection, from the end that we are."""

    def __init__(self, peer: str, tls: ssl.SSLObject, *, server_side: bool) -> None:
        self._peer = peer
        self._tls = tls
        self._server_side = server_side

    def about_peer(self, text: str) -> str:
        """Begin a message with the peer for a client's user; a server's log has it at the head of the line."""
        return text if self._server_side else f"{self._peer}: {text}"

    def explain(self, error: ssl.SSLError, *, established: bool) -> RshError:
        """Put OpenSSL's error into our tree; `established` tells whether the handshake was over."""
        reason = error.reason or ""
        if reason.endswith(_TOO_OLD):
            return LinkError(self.about_peer("speaks no TLS 1.3"))
        if reason in _NOT_TLS:
            return LinkError(self.about_peer("whoever is there does not speak rsh"))
        if reason.endswith("NO_APPLICATION_PROTOCOL"):
            return LinkError(self.about_peer("speaks TLS, but not rsh"))
        known = self._to_server(reason) if self._server_side else self._to_client(reason, established)
        return known or LinkError(self.about_peer(f"TLS failed: {reason.lower().replace('_', ' ') or error}"))

    def _to_server(self, reason: str) -> RshError | None:
        if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
            return TrustError("refused: it shows no certificate")
        if reason == "CERTIFICATE_VERIFY_FAILED":
            return WrongKey("refused: its key is not authorised", shown(self._tls))
        if "ALERT" in reason and reason.endswith(_UNKNOWN_KEY):
            return LinkError("left: it has another key pinned for this server")
        return None

    def _to_client(self, reason: str, established: bool) -> RshError | None:
        if reason == "CERTIFICATE_VERIFY_FAILED":
            return WrongKey(self.about_peer("the server's key is not the pinned one"), shown(self._tls))
        if "ALERT" in reason and reason.endswith(_UNKNOWN_KEY):
            return Refused(Code.UNKNOWN_KEY, self.about_peer("the server does not know this key"))
        if reason.endswith("ALERT_INTERNAL_ERROR") and not established:
            return Refused(Code.BUSY, self.about_peer("the server is busy"))
        return None
