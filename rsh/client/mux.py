"""The client's side of shared connections: `rsh mux`, and how a command finds one, or has one made.

Nothing here may make a command fail that would have worked without: whoever finds no shared connection that answers at
once dials for himself. A request is sent only after the process has greeted, so that none is ever made twice.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from rsh.client import mux_place
from rsh.client.configuration import mux_persist
from rsh.client.mux_place import Place
from rsh.errors import LinkError, RshError, UsageError
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport import sockets
from rsh.transport.address import Address
from rsh.transport.stream import SocketStream

if TYPE_CHECKING:
    from rsh.client.context import Context
    from rsh.client.options import Options

# Seconds that the process gets to greet: it is here, so a longer silence says that it is stopped, or worse.
GREETING: Final = 1.0

# Seconds that a process started on the way gets to connect, before we dial for ourselves.
START: Final = 5.0

# The same when it was asked for by name.
START_ASKED: Final = 20.0

# Seconds that a process is waited for that was told to stop; clients of its may still be at work.
STOPPING: Final = 5.0

BOOT: Final = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from rsh.client.mux_process import main; sys.exit(main())"
FOLDER: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


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
    lock = os.open(place.path(mux_place.LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if asked else fcntl.LOCK_NB))
        if peer(place) is not None:
            return 0  # Somebody was faster.
        return _spawn(host, persist, timeout, stderr=None if asked else subprocess.DEVNULL)
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


def run_mux(context: Context, options: Options) -> int:
    """Carry out `rsh mux`."""
    if options.status and options.stop:
        raise UsageError("--status and --stop: one at a time")
    if options.status or options.stop:
        known = [_place(options.host)] if options.host else mux_place.places_known()
        return _stop(known) if options.stop else _status(known, options)
    if not options.host:
        raise UsageError("missing HOST", advice="rsh mux --status lists the shared connections")
    persist = mux_persist() if options.persist is None else options.persist
    return start(_place(options.host), options.host, persist, timeout=START_ASKED, asked=True)


def _place(host: str) -> Place:
    from rsh.client.dial import resolve

    address = resolve(host)
    if address.kind != "tcp":
        raise UsageError(f"'{host}' is on this machine: nothing to share")
    return mux_place.place_of(address)


def _status(known: list[Place], options: Options) -> int:
    """Print the shared connections; 1 when there are none."""
    from rsh.client.columns import align
    from rsh.client.output import print_lines
    from rsh.client.units import listing_time
    from rsh.escape import printable

    rows = []
    for place in known:
        pid, about = peer(place), place.about()
        if pid is None or about is None:
            continue
        fields = {"host": about.host, "address": about.address, "pid": pid, "since": about.begun}
        if options.json:
            _print_json(fields)
        rows.append([printable(about.host), str(pid), listing_time(int(about.begun * 1e9), time.time())])
    if rows and not options.json:
        print_lines(align([["HOST", "PID", "SINCE"], *rows], (False, True, False)))
    return 0 if rows else 1


def _print_json(fields: dict[str, Any]) -> None:
    from rsh.client.json_output import print_object

    print_object(fields)


def _stop(known: list[Place]) -> int:
    """Have the processes end once their clients have left; that there is none is what was wanted."""
    for place in known:
        pid = peer(place)
        if pid is None:
            place.remove()
            continue
        deadline = Deadline(STOPPING)
        os.kill(pid, signal.SIGTERM)
        while peer(place) == pid and not deadline.expired:
            time.sleep(0.01)  # Its socket goes first; there is nothing to wait on for that.
    return 0


def _connect(place: Place) -> socket.socket | None:
    """Connect to the process, without waiting for one that does not accept; None when there is none of ours."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with place.address() as where:
            sock.connect(where.path)
        sock.setblocking(True)
        if sockets.peer_uid(sock) == os.geteuid():
            return sock
    except OSError:
        pass  # Nobody listens: it has ended, or was killed and left its socket behind.
    sock.close()
    return None


def _spawn(host: str, persist: float, timeout: float, *, stderr: int | None) -> int:
    words = [host, str(persist), str(timeout)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", BOOT, FOLDER, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
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
