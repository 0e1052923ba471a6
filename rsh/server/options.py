"""What the daemon can be told, with its defaults."""

from __future__ import annotations

from msgspec import Struct


class Options(Struct, frozen=True):
    """The settings of a daemon; rsh-server(8) explains them."""

    bind: tuple[str, ...] = ("127.0.0.1:8000",)  # (): that as well, unless sockets are inherited
    socket: str = ""  # path of the Unix socket for the same user; "" for the usual place
    motd: str = ""  # path of the message of the day; "" for none
    max_connections: int = 1000
    max_per_address: int = 250
    max_unauthenticated: int = 100
    max_unauthenticated_per_address: int = 20
    max_channels: int = 64
    max_sessions: int = 1000  # of one key
    linger: float = 3600.0  # seconds that a session whose client is silent waits for it
    grace: float = 5.0  # the same where the connection was closed: a client that lives comes back at once
    drain: float = 5.0  # seconds that sessions get to finish after SIGTERM
    handshake: float = 10.0  # seconds from accept to Hello, and not one more
    job_output: int = 64 * 1024 * 1024  # bytes of a detached command's output that are kept
    job_disk: int = 2 * 1024 * 1024 * 1024  # bytes that all of them may take
    job_ttl: float = 7 * 86400.0  # seconds that one is remembered after its end
    max_jobs: int = 1000  # of the account, running and remembered
    session_ttl: float = 7 * 86400.0  # seconds that a shell lives with nobody attached
    max_shells: int = 64  # living shells of one key
