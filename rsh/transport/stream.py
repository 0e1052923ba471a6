"""A stream is one byte connection to the peer: mortal, ordered, without any idea of frames.

The reader and the writers are different threads, and any thread may close. What blocks here blocks in the kernel, on
a socket that stays in blocking mode for its whole life: a deadline is kept by poll(2) and MSG_DONTWAIT, so that setting
one never changes the file description under another thread's feet.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, NoReturn

from rsh.errors import DeadlineExpired, LinkError, LinkSilent
from rsh.transport.sockets import local_ends

DRAIN_SECONDS: Final = 1.0  # how long close_slowly() waits for the peer to have read our last words


# tcpi_bytes_acked in struct tcp_info, since Linux 4.1: what stands before it has had the same size since then.
BYTES_ACKED: Final = struct.Struct("120xQ")

# What the kernel says of a network or a host that does not answer, in contrast to one that has closed the connection.
_SILENT: Final = frozenset((errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN))


class Stream(ABC):
    """One byte connection to the peer.

    Attributes:
        peer: the other end's address, printable, for messages and logs.
        encrypted: whether the bytes are under TLS; False means that the kernel vouches for the peer.
    """

    peer: str
    encrypted: bool

    @abstractmethod
    def readinto(self, view: memoryview) -> int:
        """Wait for bytes and put at most len(view) of them into view; one reader thread only.

        Returns: how many bytes, 0 when the peer said that no more will come.
        Raises: LinkError when the connection broke or was closed here, DeadlineExpired.
        """

    @abstractmethod
    def write(self, *parts: bytes | bytearray | memoryview) -> None:
        """Hand all the parts to the kernel, in order; any thread; blocks while the peer does not read.

        Raises: LinkError, DeadlineExpired. After either the stream is of no more use.
        """

    @abstractmethod
    def takes_more(self) -> bool:
        """Tell whether a few kilobytes would be taken now without waiting, by whoever alone writes."""

    @abstractmethod
    def set_deadline(self, deadline: float | None) -> None:
        """Let every wait that begins from now on end at deadline (seconds of time.monotonic()), None for never."""

    @abstractmethod
    def delivered(self) -> int:
        """Count the bytes that the peer's kernel has acknowledged since the beginning; 0 where nobody counts them."""

    @property
    @abstractmethod
    def ends(self) -> tuple[str, str]:
        """Our end and the other one of a TCP connection within this machine, as ADDRESS:PORT; "" and "" of others."""

    @abstractmethod
    def close(self) -> None:
        """Close at once: threads blocked in here wake with LinkError. Never raises, never waits, may be repeated."""

    @abstractmethod
    def close_slowly(self) -> None:
        """Close so that the peer gets to read what was written last: say EOF, drain for at most a second, close.

        Without it the kernel answers the peer's unread bytes with a reset, which destroys our last words on their way.
        Call it in the reader's place, never beside a reader.
        """


