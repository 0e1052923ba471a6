"""The daemon: its sockets, its limits, its keys, and how it stops.

Threads: one accept loop for each socket (Listener), one for each connection (it becomes the session's reader), one that
looks after the sessions, and the main thread, which waits for signals.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import Final, TypeAlias

from rsh import places
from rsh.errors import Refused, RshError, UsageError
from rsh.server.account import Account
from rsh.server.connection import Connection
from rsh.server.house import House
from rsh.server.keys import Keys
from rsh.server.listener import Listener
from rsh.server.memory import Memory
from rsh.server.options import Options
from rsh.server.roster import ENDING, Guest
from rsh.session.deadline import Deadline
from rsh.transport import listening, sockets
from rsh.transport.address import Address, parse

log = logging.getLogger("rsh.server")

# Seconds between two looks after the sessions.
TICK: Final = 1.0

Named: TypeAlias = tuple[socket.socket, str]  # a listening socket and its address as announced


class Daemon:
    """Everything that lives as long as the daemon.

    Attributes:
        addresses: what it listens on, as announced.
    """

    def __init__(self, options: Options) -> None:
        """Open the sockets; nothing is accepted before `start`.

        Raises:
            UsageError: an address cannot be listened on, or a file of ours is not private.
        """
        self._options = options
        self._keys = Keys()
        self._house = House(options, Account.current(), dict(os.environb), self._keys)
        inherited = inherited_sockets(options)
        own = open_sockets(options, inherited)
        self._stopped = threading.Event()
        self._complaint = ""  # about the files of the keys, when they were looked at last
        self._listeners = [self._listener(sock, name) for sock, name in inherited + own]
        self.addresses = [listener.name for listener in self._listeners]
        self._paths = [name.removeprefix("unix:") for _, name in own if name.startswith("unix:")]  # to be removed

    def start(self) -> None:
        """Accept connections from now on."""
        for listener in self._listeners:
            listener.start()
        threading.Thread(target=self._tend, name="tending", daemon=True).start()

    def reload(self) -> None:
        """Read the keys again and end the sessions of those that are no longer authorised."""
        try:
            self._keys.refresh()
        except RshError as error:
            log.error("! not reloaded: %s", error)
            return
        self._review()
        log.info("= reloaded: %d keys authorised", len(self._keys.current()))

    def stop(self) -> None:
        """Free the addresses, let requests at work finish for a while, then end all sessions."""
        self._stopped.set()
        # First of all, while they are still ours: a daemon that starts now may put its own in their place.
        for path in self._paths:
            _remove(path)
        for listener in self._listeners:
            listener.stop()
        log.info("= stopped listening, %d sessions", len(self._house.roster.guests()))
        if not self._house.roster.drain(Deadline(self._options.drain)):
            log.warning("! requests were still at work after %g s", self._options.drain)
        self.hurry()
        log.info("= ended")

    def hurry(self) -> None:
        """End all sessions now, whatever is at work in them."""
        self._house.roster.dismiss(lambda guest: ENDING)

    def _tend(self) -> None:
        """Look after the sessions until the daemon stops."""
        memory = Memory()
        while not self._stopped.wait(TICK):
            try:
                self._house.roster.tend()
                self._look_at_keys()
                memory.look(len(self._house.roster.guests()), self._house.roster.kept)
            except Exception:  # a net for bugs: sessions that nobody looks after would stay for ever
                log.exception("! tending the sessions failed")

    def _listener(self, sock: socket.socket, name: str) -> Listener:
        return Listener(sock, name, self._serve, self._house.arrive, self._house.depart)

    def _serve(self, sock: socket.socket, _: str) -> None:
        try:
            if sock.family != socket.AF_UNIX:  # There no keys are asked for, and it goes on when they cannot be read.
                self._keys.refresh()
            Connection(sock, self._house).serve()
        except RshError as error:
            log.error("! turned away: %s", error)
        finally:
            sock.close()

    def _look_at_keys(self) -> None:
        """Have it take effect when keys were removed, limited or have expired, also if nobody comes.

        What has just changed may be written still; it counts at the next look.
        """
        try:
            changed = self._keys.refresh()
            self._complaint = ""
        except RshError as error:
            changed = str(error) != self._complaint
            if changed:
                log.error("! keys: %s", error)
            self._complaint = str(error)
        if not changed:
            self._review()

    def _review(self) -> None:
        """End the sessions of keys that may not come any more, or may do something else now."""
        for guest in self._house.roster.dismiss(self._objection):
            log.info("%s = ended because of its key", guest.name)

    def _objection(self, guest: Guest) -> Refused | None:
        return None if guest.entry is None else self._keys.objection(guest.entry, guest.host)


def inherited_sockets(options: Options) -> list[Named]:
    """Take over the listening sockets that somebody opened for us, and may want to keep: systemd's, and `fd:N`."""
    found = listening.systemd_sockets()
    for address in map(parse, options.bind):
        if address.kind == "fd":
            found += listening.listen(address)
    return [(sock, str(sockets.bound_address(sock))) for sock in found]


def open_sockets(options: Options, inherited: list[Named]) -> list[Named]:
    """Open listening sockets, with the names to announce: the bound ones, last the same user's own."""
    found: list[Named] = []
    asked = options.bind or (() if inherited else Options().bind)
    wanted = [address for address in map(parse, asked) if address.kind != "fd"]
    try:
        for address in wanted:
            found += [(sock, str(sockets.bound_address(sock))) for sock in listening.listen(address)]
        found += _own_socket(options, inherited + found)
    except UsageError:
        for sock, _ in found:
            sock.close()
        raise
    return found


def _own_socket(options: Options, found: list[Named]) -> list[Named]:
    """Open the Unix socket for the same user; at its usual place another daemon of the port is let be."""
    if options.socket == "none":
        return []
    if options.socket:
        return [
            (sock, str(sockets.bound_address(sock))) for sock in listening.listen(Address("unix", path=options.socket))
        ]
    ports = [name.rpartition(":")[2] for _, name in found if not name.startswith("unix:")]
    folder = places.ensure_dir(places.runtime_dir())
    path = os.path.join(folder, f"{ports[0] if ports else 'server'}.sock")
    try:
        return [(sock, str(sockets.bound_address(sock))) for sock in listening.listen(Address("unix", path=path))]
    except UsageError as error:
        log.warning("! no Unix socket: %s", error)
        return []


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
