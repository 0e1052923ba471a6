"""A session from its Hello on, the same for every way in: TLS, the Unix socket, the socket pair of `rsh connect`."""

from __future__ import annotations

from collections.abc import Mapping

from rsh.protocol.frames import Decoder
from rsh.protocol.link import Link, Role
from rsh.protocol.messages import VERSION, Hello, Welcome
from rsh.server.account import Account, Grant
from rsh.server.services import MAX_CHANNELS, Services
from rsh.server.shells import Terms
from rsh.session import greeting
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import Stream

# Requests that may wait for their turn, for each that may be at work.
WAITING = 4


def host_own_machine(stream: Stream, account: Account, environment: Mapping[bytes, bytes]) -> None:
    """Serve the user who started this process, over a socket pair: no daemon, no keys, the whole environment."""
    decoder = Decoder()
    hello = greeting.read_hello(stream, decoder, Deadline(10.0))
    services = Services(
        account,
        Grant(label="own machine"),
        environment,
        name="own machine",
        own_machine=True,
        shells=Terms(lives_on=0.0),  # They belong to this process, and end with it.
    )
    session = begin(hello, services, MAX_CHANNELS, direct=greeting.is_direct(stream, hello))
    session.attach(stream)
    session.run(stream, decoder)


def begin(
    hello: Hello,
    services: Services,
    max_channels: int,
    *,
    direct: bool,
    survives: bool = False,
    message: str = "",
) -> Session:
    """Answer the Hello and make the session; it is still to be attached to its stream.

    Args:
        direct: the client is on this machine, and nothing is in between.
        survives: it outlives its stream.
        message: of the day.
    """
    link = Link(Role.SERVER, hello.session, max_channels=max_channels * WAITING)
    welcome = welcome_of(services.account, message, direct=direct)
    link.welcome(hello, welcome)
    name = f"session {hello.session[:2].hex()}"
    session = Session(link, name=name, serve=services.serve, survives=survives)
    session.welcome = welcome
    return session


def welcome_of(account: Account, message: str = "", *, direct: bool) -> Welcome:
    """Give the words for a client that is welcome."""
    who = (account.name, account.system, account.home)
    return Welcome(VERSION, greeting.SOFTWARE, *who, message=message, direct=direct)
