"""Listening sockets for the daemon: made from an address, or handed over by systemd."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from typing import Final

from rsh.errors import UsageError
from rsh.transport.address import Address
from rsh.transport.sockets import adopt

BACKLOG: Final = 1024  # connections the kernel holds until we accept: a burst of logins must not see a retransmission
FIRST_PASSED_DESCRIPTOR: Final = 3  # SD_LISTEN_FDS_START, sd_listen_fds(3)
_PORT_TRIES: Final = 20  # a port the kernel chose for one family may be taken in the other
_NOT_HERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listen(address: Address) -> list[socket.socket]:
    """Open the listening sockets that an address stands for.

    `:port` is one dual-stack socket, or one for IPv4 where the kernel has no IPv6; a name gives one socket for each of
    its addresses, all on one port; a Unix socket is 0600, and replaces one on which nobody answers any more.

    Raises: UsageError with one line, such as "127.0.0.1:8000: Address already in use".
    """
    if address.kind == "unix":
        return [_listen_unix(address)]
    if address.kind == "fd":
        return [adopt(address.fd, listening=True)]
    for _ in range(_PORT_TRIES):
        sockets = _listen_tcp(address)
        if sockets:
            return sockets
    raise UsageError(f"{address}: no port is free in all families")


def systemd_sockets() -> list[socket.socket]:
    """Adopt the sockets that systemd opened for this process, in its order; [] without socket activation.

    The variables of sd_listen_fds(3) are removed from the environment, so that no child takes them for its own.
    """
    process = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not count.isdecimal():
        return []
    return [adopt(FIRST_PASSED_DESCRIPTOR + number, listening=True) for number in range(int(count))]


def _listen_tcp(address: Address) -> list[socket.socket]:
    """Listen on every address of the host; [] when the port chosen for the first was taken for another."""
    sockets: list[socket.socket] = []
    port = address.port
    try:
        for family, host in _hosts(address):
            try:
                sockets.append(_listen_one(family, host, port, dual=not address.host))
            except OSError as error:
                if error.errno in _NOT_HERE and (sockets or family == socket.AF_INET6):
                    continue  # a host whose name has an IPv6 address that its kernel does not know
                raise
            port = sockets[0].getsockname()[1]
    except OSError as error:
        _close_all(sockets)
        if sockets and not address.port and error.errno == errno.EADDRINUSE:
            return []
        raise UsageError(f"{address}: {error.strerror}") from error
    if not sockets:
        raise UsageError(f"{address}: {os.strerror(errno.EADDRNOTAVAIL)}")
    return sockets


def _hosts(address: Address) -> list[tuple[int, str]]:
    """Resolve the host to (family, literal address) pairs, in the resolver's order, each once."""
    if not address.host:
        return [(socket.AF_INET6, "::") if _has_ipv6() else (socket.AF_INET, "0.0.0.0")]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise UsageError(f"{address.host}: {error.strerror}") from error
    except UnicodeError as error:
        raise UsageError(f"{address.host}: not a host name") from error
    return list(dict.fromkeys((int(family), str(name[0])) for family, _, _, _, name in found))


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::", 0))
    except OSError:
        return False
    return True


def _listen_one(family: int, host: str, port: int, *, dual: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _close_all(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _listen_unix(address: Address) -> socket.socket:
    """Listen on a Unix socket. A lock on its folder keeps two daemons from replacing each other's fresh socket."""
    folder = os.path.dirname(os.path.abspath(address.path))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{address}: {error.strerror}") from error
    try:
        _check_folder(folder, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        _clear_way(address)
        return _bind_unix(address)
    except OSError as error:
        raise UsageError(f"{address}: {error.strerror}") from error
    finally:
        os.close(lock)


def _check_folder(folder: str, descriptor: int) -> None:
    """Refuse a folder in which others could put a socket of theirs in the place of ours."""
    status = os.fstat(descriptor)
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise UsageError(f"{folder}: others may write here, so no socket is safe in it", advice=f"chmod 700 {folder}")


def _clear_way(address: Address) -> None:
    """Remove a socket on which nobody answers; anything else at that path is somebody's."""
    try:
        if not stat.S_ISSOCK(os.lstat(address.path).st_mode):
            raise UsageError(f"{address}: exists and is not a socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a daemon with a full backlog is alive too: EAGAIN
        status = probe.connect_ex(address.path)
    if status != errno.ECONNREFUSED:
        raise UsageError(f"{address}: {os.strerror(errno.EADDRINUSE)}: somebody answers there")
    os.unlink(address.path)


def _bind_unix(address: Address) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(sock.fileno(), 0o600)  # Linux gives the mode of the descriptor to the file that bind(2) makes
        sock.bind(address.path)
        os.chmod(address.path, 0o600)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
