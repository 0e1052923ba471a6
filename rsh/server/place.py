"""Where a living shell is found: the socket that its holder listens on."""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import suppress
from typing import Final

from msgspec import Struct

from rsh.errors import Code, Refused
from rsh.places import socket_path

# Connections that wait to be let in.
BACKLOG: Final = 16

# How long one may wait for that: seconds and microseconds (socket(7), SO_SNDTIMEO).
_LIMITED: Final = struct.pack("ll", 2, 0)
_UNLIMITED: Final = struct.pack("ll", 0, 0)

# In front of the name of a socket that does not listen yet.
UNFINISHED: Final = "."


class Place(Struct, frozen=True):
    """Where a shell is found."""

    folder: str
    file: str

    @property
    def id(self) -> str:
        """Its number."""
        return self.file.partition(".")[0]

    @property
    def name(self) -> str:
        """What its user calls it, or ""."""
        return self.file.partition(".")[2]

    @property
    def path(self) -> str:
        """Of its socket."""
        return os.path.join(self.folder, self.file)

    def connect(self) -> socket.socket:
        """Connect to a holder.

        Raises:
            Refused: nobody answers, and its socket is gone now; or too many wait already for one that is stopped; or
                something else is in its place, which is left alone.
        """
        sock = socket.socket(socket.AF_UNIX)
        try:
            # One that is stopped lets so many in and no more (unix(7): the time to send is also that to connect).
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _LIMITED)
            with socket_path(self.folder, self.file) as path:
                sock.connect(path)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _UNLIMITED)
        except OSError as error:
            sock.close()
            if isinstance(error, BlockingIOError):
                raise Refused(Code.BUSY, "the shell does not answer: its holder is stopped") from error
            if isinstance(error, ConnectionRefusedError):
                with suppress(OSError):
                    os.unlink(self.path)
            gone = error.errno != errno.ENOTSOCK
            raise Refused(Code.NO_SHELL, "the shell has ended" if gone else f"{self.path} is not a socket") from error
        return sock

    def listen(self) -> socket.socket:
        """Make a socket that can be found only once it listens: one that nobody answers at is taken for a dead one."""
        sock = socket.socket(socket.AF_UNIX)
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sock.bind(f"/proc/self/fd/{folder}/{UNFINISHED}{self.file}")
            sock.listen(BACKLOG)
            os.rename(UNFINISHED + self.file, self.file, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            sock.close()
            raise Refused(Code.COMMAND, "the shell cannot be started") from error
        finally:
            os.close(folder)
        return sock
