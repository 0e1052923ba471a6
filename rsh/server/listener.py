"""Accepting connections on one socket, each into a thread of its own."""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias

log = logging.getLogger("rsh.server")

Handler: TypeAlias = Callable[[socket.socket, str], None]

# accept(2) fails with these while the machine or the process is short of something. The connection stays in the backlog
# so there is nothing to do but wait until somebody has given something back.
SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
SHORTAGE_PAUSE: Final = 0.1  # seconds


class Listener(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """One listening socket with its accept loop.

    Attributes:
        name: its address as announced.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        sock: socket.socket,
        name: str,
        handler: Handler,
        arrive: Callable[[str], bool],
        depart: Callable[[str], None],
    ) -> None:
        """Take over a listening socket.

        Args:
            handler: serves a connection from a host, in a thread of its own, and closes it.
            arrive: whether there is room for one more thread, for that host; asked in the accept loop, must not block.
            depart: told when the connection is over, in whichever way.
        """
        super().__init__(sock.getsockname(), socketserver.BaseRequestHandler)
        self.name = name
        self._sock = sock
        self._handler = handler
        self._arrive = arrive
        self._depart = depart
        self._stopped = threading.Event()
        # A connection that is gone again before we accept it must not leave us waiting in accept(2) itself.
        sock.setblocking(False)
        # What wakes the accept loop at the end. shutdown(2) would do so too, but the socket may be another's as well:
        # systemd's would listen no more.
        self._wake = os.eventfd(0)
        self._watch = select.epoll()
        self._watch.register(sock, select.EPOLLIN)
        self._watch.register(self._wake, select.EPOLLIN)

    def fileno(self) -> int:
        """As socketserver wants it: the descriptor to wait on."""
        return self._watch.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; a shortage of descriptors is waited out."""
        try:
            sock, address = self._sock.accept()
        except OSError as error:
            if error.errno in SHORTAGES:
                log.error("! %s: cannot accept: %s", self.name, error.strerror)
                self._stopped.wait(SHORTAGE_PAUSE)
            raise
        sock.setblocking(True)
        return sock, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn a connection away before it costs a thread."""
        if self._arrive(_host(client_address)):
            return True
        log.warning("! %s: turned away, too many connections wait", self.name)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread of a connection."""
        try:
            super().process_request(request, client_address)
        except RuntimeError as error:
            log.error("! %s: turned away: %s", self.name, error)
            request.close()
            self._depart(_host(client_address))

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; in its thread."""
        try:
            self._handler(request, _host(client_address))
        finally:
            self._depart(_host(client_address))

    def shutdown_request(self, request: Any) -> None:
        """Do nothing: the handler closes the connection in its own way, slowly where words are under way."""

    def close_request(self, request: Any) -> None:
        """Close a connection that was turned away."""
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what no handler should let through; the daemon goes on."""
        log.exception("! %s: connection failed", self.name)
        request.close()

    def start(self) -> None:
        """Accept in a thread of its own until `stop`."""
        threading.Thread(target=self.serve_forever, args=(None,), name=f"accept {self.name}", daemon=True).start()

    def stop(self) -> None:
        """Stop accepting and free the address at once."""
        self._stopped.set()
        os.eventfd_write(self._wake, 1)
        self.shutdown()
        self._watch.close()
        os.close(self._wake)
        self._sock.close()


def _host(address: Any) -> str:
    """Give the host of what accept(2) said; those of Unix sockets count as one."""
    return str(address[0]) if isinstance(address, tuple) else ""
