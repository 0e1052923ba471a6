"""The client's side of shared connections: how a command finds one, or has one made.

Nothing here may make a command fail that would have worked without: whoever finds no shared connection that answers at
once dials for himself. A request is sent only after the process has greeted, so that none is ever made twice.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys
from typing import Final

from rsh.client.dialling import mux_place
from rsh.client.dialling.configuration import mux_persist
from rsh.client.dialling.mux_place import Place
from rsh.errors import LinkError, RshError, UsageError
from rsh.places import socket_path
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport import sockets
from rsh.transport.address import Address
from rsh.transport.stream import SocketStream

# Seconds that the process gets to greet: it is here, so a longer silence says that it is stopped, or worse.
GREETING: Final = 1.0

# Seconds that a process started on the way gets to connect, before we dial for ourselves.
START: Final = 5.0

BOOT: Final = (
    "import sys; sys.path[:0] = [sys.argv.pop(1)]; from rsh.client.dialling.mux_process import main; sys.exit(main())"
)
FOLDER: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def share(host: str, address: Address) -> Session | None:
    """Give a session over the shared connection to a server, which is made if there is none.

    Args:
        host: as the user typed it.
        address: what it means.

    Returns:
        None when there is none that answers at once, and none could be made.
    """
    try:
        place = mux_place.place_of(address)
        sock = _connect(place)
        if sock is None and start(place, host, mux_persist()) == 0:
            sock = _connect(place)
        return _greeted(sock, address) if sock is not None else None
    except (RshError, OSError):
        return None


def _greeted(sock: socket.socket, address: Address) -> Session | None:
    """Begin a session with the process; None when it does not greet in time, or takes nobody now."""
    session = greeting.connect(SocketStream(sock, "mux"), account=address.user)
    try:
        session.wait_welcome(Deadline(GREETING))
    except RshError:
        session.give_up()
        return None
    return session


def start(place: Place, host: str, persist: float, *, timeout: float = START, asked: bool = False) -> int:
    """Start the process of a shared connection and wait until it can be used.

    Args:
        asked: the user wants it by name: wait while another one starts it, and let the process complain.

    Returns:
        0, or its exit status, 255 when it did not tell in time.
    """
    path = place.path(mux_place.LOCK)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if asked else fcntl.LOCK_NB))
        if peer(place) is not None:
            return 0  # Somebody was faster.
        return _spawn(host, persist, timeout, complain=asked)
    except BlockingIOError:
        return LinkError.exit_status  # Somebody starts it right now, and that may take its time.
    finally:
        os.close(lock)


def peer(place: Place) -> int | None:
    """Give the process that listens, as the kernel knows it; None when there is none."""
    sock = _connect(place)
    if sock is None:
        return None
    with sock:
        pid: int = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return pid


def _connect(place: Place) -> socket.socket | None:
    """Connect to the process, without waiting for one that does not accept; None when there is none of ours."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with socket_path(place.folder, place.name + mux_place.SOCKET) as path:
            sock.connect(path)
        sock.setblocking(True)
        if sockets.peer_uid(sock) == os.geteuid():
            return sock
    except OSError:
        pass  # Nobody listens: it has ended, or was killed and left its socket behind.
    sock.close()
    return None


def _spawn(host: str, persist: float, timeout: float, *, complain: bool) -> int:
    import subprocess  # Only the first of many commands needs it.

    words = [host, str(persist), str(timeout)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", BOOT, FOLDER, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if complain else subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    assert process.stdout is not None
    with process.stdout as answer:
        poll = select.poll()
        poll.register(answer, select.POLLIN)
        if not poll.poll((timeout + 1.0) * 1000):
            process.kill()
        if answer.readline():
            process.returncode = 0  # It is nobody's child from now on, and not waited for.
            return 0
    return process.wait() or LinkError.exit_status
