"""The door of a holder: accepts connections of its own user, and of nobody else."""

import os
import socket
import struct
import time

from rsh.holder.wire import Peer

# Connections at once, attached or not; whoever is too many is hung up on.
MOST = 64

# How long a connection may take to say what it wants, or to take why it has to go, in seconds.
PATIENCE = 10.0

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


class Door:
    """A listening socket, and those who came in and have not attached.

    Attributes:
        path: where the socket is found.
        callers: they, and when they came.
        leaving: who has to go and was told so, and when.
    """

    def __init__(self, sock: socket.socket, path: str) -> None:
        self.path = path
        self.callers: dict[Peer, float] = {}
        self.leaving: dict[Peer, float] = {}
        self._sock = sock
        sock.setblocking(False)

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return self._sock.fileno()

    def is_there(self) -> bool:
        """Tell whether the socket can still be found: a runtime folder goes when its user has logged out for good."""
        return os.path.exists(self.path)

    def let_in(self, inside: int) -> None:
        """Accept one connection, unless so many are inside that it would be too many, or it is another user's."""
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(credentials)[1] != os.geteuid() or inside + len(self.callers) >= MOST:
            sock.close()
            return
        self.callers[Peer(sock)] = time.monotonic()

    def see_off(self, peer: Peer) -> None:
        """Hang up on somebody once they have taken what was said."""
        self.leaving[peer] = time.monotonic()

    def show_out(self) -> None:
        """Hang up on those who went, do not say what they want, or have taken their last words."""
        now = time.monotonic()
        for peer, since in list(self.leaving.items()):
            peer.flush()
            if peer.hung_up or not peer.waiting or now > since + PATIENCE:
                del self.leaving[peer]
                peer.close()
        for peer, since in list(self.callers.items()):
            if peer.hung_up or now > since + PATIENCE:
                del self.callers[peer]
                peer.close()

    def close(self) -> None:
        """Take the socket away: nobody comes any more."""
        try:
            os.unlink(self.path)
        except OSError:
            pass
        self._sock.close()
