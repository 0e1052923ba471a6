"""What a server can tell from the first bytes of a visitor, and the answer in a language that the visitor knows.

All of it is plain bytes; nothing here needs TLS.
"""

from __future__ import annotations

from typing import Final

_METHODS: Final = (
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"DELETE ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"PRI ",
)
_WORDS: Final = b"this port speaks rsh; use the rsh command"


def sniff(first: bytes) -> str | None:
    """Name what somebody speaks who does not begin with a TLS handshake.

    Args:
        first: the first bytes, as many as have come.
    Returns: "http", "ssh", "other", or None for TLS.
    """
    if b"\x16\x03".startswith(first[:2]):
        return None
    if any(method.startswith(first[:8]) or first.startswith(method) for method in _METHODS):
        return "http"
    return "ssh" if first.startswith(b"SSH-") else "other"


def plain_answer(kind: str) -> bytes:
    """Give one line of explanation for a visitor of that kind."""
    if kind == "http":
        return (
            b"HTTP/1.0 400 " + _WORDS + b"\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n" + _WORDS + b"\r\n"
        )
    return _WORDS + b"\r\n"


def busy_alert() -> bytes:
    """Give the TLS record that says internal_error (RFC 8446 section 6): to clients of ours, that there is no room."""
    return bytes((0x15, 3, 3, 0, 2, 2, 80))
