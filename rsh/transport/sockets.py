"""Sockets, dialled, tuned and asked who is at the other end. No bytes pass here; listening is in listening.py."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
import time
from typing import Final

from rsh.errors import DeadlineExpired, LinkError, UsageError
from rsh.transport.address import Address

HEAD_START: Final = 0.25  # seconds one address is ahead of the next: "Connection Attempt Delay", RFC 8305 section 5
AGAIN: Final = 1.0  # seconds after which the addresses are tried anew: the kernel repeats itself after 1, 3, 7, 15 s
RUNNING: Final = 16  # attempts at a time; the oldest is given up for one more
USER_TIMEOUT: Final = 30_000  # ms that sent data may stay unacknowledged before the kernel gives up, tcp(7)
KEEPALIVE_IDLE: Final = 20  # seconds of silence before the kernel asks
KEEPALIVE_INTERVAL: Final = 10  # seconds between its questions
NOT_SENT_LOW_WATER: Final = 128 * 1024  # bytes queued in the kernel but not on the wire: more makes typing sluggish

SockAddr = tuple[str, int] | tuple[str, int, int, int]
Target = tuple[int, SockAddr]  # family, address

_PENDING: Final = (errno.EINPROGRESS, errno.EINTR)
_UNTELLING: Final = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def tune(sock: socket.socket) -> None:
    """Set what every TCP connection of ours needs; does nothing to other sockets.

    Call it before the first byte: a handshake with Nagle's algorithm waits 40 ms for a delayed acknowledgement.
    """
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT_LOW_WATER)


def peer_uid(sock: socket.socket) -> int:
    """Tell which user is at the other end of a Unix socket: SO_PEERCRED of unix(7)."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    uid: int = struct.unpack("iII", credentials)[1]
    return uid


def peer_host(sock: socket.socket) -> str:
    """Give the peer's literal IP address, IPv4 also where it came in through a dual-stack socket; "" for Unix."""
    try:
        name = sock.getpeername()
    except OSError:
        return ""  # it left already
    return _unmapped(name[0]) if isinstance(name, tuple) else ""


def local_ends(sock: socket.socket) -> tuple[str, str]:
    """Give our end and the other one of a TCP connection within this machine, as ADDRESS:PORT; else "" and ""."""
    try:
        ours, theirs = sock.getsockname(), sock.getpeername()
    except OSError:
        return "", ""  # the peer left already
    if not isinstance(ours, tuple):
        return "", ""
    here, there = _unmapped(ours[0]), _unmapped(theirs[0])
    if here != there and not (here.startswith("127.") and there.startswith("127.")):
        return "", ""
    return f"{here}:{ours[1]}", f"{there}:{theirs[1]}"


def bound_address(sock: socket.socket) -> Address:
    """Give the address that a listening socket really has: port 0 has become a number."""
    name = sock.getsockname()
    if isinstance(name, tuple):
        return Address(kind="tcp", host=name[0], port=name[1])
    return Address(kind="unix", path=os.fsdecode(name))


def dial(address: Address, deadline: float | None = None) -> socket.socket:
    """Connect, trying all addresses of a name; the first that answers wins.

    Args:
        deadline: seconds of time.monotonic(), name resolution included.
    Returns: a tuned socket in blocking mode.
    Raises: LinkError ("host:port: Connection refused"), DeadlineExpired.
    """
    if address.kind == "unix":
        return _dial_unix(address, deadline)
    if address.kind == "fd":
        return adopt(address.fd, listening=False)
    return _Race(address, _interleaved(_resolve(address, deadline)), deadline).run()


class _Race:
    """Several connection attempts under way at once ("Happy Eyeballs", RFC 8305)."""

    def __init__(self, address: Address, targets: list[Target], deadline: float | None) -> None:
        self._address = address
        self._targets = targets
        self._waiting = list(targets)
        self._deadline = deadline
        self._poll = select.poll()
        self._running: dict[int, socket.socket] = {}
        self._failures: list[int] = []  # errno of each attempt that failed

    def run(self) -> socket.socket:
        """Give the winner; the losers are closed."""
        try:
            winner = self._first()
            del self._running[winner.fileno()]
            winner.settimeout(None)
            return winner
        finally:
            for sock in self._running.values():
                sock.close()

    def _first(self) -> socket.socket:
        start_next = time.monotonic()
        while True:
            now = time.monotonic()
            if self._running and not self._waiting and now >= start_next:
                self._waiting = list(self._targets)  # a network that comes back is not to wait for the kernel's timers
            if self._waiting and (now >= start_next or not self._running):
                self._start(*self._waiting.pop(0))
                start_next = now + (HEAD_START if self._waiting else AGAIN)
            if not self._running and not self._waiting:
                raise LinkError(f"{self._address}: {os.strerror(self._most_telling())}")
            for descriptor, _ in self._poll.poll(self._patience(start_next)):
                if self._finished(descriptor):
                    return self._running[descriptor]

    def _start(self, family: int, target: SockAddr) -> None:
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._failures.append(error.errno or errno.EIO)
            return
        if len(self._running) >= RUNNING:
            self._lose(next(iter(self._running)), errno.ETIMEDOUT)
        self._running[sock.fileno()] = sock
        tune(sock)
        sock.setblocking(False)
        self._poll.register(sock, select.POLLOUT)
        status = sock.connect_ex(target)
        if status and status not in _PENDING:
            self._lose(sock.fileno(), status)

    def _finished(self, descriptor: int) -> bool:
        sock = self._running[descriptor]
        status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not status:
            status = _unusable(sock)
        if status:
            self._lose(descriptor, status)
        return not status

    def _lose(self, descriptor: int, status: int) -> None:
        self._failures.append(status)
        self._poll.unregister(descriptor)
        self._running.pop(descriptor).close()

    def _patience(self, start_next: float) -> float:
        """Give the milliseconds to wait for an answer before something else is due."""
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            raise DeadlineExpired(f"{self._address}: no connection in time")
        if not self._running:
            return 0
        due = start_next if self._deadline is None else min(start_next, self._deadline)
        return max(0.0, due - now) * 1000 + 1

    def _most_telling(self) -> int:
        """Choose the errno to show: that IPv6 is not routed here says less than that IPv4 was refused."""
        telling = [status for status in self._failures if status not in _UNTELLING]
        return (telling or self._failures or [errno.EADDRNOTAVAIL])[0]


