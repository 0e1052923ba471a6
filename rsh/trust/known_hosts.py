"""The `known_hosts` file: which server's certificate is pinned for which address.

A line is `ADDRESS SHA256:... BASE64 [COMMENT]`; the fingerprint is there for people, and must be the certificate's.
Trust between machines travels as a URL that a person can compare: rsh://host:port#SHA256:...
"""

from __future__ import annotations

import os
from typing import Final

from rsh import places
from rsh.errors import TrustError, UsageError
from rsh.trust import certificate
from rsh.trust.identity import existing_identity

SCHEME: Final = "rsh://"
_FINGERPRINT_LENGTH: Final = 43  # characters of 32 bytes in unpadded base64


def lookup(address: object) -> list[bytes]:
    """Give the DER certificates that the server at an address may show.

    Where nothing is pinned it is the account's own host.pem, if it has been made: on this machine, or wherever this
    home directory is, the account trusts itself.

    Args:
        address: an Address, or its canonical text.
    Raises: UsageError when a file of ours is loose or damaged.
    """
    found = pinned(address)
    if found:
        return found
    if len(_others(address)) < len(_lines()):
        raise UsageError(f"{_path()}: the line of {address} is damaged", advice="pin it again: rsh trust URL")
    own = existing_identity("host")
    return [own.der] if own else []


def pinned(address: object) -> list[bytes]:
    """Give what the file says about an address; damaged lines say nothing."""
    return [der for line in _lines() if (der := _certificate(line, str(address)))]


def pin(address: object, der: bytes, *, replace: bool = False, comment: str = "") -> bool:
    """Pin a certificate for an address.

    Args:
        replace: forget what was pinned for it before.
    Returns: False when it was pinned already, and nothing changed.
    Raises: TrustError when another one is pinned and may not be replaced.
    """
    line = _format(str(address), der, comment)
    with places.FolderLock(places.ensure_dir(places.config_dir())):
        before = pinned(address)
        if before == [der] or (der in before and not replace):
            return False
        if before and not replace:
            raise TrustError(f"{address}: another key is pinned: {certificate.fingerprint(before[0])}")
        _write([*_others(address), line])
        return True


def forget(address: object) -> bool:
    """Remove what is pinned for an address; whether there was anything."""
    if not pinned(address):
        return False
    with places.FolderLock(places.config_dir()):
        _write(_others(address))
    return True


def url(host: str, port: int, fingerprint: str) -> str:
    """Give the URL by which others pin a server."""
    return f"{SCHEME}[{host}]:{port}#{fingerprint}" if ":" in host else f"{SCHEME}{host}:{port}#{fingerprint}"


def parse_url(text: str) -> tuple[str, str]:
    """Read such a URL.

    Returns: the address, still to be parsed, and the fingerprint.
    Raises: UsageError.
    """
    address, _, fingerprint = text.removeprefix(SCHEME).partition("#")
    if not text.startswith(SCHEME) or not address.rstrip("/"):
        raise UsageError(f"{text!r} is no URL such as rsh://host:8000#SHA256:..., as `rsh-server url` prints it")
    kind, _, digest = fingerprint.partition(":")
    proper = digest.replace("+", "a").replace("/", "a")
    if kind != "SHA256" or len(digest) != _FINGERPRINT_LENGTH or not (proper.isascii() and proper.isalnum()):
        raise UsageError(f"{text!r} ends in no fingerprint: SHA256: and {_FINGERPRINT_LENGTH} characters belong there")
    return address.rstrip("/"), fingerprint


def _path() -> str:
    return os.path.join(places.config_dir(), "known_hosts")


def _lines() -> list[str]:
    """Read the file; [] without one. It is no secret, but who may write it may stand in for a server."""
    path = _path()
    if not os.path.exists(path):
        return []
    places.check_private(path, loose=places.WRITABLE_BY_OTHERS)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _others(address: object) -> list[str]:
    return [line for line in _lines() if line.split()[:1] != [str(address)]]


def _write(lines: list[str]) -> None:
    places.write_private(_path(), "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))


def _format(address: str, der: bytes, comment: str) -> str:
    if not comment.isprintable():
        raise UsageError("there are control characters in the comment")
    return f"{address} {certificate.fingerprint(der)} {certificate.to_base64(der)} {comment}".rstrip()


def _certificate(line: str, address: str) -> bytes | None:
    """Give the certificate of a line about that address, if it is sound."""
    words = line.split()
    if len(words) < 3 or words[0] != address:
        return None
    try:
        der = certificate.from_base64(words[2])
    except UsageError:
        return None
    return der if certificate.fingerprint(der) == words[1] else None
