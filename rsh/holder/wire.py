"""What the daemon and a holder say to each other: messages of one byte kind, four bytes length, and payload."""

import socket
import struct

HEAD = struct.Struct(">BI")

# From the daemon.
RUN, INPUT, RESIZE, SIGNAL = 1, 2, 3, 4

# To the daemon.
OUTPUT, REPORT, ECHO, ENDED = 16, 17, 18, 19

READ_SIZE = 64 * 1024

# Output that waits for the daemon; above it the terminal is not read, and the program that writes to it waits.
MAX_WAITING = 256 * 1024


class Peer:
    """The daemon at the other end of a socket, which is never waited for.

    Attributes:
        waiting: messages for it.
        hung_up: it has gone.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.waiting = bytearray()
        self.hung_up = False
        self._sock = sock
        self._arriving = bytearray()  # a message from it, in part
        sock.setblocking(False)

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return self._sock.fileno()

    def say(self, kind: int, payload: bytes) -> None:
        """Queue a message and send what goes at once."""
        self.waiting += HEAD.pack(kind, len(payload)) + payload
        self.flush()

    def flush(self) -> None:
        """Send what it takes without waiting."""
        while self.waiting:
            try:
                del self.waiting[: self._sock.send(self.waiting)]
            except BlockingIOError:
                return
            except OSError:
                self.hung_up = True
                return

    def flush_all(self) -> None:
        """Wait until it has taken everything, or has gone."""
        self._sock.setblocking(True)
        while self.waiting and not self.hung_up:
            self.flush()

    def hear(self) -> "list[tuple[int, bytes]]":
        """Give the messages that have arrived whole."""
        try:
            data = self._sock.recv(READ_SIZE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.hung_up = not data
        self._arriving += data
        messages = []
        while len(self._arriving) >= HEAD.size:
            kind, length = HEAD.unpack_from(self._arriving)
            if len(self._arriving) < HEAD.size + length:
                break
            messages.append((kind, bytes(self._arriving[HEAD.size : HEAD.size + length])))
            del self._arriving[: HEAD.size + length]
        return messages
