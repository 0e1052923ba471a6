"""The shell service: starts living shells, attaches clients to them, tells what there are, and ends them."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Mapping
from typing import Final

from rsh.files.stream.stream import write_records
from rsh.holder import wire
from rsh.protocol.requests import Attach, EndShell, Shell, Shells
from rsh.server import inquiry, shells
from rsh.server.account import Account, Grant, command_environment
from rsh.server.bridge import PATIENCE, START_PATIENCE, Bridge
from rsh.server.place import Place
from rsh.server.shells import Terms
from rsh.server.standing import starting_directory
from rsh.session.channel import Channel

# Shells that the holder knows how to feed beside their terminal; for another login shell a plain sh stands in.
FED: Final = (b"bash", b"zsh")

EVERYTHING: Final = 2**62  # bytes of output

REQUESTS: Final = (Shell, Shells, Attach, EndShell)


class Living:
    """The living shells, as one session sees them."""

    def __init__(self, account: Account, grant: Grant, who: str, terms: Terms) -> None:
        """Prepare to serve.

        Args:
            who: whom others who are attached will see.
        """
        self._account = account
        self._grant = grant
        self._who = who
        self._terms = terms
        self._lock = threading.Lock()
        self._bridges: set[Bridge] = set()  # guarded by _lock

    def note(self, *, connected: bool) -> None:
        """Hear whether there is a connection to the client now, for those who ask who is attached."""
        with self._lock:
            bridges = list(self._bridges)
        for bridge in bridges:
            bridge.note(connected=connected)

    def serve(self, channel: Channel, own: Mapping[bytes, bytes], *, everything: bool) -> None:
        """Serve one of REQUESTS. A shell is served until it has ended, or the client has gone.

        Raises:
            Refused: the key may not, or there is no such shell, or it cannot be started.
        """
        self._grant.require_shell()
        request = channel.request
        if isinstance(request, Shell):
            self._start(channel, request, own, everything=everything)
        elif isinstance(request, Attach):
            place = shells.find(request.shell)
            self._bridge(channel, place, place.connect(), request)
        elif isinstance(request, EndShell):
            inquiry.end(shells.find(request.shell))
            channel.accept()
            channel.end(0)
            channel.close()
        else:
            channel.accept()
            write_records(channel, shells.entries())
            channel.close()

    def _start(self, channel: Channel, request: Shell, own: Mapping[bytes, bytes], *, everything: bool) -> None:
        environment = command_environment(self._account, own, request.environment, everything=everything)
        if not everything:
            environment[b"RSH_LOGIN"] = b"1"
        directory = starting_directory(self._account, request.directory)
        shell = _shell(self._account)
        place, sock = shells.start(shell, request, directory, environment, self._grant, self._terms)
        attach = Attach(place.id, request.terminal, request.token, seen=0)
        self._bridge(channel, place, sock, attach, patience=START_PATIENCE)

    def _bridge(
        self, channel: Channel, place: Place, sock: socket.socket, request: Attach, *, patience: float = PATIENCE
    ) -> None:
        flags = (
            wire.READ_ONLY * request.read_only
            | wire.STEAL * request.steal
            | wire.REDRAW * request.redraw
            | wire.LATEST * (request.seen is None)
        )
        size = request.terminal
        token = request.token.ljust(16, b"\0") if request.token else secrets.token_bytes(16)
        tail = EVERYTHING if request.tail is None else request.tail
        numbers = (request.offset, tail, request.seen or 0, size.columns, size.rows, flags)
        with sock:
            bridge = Bridge(channel, sock, place, patience=patience)
            bridge.send(wire.ATTACH, wire.ATTACH_HEAD.pack(token, *numbers) + self._who.encode())
            with self._lock:
                self._bridges.add(bridge)
            try:
                bridge.run()
            finally:
                with self._lock:
                    self._bridges.discard(bridge)


def _shell(account: Account) -> bytes:
    name = os.path.basename(account.shell)
    if name in FED and os.access(account.shell, os.X_OK):
        return account.shell
    return b"/bin/bash" if os.access("/bin/bash", os.X_OK) else b"/bin/sh"