class SocketStream(Stream):
    """A stream over a connected socket: Unix sockets, socket pairs, and the TCP socket below TLS."""

    encrypted = False

    def __init__(self, sock: socket.socket, peer: str) -> None:
        """Take over a connected stream socket in blocking mode; the stream closes it.

        Args:
            sock: nobody else may read, write or close it from now on.
            peer: its other end, printable.
        """
        sock.settimeout(None)
        self.peer = peer
        self._sock = sock
        self._deadline: float | None = None
        # Keeps the output of several writers in order; held while a writer waits for the kernel.
        self._output = threading.Lock()
        # Protects _users and _closed. Held for a few instructions, never across a wait.
        self._gate = threading.Lock()
        self._users = 0  # threads inside a system call: the last one out closes, so no descriptor is reused under them
        self._closed = False
        # A socket that is writable has room for a third of what it holds at least (tcp(7), unix(7)).
        self._writable = select.poll()
        self._writable.register(sock, select.POLLOUT)

    def readinto(self, view: memoryview) -> int:
        """As Stream.readinto."""
        count = self._call(self._receive, view)
        if count == 0 and self._closed:
            self._say_closed()
        return count

    def peek(self, size: int) -> bytes:
        """Wait for the first bytes, at most size, and leave them to be read again; b"" at EOF."""
        view = memoryview(bytearray(size))
        return bytes(view[: self._call(self._peek, view)])

    def write(self, *parts: bytes | bytearray | memoryview) -> None:
        """As Stream.write."""
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        with self._output, memoryview(data) as view:
            self._call(self._send, view)

    def write_now(self, data: bytes) -> int:
        """Hand over what the kernel takes without waiting; the caller sees to it that nobody writes beside it.

        Returns: how many bytes were taken, perhaps 0.
        """
        return self._call(self._send_now, memoryview(data))

    def takes_more(self) -> bool:
        """As Stream.takes_more."""
        with self._gate:
            return not self._closed and self._writable.poll(0) == [(self._sock.fileno(), select.POLLOUT)]

    def set_deadline(self, deadline: float | None) -> None:
        """As Stream.set_deadline."""
        self._deadline = deadline

    def delivered(self) -> int:
        """As Stream.delivered: tcpi_bytes_acked of tcp(7)."""
        with self._gate:
            if self._closed or self._sock.family not in (socket.AF_INET, socket.AF_INET6):
                return 0
            try:
                told = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKED.size)
            except OSError:
                return 0
        return int(BYTES_ACKED.unpack(told)[0]) if len(told) == BYTES_ACKED.size else 0

    def fileno(self) -> int:
        """Give the descriptor, for questions such as SO_PEERCRED; -1 after close."""
        return self._sock.fileno()

    @property
    def ends(self) -> tuple[str, str]:
        """As Stream.ends."""
        with self._gate:
            return ("", "") if self._closed else local_ends(self._sock)

    def close(self) -> None:
        """As Stream.close."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._shut(socket.SHUT_RDWR)
            if self._users == 0:
                self._sock.close()

    def close_slowly(self) -> None:
        """As Stream.close_slowly."""
        with self._gate:
            self._shut(socket.SHUT_WR)
        self.set_deadline(time.monotonic() + DRAIN_SECONDS)
        rest = memoryview(bytearray(16384))
        try:
            while self.readinto(rest):
                pass
        except LinkError:
            pass
        self.close()

    def _shut(self, how: int) -> None:
        """Call shutdown(2); with _gate held, so that the descriptor is still ours."""
        try:
            self._sock.shutdown(how)
        except OSError:
            pass  # the peer was faster

    def _call(self, work: Callable[[memoryview], int], view: memoryview) -> int:
        """Run one socket operation with the descriptor held open, and translate what it raises."""
        with self._gate:
            if self._closed:
                self._say_closed()
            self._users += 1
        try:
            return work(view)
        except OSError as error:
            if error.errno in _SILENT and not self._closed:
                raise LinkSilent(f"{self.peer}: {error.strerror}") from error
            raise LinkError(f"{self.peer}: {'closed here' if self._closed else error.strerror}") from error
        finally:
            with self._gate:
                self._users -= 1
                if self._closed and self._users == 0:
                    self._sock.close()

    def _receive(self, view: memoryview) -> int:
        if self._deadline is not None:
            self._wait(select.POLLIN)
        return self._sock.recv_into(view)

    def _peek(self, view: memoryview) -> int:
        if self._deadline is not None:
            self._wait(select.POLLIN)
        return self._sock.recv_into(view, 0, socket.MSG_PEEK)

    def _send(self, view: memoryview) -> int:
        sent = 0
        while sent < len(view) and self._deadline is not None:
            self._wait(select.POLLOUT)
            sent += self._send_now(view[sent:])
        if sent < len(view):
            self._sock.sendall(view[sent:], socket.MSG_NOSIGNAL)
        return len(view)

    def _send_now(self, view: memoryview) -> int:
        try:
            return self._sock.send(view, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0

    def _wait(self, event: int) -> None:
        """Wait until the socket is ready or the deadline has come."""
        deadline = self._deadline
        left = 0.0 if deadline is None else deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._sock, event)
        if left <= 0 or not poll.poll(left * 1000):
            raise DeadlineExpired(f"{self.peer}: no answer in time")

    def _say_closed(self) -> NoReturn:
        raise LinkError(f"{self.peer}: closed here")