def _unusable(sock: socket.socket) -> int:
    """Give the errno of a connection that was made and is of no use; 0 for a good one."""
    try:
        reached_ourselves = sock.getsockname() == sock.getpeername()  # the kernel gave us the very port we dial
    except OSError:
        return errno.ECONNRESET  # it was reset as soon as it was made
    return errno.ECONNREFUSED if reached_ourselves else 0


class _Resolution(threading.Thread):
    """getaddrinfo(3) where it can be waited for: it knows no deadline, and a dead name server costs 10 s and more."""

    def __init__(self, address: Address) -> None:
        super().__init__(name="rsh-resolve", daemon=True)
        self._address = address
        self.found: list[Target] = []
        self.error: OSError | None = None

    def run(self) -> None:
        try:
            self.found = _look_up(self._address.host, self._address.port)
        except OSError as error:
            self.error = error
        except UnicodeError as error:  # the idna codec's opinion of a name
            self.error = OSError(errno.EINVAL, f"not a host name ({error})")


def _look_up(host: str, port: int, flags: int = 0) -> list[Target]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags)
    # typeshed lets the address be (int, bytes) too, which it is only in a Python built without IPv6.
    return [(family, name) for family, _, _, _, name in found if family in (socket.AF_INET, socket.AF_INET6)]  # type: ignore[misc]


def _resolve(address: Address, deadline: float | None) -> list[Target]:
    try:
        return _look_up(address.host, address.port, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        pass  # a name, then
    resolution = _Resolution(address)
    resolution.start()
    resolution.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
    if resolution.is_alive():
        raise DeadlineExpired(f"{address.host}: the name was not resolved in time")
    if resolution.error is not None:
        raise LinkError(f"{address.host}: {resolution.error.strerror}") from resolution.error
    return resolution.found


def _interleaved(targets: list[Target]) -> list[Target]:
    """Order so that the families alternate, beginning with the resolver's favourite: RFC 8305 section 4."""
    if not targets:
        return []
    first = [target for target in targets if target[0] == targets[0][0]]
    other = [target for target in targets if target[0] != targets[0][0]]
    paired = [target for pair in zip(first, other, strict=False) for target in pair]
    rest = max(first, other, key=len)[min(len(first), len(other)) :]
    return paired + rest


def _dial_unix(address: Address, deadline: float | None) -> socket.socket:
    """Connect to a Unix socket. With a full backlog that blocks, and SO_SNDTIMEO is the only limit connect(2) knows."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if deadline is not None:
            _set_send_timeout(sock, max(0.001, deadline - time.monotonic()))
        sock.connect(address.path)
        _set_send_timeout(sock, 0)
    except BlockingIOError as error:
        sock.close()
        raise DeadlineExpired(f"{address}: no connection in time") from error
    except OSError as error:
        sock.close()
        raise LinkError(f"{address}: {error.strerror}") from error
    return sock


def _set_send_timeout(sock: socket.socket, seconds: float) -> None:
    whole = int(seconds)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", whole, int((seconds - whole) * 1e6)))


def adopt(descriptor: int, *, listening: bool) -> socket.socket:
    """Take over a descriptor that somebody opened for us.

    Raises: UsageError when it is no stream socket, or not one that listens (or is connected, as asked).
    """
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise UsageError(f"fd:{descriptor}: {error.strerror}") from error
    accepts = sock.type == socket.SOCK_STREAM and bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    if sock.type != socket.SOCK_STREAM or accepts != listening:
        sock.detach()  # it is not ours after all
        wanted = "a listening" if listening else "a connected"
        raise UsageError(f"fd:{descriptor}: not {wanted} stream socket")
    sock.set_inheritable(False)
    sock.settimeout(None)
    tune(sock)
    return sock


def _unmapped(host: str) -> str:
    return host[7:] if host.startswith("::ffff:") and "." in host else host
