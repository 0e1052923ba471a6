"""Who comes to a shell that is held, what they want of it, and how they go."""

import select
import struct
import time

from rsh.holder import wire
from rsh.holder.client import Client
from rsh.holder.door import Door
from rsh.holder.held_shell import HeldShell
from rsh.holder.identity import Identity
from rsh.holder.lines import Line
from rsh.holder.terminal import HOLDS
from rsh.holder.wire import Peer

# Input of one client that waits for whoever reads it: a client has to wait for TAKEN then, or it has to go. Clients are
# always heard, as what they say of the output may be all that a program waits for.
MAX_UNREAD = wire.MAX_INPUT + 1024 * 1024

# Lines that wait for their turn, in bytes and in number: a client of ours has one at a time.
MAX_LINES = 2 * wire.MAX_MESSAGE
MOST_LINES = 1024


class Reception(HeldShell):
    """A shell with a door, and its clients."""

    def __init__(self, door: Door, identity: Identity, shell: str, columns: int, rows: int) -> None:
        super().__init__(identity, shell, columns, rows)
        self.door = door
        self.alone_since = time.monotonic()
        self.size = (columns, rows)
        self.wiggled_at = 0.0  # when the terminal was given a wrong size, to be put right soon

    def from_caller(self, peer: Peer) -> None:
        """Hear what somebody wants who is not attached."""
        for kind, payload in peer.hear():
            if kind == wire.ASK and not self.ended:
                peer.say(wire.INFO, self.describe())
            elif kind == wire.COMPLETE:
                self.ask(peer, *payload.partition(b"\0")[::2])
            elif kind == wire.END:
                self.hang_up()
                peer.hung_up = True  # which tells that it is done
            elif kind == wire.ATTACH and len(payload) >= wire.ATTACH_HEAD.size:
                del self.door.callers[peer]
                self.attach(peer, payload)
                return  # What it says next is heard with the other clients.
            else:
                peer.hung_up = True

    def attach(self, peer: Peer, payload: bytes) -> None:
        """Let a caller be a client: a new one, or one that comes back."""
        token, offset, tail, seen, columns, rows, flags = wire.ATTACH_HEAD.unpack_from(payload)
        client = self.clients.known(token)
        if client is None or (self.ended and self.clients and not self.clients.has(client)):
            peer.say(wire.GONE, b"the shell has ended" if self.ended else b"too many are attached to this shell")
            peer.close()
            return
        client.go(for_good=False)
        client.who = payload[wire.ATTACH_HEAD.size :].decode("utf-8", "replace")
        client.read_only = bool(flags & wire.READ_ONLY)
        client.size = (columns, rows)
        peer.limit = wire.MAX_MESSAGE
        self.make_room(client, steal=bool(flags & wire.STEAL))
        start = min(max(offset, self.ring.end - min(tail, self.ring.end), self.ring.start), self.ring.end)
        client.come(peer, start)
        self.clients.add(token, client)
        self.tell_standing(client, self.lines.count - 1 if flags & wire.LATEST else seen)
        if not (client.read_only or self.ended):
            self.fit(client, redraw=bool(flags & wire.REDRAW) and self.lines.running is not None)

    def make_room(self, client: Client, *, steal: bool) -> None:
        """Tell the others that somebody comes; when that one takes over, they go."""
        words = client.who.encode()
        for other in self.here():
            if not steal:
                other.say(wire.NOTICE, words + b" is attached too")
            elif other is not client and (peer := other.send_off(b"taken over by " + words)):
                self.door.see_off(peer)

    def from_client(self, client: Client, event: int) -> None:
        """Hear an attached client, and let go of it when it has gone."""
        peer = client.peer
        if peer is not None and (event & select.POLLIN or peer.arrived):
            for kind, payload in peer.hear():
                if client.peer is not peer:
                    return
                try:
                    self.take(client, kind, payload)
                except (struct.error, ValueError, IndexError):
                    peer.hung_up = True
        if peer is not None and client.peer is peer and (peer.hung_up or event & (select.POLLHUP | select.POLLERR)):
            self.lose(client, for_good=False)

    def lose(self, client: Client, *, for_good: bool) -> None:
        """Let a client go."""
        client.go(for_good=for_good)
        self.alone_since = time.monotonic()
        if client.away:
            return  # The others know.
        self.last_seen = time.time()
        for other in self.here():
            other.say(wire.NOTICE, client.who.encode() + b" has gone")

    def note_away(self, client: Client, *, away: bool) -> None:
        """Note that a client has lost its connection, or has it again: it is nobody who sees what is shown here."""
        if client.away == away:
            return
        client.away = away
        self.last_seen = time.time()
        words = b" has lost its connection" if away else b" is back"
        for other in self.here():
            if other is not client:
                other.say(wire.NOTICE, client.who.encode() + words)

    # --- what a client wants ---

    def take(self, client: Client, kind: int, payload: bytes) -> None:
        """Act on one message of an attached client."""
        if kind == wire.SEEN:
            client.take_seen(wire.NUMBER.unpack(payload)[0], self.ring.end)
        elif kind == wire.LEAVE:
            self.lose(client, for_good=True)
        elif kind == wire.AWAY:
            self.note_away(client, away=bool(payload[0]))
        elif client.read_only or self.ended:
            return  # There is no terminal any more, or it is not to be touched.
        elif kind == wire.RUN:
            number, typed, ahead = wire.RUN_HEAD.unpack_from(payload)
            self.take_line(client, number, typed, payload[wire.RUN_HEAD.size :], ahead)
        elif kind == wire.INPUT:
            self.take_input(client, payload)
            if client.unconfirmed > MAX_UNREAD:
                raise ValueError("more input than it may send")
        elif kind == wire.RESIZE:
            client.size = struct.unpack(">HH", payload)
            self.fit(client)
        elif kind == wire.SIGNAL:
            self.terminal.signal(payload[0])
        elif kind == wire.END:
            self.hang_up()

    def take_input(self, client: Client, data: bytes) -> None:
        """Type, for the line that runs; what comes before the line it is for waits for that."""
        self.fit(client)
        self.typist = client
        data = client.take_input(data)
        if self.lines.running is not None or self.lines.waits:
            self.keyboard.press(data)
        else:
            client.early += data
            del client.early[:-HOLDS]

    def take_line(self, client: Client, number: int, typed: int, text: bytes, ahead: int) -> None:
        """Queue a line, unless it has come before; of what was typed first, `typed` bytes in all were taken back.

        As many bytes as are `ahead` stand before it: they are typed for it.
        """
        if number <= client.lines:
            return
        if ahead > HOLDS or self.lines.size + len(text) > MAX_LINES or self.lines.waiting >= MOST_LINES:
            raise ValueError("more lines than can wait")
        client.lines = number
        self.fit(client)
        if ahead:
            self.typist = client
            seen = self.lines.running is None and not self.lines.waits
            if seen:
                self.terminal.type(text[:ahead], seen=True)
            else:
                self.keyboard.press(text[:ahead])
        self.lines.add(Line(client, number, text[ahead:]))
        self.keyboard.press(client.bar(typed))
        self.start_next()

    def fit(self, client: Client, *, redraw: bool = False) -> None:
        """Give the terminal the size of the client that does something: the last active one rules."""
        columns, rows = client.size
        if redraw and client.size == self.size:
            # Some programs look whether their size has changed, so that it must have, and for long enough to be seen.
            self.terminal.resize(columns, max(rows - 1, 1))
            self.wiggled_at = time.monotonic()
        elif client.size != self.size:
            self.terminal.resize(columns, rows)
        self.size = client.size
