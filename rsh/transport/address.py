"""Addresses as people write them: `host`, `host:port`, `[v6]:port`, bare IPv6, `:port`, `unix:/path`, `fd:N`.

One parser for --bind and for HOST. No name is looked up here and no socket is opened.
"""

from __future__ import annotations

import socket
from typing import Final, Literal

import msgspec

from rsh.errors import UsageError

DEFAULT_PORT: Final = 8000
LONGEST_SOCKET_PATH: Final = 107  # bytes in sockaddr_un.sun_path less the NUL, unix(7)
_NEVER_IN_A_HOST: Final = frozenset("/\\@#?&;|<>()[]{}\"'`$*!,=^~")


class Address(msgspec.Struct, frozen=True):
    """Where to listen or whom to dial; str() gives the canonical text, without the user.

    Attributes:
        kind: which of the other fields count: host and port, path, or fd.
        host: name or literal address in lower case; "" for all families.
        port: 0 lets the kernel choose (listening only).
        user: the account asked for, "" when none was named.
    """

    kind: Literal["tcp", "unix", "fd"]
    host: str = ""
    port: int = 0
    path: str = ""
    fd: int = -1
    user: str = ""

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        if self.kind == "fd":
            return f"fd:{self.fd}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(text: str, *, default_port: int = DEFAULT_PORT) -> Address:
    """Read an address to listen on or to dial.

    Args:
        text: as the user wrote it.
        default_port: taken when no port is named.
    Raises: UsageError with one line that says what is wrong with it.
    """
    _check_text(text)
    if text.startswith("unix:"):
        return _unix(text.removeprefix("unix:"))
    if text.startswith("fd:"):
        return _descriptor(text.removeprefix("fd:"))
    host, port = _split(text, default_port)
    return Address(kind="tcp", host=host.lower(), port=port)


def parse_destination(text: str, *, default_port: int = DEFAULT_PORT) -> Address:
    """Read what a client may dial: as parse(), with an optional `user@` in front.

    Raises: UsageError, also for what can only be listened on (`:port`, port 0).
    """
    _check_text(text)
    user, at, rest = ("", "", text) if text.startswith(("unix:", "fd:")) else text.rpartition("@")
    if at and (not user or user.startswith("-") or not _NEVER_IN_A_HOST.isdisjoint(user) or ":" in user):
        raise UsageError(f"{text!r} names no possible user before the @")
    address = parse(rest, default_port=default_port)
    if address.kind == "tcp" and not address.host:
        raise UsageError(f"{text!r} names no host")
    if address.kind == "tcp" and not address.port:
        raise UsageError(f"{text!r}: nobody can be reached on port 0")
    return msgspec.structs.replace(address, user=user)


def is_ipv6(text: str) -> bool:
    """Tell whether text is a literal IPv6 address, with or without a %zone."""
    literal, _, zone = text.partition("%")
    if text.endswith("%") or "%" in zone:
        return False
    try:
        socket.inet_pton(socket.AF_INET6, literal)
    except OSError:
        return False
    return True


def _check_text(text: str) -> None:
    """Refuse what is an address in no form: it may come from a script that left a variable empty."""
    if not text:
        raise UsageError("an address is missing: it is empty")
    if text.startswith("-"):
        raise UsageError(f"{text!r} is no address: it starts with a dash")
    if not text.isprintable() or (" " in text and not text.startswith("unix:")):
        raise UsageError(f"{text!r} is no address: it has spaces or control characters in it")


def _unix(path: str) -> Address:
    if not path:
        raise UsageError("unix: needs a path, as in unix:/run/user/1000/rsh/server.sock")
    if len(path.encode("utf-8", "surrogateescape")) > LONGEST_SOCKET_PATH:
        raise UsageError(f"unix:{path} is too long for a socket: at most {LONGEST_SOCKET_PATH} bytes")
    return Address(kind="unix", path=path)


def _descriptor(text: str) -> Address:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise UsageError(f"fd:{text} needs the number of an open descriptor, as in fd:3")
    return Address(kind="fd", fd=int(text))


def _split(text: str, default_port: int) -> tuple[str, int]:
    """Take host and port apart; the one place that knows brackets and bare IPv6."""
    if text.startswith("["):
        return _split_brackets(text, default_port)
    if text.count(":") > 1:
        if is_ipv6(text):
            return text, default_port
        raise UsageError(f"{text!r} has too many colons; an IPv6 address with a port is written [::1]:8000")
    host, colon, port = text.partition(":")
    _check_host(host, text)
    return host, _port(port, text) if colon else default_port


def _split_brackets(text: str, default_port: int) -> tuple[str, int]:
    host, bracket, rest = text[1:].partition("]")
    if not bracket or not is_ipv6(host) or (rest and not rest.startswith(":")):
        raise UsageError(f"{text!r}: brackets go round an IPv6 address, as in [::1]:8000")
    return host, _port(rest[1:], text) if rest else default_port


def _check_host(host: str, text: str) -> None:
    if not _NEVER_IN_A_HOST.isdisjoint(host):
        raise UsageError(f"{text!r} has a character in it that no host name has")
    if host.startswith("-"):
        raise UsageError(f"{text!r} is no address: the host starts with a dash")
    if host in ("unix", "fd"):
        raise UsageError(f"{text!r} is no address: write unix:/PATH or fd:NUMBER")


def _port(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 5 or int(digits) > 65535:
        raise UsageError(f"{text!r}: the port must be a number from 0 to 65535")
    return int(digits)
