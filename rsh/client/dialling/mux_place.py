"""Where the shared connection to a server is found: a Unix socket whose name says to whom it goes, and as whom.

The name is a digest of the address, of our own key and of what we trust there: when one of these changes, another
connection is meant, and the old one is not found any more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from msgspec import Struct

from rsh import places
from rsh.transport.address import Address
from rsh.trust.identity import identity, identity_path

SOCKET: Final = ".sock"
ABOUT: Final = ".json"
LOCK: Final = ".lock"  # held by whoever starts the process


class About(Struct, frozen=True):
    """What a process tells of itself, for `rsh mux --status`."""

    host: str  # as the user typed it
    address: str
    begun: float  # seconds since 1970


class Place:
    """The files of one shared connection.

    Attributes:
        folder: of all shared connections.
        name: of this one.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name

    def path(self, suffix: str) -> str:
        """Give the path of one of its files."""
        return os.path.join(self.folder, self.name + suffix)

    @contextmanager
    def address(self) -> Iterator[Address]:
        """Give the address of the socket for a moment; through a descriptor, as a path may be too long for one."""
        descriptor = os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield Address("unix", path=f"/proc/self/fd/{descriptor}/{self.name}{SOCKET}")
        finally:
            os.close(descriptor)

    def about(self) -> About | None:
        """Read what the process tells of itself."""
        try:
            with open(self.path(ABOUT), "rb") as file:
                return msgspec.json.decode(file.read(), type=About)
        except (OSError, msgspec.MsgspecError):
            return None

    def remove(self) -> None:
        """Remove its files; their process has ended, or is about to."""
        for suffix in (ABOUT, LOCK, SOCKET):  # behind the socket others may come
            try:
                os.unlink(self.path(suffix))
            except OSError:
                pass


def folder() -> str:
    """Give the folder of all shared connections; it need not exist."""
    return os.path.join(places.runtime_dir(), "mux")


def place_of(address: Address) -> Place:
    """Give the place of the shared connection to a server. Raises UsageError when our folders are loose."""
    places.ensure_dir(places.runtime_dir())
    if not os.path.exists(identity_path("id")):
        identity("id")  # The first time it is made, and whoever looks next must find the same place.
    digest = hashlib.sha256(f"{address.user}@{address}\0".encode("utf-8", "surrogateescape"))
    for part in _trust(str(address)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Place(places.ensure_dir(folder()), digest.hexdigest()[:16])


def places_known() -> list[Place]:
    """Give the places of all shared connections that have a socket."""
    try:
        names = sorted(os.listdir(folder()))
    except OSError:
        return []
    return [Place(folder(), name.removesuffix(SOCKET)) for name in names if name.endswith(SOCKET)]


def _trust(address: str) -> Iterator[bytes]:
    """Give what decides who we are and whom we take for the server."""
    config = places.config_dir()
    yield config.encode("utf-8", "surrogateescape")
    for name in ("id.pem", "host.pem"):
        yield _content(os.path.join(config, name))
    for line in _content(os.path.join(config, "known_hosts")).splitlines():
        if line.split()[:1] == [address.encode("utf-8", "surrogateescape")]:
            yield line


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
