"""The `authorized` file: whose keys may come in, and what they may do then.

A line is `[OPTIONS] rsh-cert BASE64 [COMMENT]`. Options are separated by commas, values may stand in double quotes:

    read-only               no file may be changed and nothing run
    no-shell                nothing may be run
    path="/srv/drop"        nothing may be run, and of all files there are only those beneath this directory
    expires=2027-01-31      from that day on, or moment (ISO 8601; UTC unless it says otherwise), the key is unknown
    from="10.0.0.0/8,::1"   the key is good only from these networks
    linger=86400            sessions are kept so many seconds while the client is silent

An option that is not known here disables the line: it may have been meant as a restriction.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from rsh import places
from rsh.errors import Code, Refused, UsageError
from rsh.trust import certificate
from rsh.trust.identity import identity_path

KIND: Final = "rsh-cert"
_FLAGS: Final = ("read-only", "no-shell")
_Signature = tuple[int, int, int, int]  # of a file: changed and modified (ns), size, inode


class Authorized(msgspec.Struct, frozen=True):
    """One key that may come in.

    Attributes:
        der: its certificate.
        comment: what the line says behind it, of unknown origin.
        read_only, no_shell: what it may not do.
        path: the one directory that it is limited to, "" for none.
        expires: seconds since the epoch from which on it is unknown, None for never.
        networks: where it may come from, as CIDR; () for anywhere.
        linger: seconds that its sessions are kept while its client is silent, None for the daemon's own choice.
    """

    der: bytes
    comment: str = ""
    read_only: bool = False
    no_shell: bool = False
    path: str = ""
    expires: float | None = None
    networks: tuple[str, ...] = ()
    linger: float | None = None

    def allows_as(self, other: Authorized) -> bool:
        """Tell whether the same may be done under both lines."""
        return (self.read_only, self.no_shell, self.path) == (other.read_only, other.no_shell, other.path)

    def check(self, host: str, now: float | None = None) -> None:
        """Refuse the key if it came too late or from the wrong place.

        Args:
            host: the peer's literal IP address.
            now: seconds since the epoch, None for the clock's.
        Raises: Refused.
        """
        if self.expires is not None and (time.time() if now is None else now) >= self.expires:
            raise Refused(Code.UNKNOWN_KEY, "this key has expired")
        if self.networks and not _is_within(host, self.networks):
            raise Refused(Code.FORBIDDEN, "this key may not be used from there")


def parse_line(text: str) -> Authorized:
    """Read one line.

    Raises: UsageError that says what is wrong with it.
    """
    words = _split(text.strip(), " \t")
    if KIND not in words[:2]:
        raise UsageError(f"not a key: expected {KIND!r} and what follows, as `rsh key` prints it")
    at = words.index(KIND)
    if len(words) == at + 1:
        raise UsageError(f"nothing follows {KIND}")
    der = certificate.from_base64(words[at + 1])
    comment = text.partition(words[at + 1])[2].strip()
    return msgspec.structs.replace(_options(words[0] if at else ""), der=der, comment=comment)


def format_line(der: bytes, comment: str = "") -> str:
    """Give the line that authorises a certificate, without options."""
    return f"{KIND} {certificate.to_base64(der)} {comment}".rstrip()


class AuthorizedKeys:
    """The authorised keys, read again when a file changed. The account's own id.pem is one of them by itself.

    Attributes:
        messages: what was wrong with the files when they were read last, a line each; nothing of it is fatal.
    """

    def __init__(self, path: str, own: str = "") -> None:
        """Read nothing yet.

        Args:
            path: the file; it may be absent.
            own: PEM file of the account's own identity; it may be absent, or appear later.
        """
        self.messages: tuple[str, ...] = ()
        self._path = path
        self._own = own
        self._lock = threading.Lock()  # protects what follows and messages; held while the files are read
        self._read: tuple[_Signature | None, ...] = ()
        self._known: Mapping[bytes, Authorized] = {}

    @classmethod
    def of_account(cls) -> AuthorizedKeys:
        """Give the keys that this account lets in."""
        return cls(os.path.join(places.config_dir(), "authorized"), identity_path("id"))

    def current(self) -> Mapping[bytes, Authorized]:
        """Give the authorised keys by DER: the very same object until something changed. Any thread; cheap."""
        with self._lock:
            found = (_signature(self._path), _signature(self._own))
            if found != self._read:
                self._reload()
                self._read = found
            return self._known

    def append(self, text: str) -> Authorized:
        """Add a line; one for the same key is replaced, the same line again changes nothing.

        Raises: UsageError when the line is no good or the file cannot be written.
        """
        text = text.strip()
        added = parse_line(text)
        if not text.isprintable():
            raise UsageError("there are control characters in the line")
        folder = places.ensure_dir(os.path.dirname(self._path))
        with places.FolderLock(folder):
            lines = self._lines()
            kept = [line for line in lines if _key_of(line) != added.der]
            if [line for line in lines if _key_of(line) == added.der] != [text]:
                places.write_private(
                    self._path, "".join(f"{line}\n" for line in [*kept, text]).encode("utf-8", "surrogateescape")
                )
        return added

    def _reload(self) -> None:
        """Read both sources; with _lock held. What a line says about our own key counts more than that it is ours."""
        messages: list[str] = []
        known: dict[bytes, Authorized] = {}
        try:
            if os.path.exists(self._own):
                places.check_private(self._own)
                with open(self._own, "rb") as file:
                    der = certificate.to_der(file.read())
                known[der] = Authorized(der, "this account")
        except (OSError, UsageError) as error:
            messages.append(f"{self._own}: {error}")
        try:
            for number, line in enumerate(self._lines(), 1):
                self._take(line, number, known, messages)
        except UsageError as error:
            messages.append(str(error))
        self._known = known
        self.messages = tuple(messages)

    def _take(self, line: str, number: int, known: dict[bytes, Authorized], messages: list[str]) -> None:
        if not line.strip() or line.lstrip().startswith("#"):
            return
        try:
            entry = parse_line(line)
        except UsageError as error:
            messages.append(f"{self._path}:{number}: line ignored: {error}")
        else:
            known[entry.der] = entry

    def _lines(self) -> list[str]:
        """Read the file; [] without one. It is no secret, but who may write it may let himself in."""
        if not os.path.exists(self._path):
            return []
        places.check_private(self._path, loose=places.WRITABLE_BY_OTHERS)
        try:
            with open(self._path, encoding="utf-8", errors="surrogateescape") as file:
                return file.read().splitlines()
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}") from error


def _signature(path: str) -> _Signature | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino


def _key_of(line: str) -> bytes | None:
    try:
        return parse_line(line).der
    except UsageError:
        return None


def _split(text: str, separators: str) -> list[str]:
    """Split at separators outside of double quotes; the quotes stay."""
    words = [""]
    quoted = False
    for character in text:
        quoted ^= character == '"'
        if character in separators and not quoted:
            words.append("")
        else:
            words[-1] += character
    return [word for word in words if word]


def _options(text: str) -> Authorized:
    """Read the options into an entry without a key yet."""
    entry = Authorized(b"")
    for option in _split(text, ","):
        name, equals, value = option.partition("=")
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if name in _FLAGS and not equals:
            entry = msgspec.structs.replace(entry, **{name.replace("-", "_"): True})
        elif name == "path" and value:
            entry = msgspec.structs.replace(entry, path=_directory(value))
        elif name == "expires" and value:
            entry = msgspec.structs.replace(entry, expires=_moment(value))
        elif name == "linger" and value:
            entry = msgspec.structs.replace(entry, linger=_seconds(value))
        elif name == "from" and value:
            entry = msgspec.structs.replace(entry, networks=_networks(value))
        else:
            raise UsageError(f"option {option!r} is not known here, so the line is disabled")
    return entry


def _directory(text: str) -> str:
    """Check the path of a directory. Whether it is there counts when the key comes: it may be mounted later."""
    if not os.path.isabs(text) or "\0" in text:
        raise UsageError(f"path={text!r} does not begin with a slash")
    return text


def _seconds(text: str) -> float:
    if not text.isdecimal() or not text.isascii():
        raise UsageError(f"linger={text!r} is no number of seconds")
    return min(float(text), 1e9)


def _moment(text: str) -> float:
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"expires={text!r} is no date such as 2027-01-31 or 2027-01-31T18:00:00Z") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _networks(text: str) -> tuple[str, ...]:
    import ipaddress

    try:
        return tuple(str(ipaddress.ip_network(part.strip())) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"from={text!r}: {error}") from error


def _is_within(host: str, networks: tuple[str, ...]) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network) for network in networks)
