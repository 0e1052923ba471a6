"""The holder's loop: bytes between the shell, its terminal, and the daemon."""

import select
import signal
import socket
import struct

from rsh.holder import wire
from rsh.holder.child import Child, feed
from rsh.holder.terminal import HOLDS, Terminal
from rsh.holder.wire import Peer

# Input and lines that wait for whoever reads them; above it the daemon is not read, and the client waits in the end.
MAX_UNREAD = 4 * 1024 * 1024


class Holder:
    """One shell, its terminal, and the daemon that talks to it."""

    def __init__(self, daemon: socket.socket, shell: str, columns: int, rows: int) -> None:
        self.daemon = Peer(daemon)
        self.terminal = Terminal(columns, rows)
        self.child = Child(shell, self.terminal.name)
        self.written = 0  # bytes of output in all
        self.echo = True

    def run(self) -> None:
        """Move bytes until the shell has ended and the daemon knows it, or the daemon is gone."""
        while not self.daemon.hung_up:
            ready = self.wait()
            if self.daemon.fileno() in ready:
                self.from_daemon(ready[self.daemon.fileno()])
            feed(self.terminal.master, self.terminal.typed)
            if self.child.pipe in ready:
                self.child.feed()
            if self.child.report in ready or self.child.pipe in ready:
                self.from_reports()
            if self.terminal.master in ready:
                self.from_terminal()
            if self.child.ended in ready:
                self.finish()
                return
        self.hang_up()

    def wait(self) -> "dict[int, int]":
        """Wait until there is something to do."""
        poll = select.poll()
        poll.register(self.child.ended, select.POLLIN)
        poll.register(self.child.report, select.POLLIN)
        hearing = select.POLLIN if max(len(self.terminal.typed), len(self.child.lines)) < MAX_UNREAD else 0
        poll.register(self.daemon, hearing | (select.POLLOUT if self.daemon.waiting else 0))
        reading = select.POLLIN if len(self.daemon.waiting) < wire.MAX_WAITING else 0
        poll.register(self.terminal.master, reading | (select.POLLOUT if self.terminal.typed else 0))
        if self.child.wants_pipe:
            poll.register(self.child.pipe, select.POLLOUT)
        return dict(poll.poll())

    def from_daemon(self, event: int) -> None:
        """Take messages from the daemon, and let go when it does."""
        self.daemon.flush()
        self.daemon.hung_up |= bool(event & (select.POLLHUP | select.POLLERR))
        if self.daemon.hung_up or not event & select.POLLIN:
            return
        for kind, payload in self.daemon.hear():
            self.take(kind, payload)

    def take(self, kind: int, payload: bytes) -> None:
        """Act on one message."""
        if kind == wire.RUN:
            self.child.run(payload)
        elif kind == wire.INPUT:
            self.terminal.type(payload)
        elif kind == wire.RESIZE:
            self.terminal.resize(*struct.unpack(">HH", payload))
        elif kind == wire.SIGNAL:
            self.terminal.signal(payload[0])

    def from_terminal(self) -> bool:
        """Pass output on; False when there is none now."""
        if not (data := self.terminal.read()):
            return False
        self.written += len(data)
        self.daemon.say(wire.OUTPUT, data)
        self.tell_echo()
        return True

    def drain(self) -> None:
        """Pass on what the terminal holds now: more than it can hold was printed later, by a job that never stops."""
        end = self.written + HOLDS
        while self.written < end and self.from_terminal():
            pass

    def from_reports(self) -> None:
        """Pass reports on: everything that was printed before one goes first."""
        for status, directory in self.child.reports():
            self.drain()
            self.terminal.restore()
            self.tell_echo()
            self.daemon.say(wire.REPORT, struct.pack(">QB", self.written, status) + directory)

    def tell_echo(self) -> None:
        """Say whether what is typed is shown, when that has changed."""
        if self.terminal.shows_typing() != self.echo:
            self.echo = not self.echo
            self.daemon.say(wire.ECHO, bytes([self.echo]))

    def finish(self) -> None:
        """Send the last output and the status of a shell that has ended."""
        code = self.child.wait()
        self.terminal.let_go()
        self.drain()
        self.daemon.say(wire.ENDED, struct.pack(">QBB", self.written, max(code, 0), max(-code, 0)))
        self.daemon.flush_all()

    def hang_up(self) -> None:
        """End the shell as a terminal that goes away does."""
        self.terminal.signal(signal.SIGHUP)
        self.terminal.signal(signal.SIGCONT)
        self.child.hang_up()
