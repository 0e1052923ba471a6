"""A server inside this process, over a socket pair: `rsh connect` with no host needs no daemon and no set-up."""

from __future__ import annotations

import os
import socket
import threading

from rsh.errors import RshError
from rsh.transport.stream import SocketStream, Stream

# How long the end of the commands that still run is waited for, in seconds: holder/tree.py gives them four.
END_PATIENCE = 5.0

_servers: list[threading.Thread] = []


def dial() -> Stream:
    """Start the server and give the client's end of the stream to it; it ends when that stream does."""
    ours, theirs = socket.socketpair()
    server = threading.Thread(target=_serve, args=(theirs,), name="embedded server", daemon=True)
    server.start()
    _servers[:] = [each for each in _servers if each.is_alive()] + [server]
    return SocketStream(ours, "this machine")


def wait_ended() -> None:
    """Wait until the servers have ended what they had started; before that this process must not end."""
    for server in _servers:
        server.join(END_PATIENCE)


def _serve(sock: socket.socket) -> None:
    stream = SocketStream(sock, "this machine")
    try:
        from rsh.server.account import Account
        from rsh.server.hosting import host_own_machine

        host_own_machine(stream, Account.current(), dict(os.environb))
    except (RshError, MemoryError):
        pass  # The client left before it had greeted; or it is the client that says how things are.
    except Exception as error:  # noqa: BLE001  # a net for bugs
        # Noted while the client still waits: what notes it ends with that.
        threading.excepthook(
            threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
        )
    finally:
        stream.close()  # Whatever has kept us from serving, nobody waits for it.
