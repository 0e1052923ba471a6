"""The holder's loop: bytes between the shell, its terminal, and whoever is attached.

Output is read from the terminal as long as the client that has taken most of it is not far behind; then the program
that prints waits, as it does for a slow terminal. A client that falls further behind than what is kept gets a gap, so
a slow one does not hold the others up. With nobody attached nothing waits, but for a client that went without a word,
which has HELD_BACK seconds to come back to output that is complete.
"""

import os
import select
import struct
import time

from rsh.holder import tree, wire
from rsh.holder.child import Child
from rsh.holder.client import CONFIRMED, Client
from rsh.holder.clients import Clients
from rsh.holder.door import Door
from rsh.holder.farewell import hang_up
from rsh.holder.identity import SHOWN, Identity
from rsh.holder.keyboard import GLANCE, Keyboard
from rsh.holder.lines import Line, Lines, Report
from rsh.holder.ring import KEPT, Ring
from rsh.holder.terminal import HOLDS, Terminal
from rsh.holder.wire import Peer

# Input of one client that waits for whoever reads it: a client has to wait for TAKEN then, or it has to go. Clients are
# always heard, as what they say of the output may be all that a program waits for.
MAX_UNREAD = wire.MAX_INPUT + 1024 * 1024

# Lines that wait for their turn, in bytes and in number: a client of ours has one at a time.
MAX_LINES = 2 * wire.MAX_MESSAGE
MOST_LINES = 1024

# Output on its way to the client that is furthest; it must fit into what the ring keeps, and then some.
MAX_UNSEEN = KEPT // 2

# Seconds between the two sizes that a terminal is given to make a program draw its screen anew, and between two looks
# at what ends by time; and between two tries to end what answers a question, while a line waits for that.
WIGGLE = 0.1
HURRY = 0.005
TICK = 1.0

# How often a shell that is alone looks whether it can still be found, in seconds.
LOOK = 60.0

# How long a shell that has ended waits for its first client, in seconds.
PATIENCE = 5.0

# How long a client may take for the last output of a shell that has ended, in seconds.
LAST_WORDS = 600.0


class Holder:
    """One shell, its terminal, and its clients."""

    def __init__(self, door: Door, identity: Identity, shell: str, columns: int, rows: int) -> None:
        self.door = door
        self.identity = identity
        self.terminal = Terminal(columns, rows)
        self.child = Child(shell, self.terminal.name)
        self.keyboard = Keyboard(self.terminal, self.child)
        self.ring = Ring()
        self.lines = Lines()
        self.clients = Clients()
        self.echo = True
        self.ended = b""  # how the shell has ended, once it has,
        self.ended_at = 0.0  # and when
        self.alone_since = time.monotonic()
        self.last_seen = time.time()
        self.size = (columns, rows)
        self.typist: Client | None = None  # who has typed last
        self.asking: Peer | None = None  # who has asked what the shell is being asked
        self.wiggled_at = 0.0  # when the terminal was given a wrong size, to be put right soon

    def run(self) -> None:
        """Move bytes until the shell has ended and all who are here know it."""
        while not self.is_over():
            ready = self.wait()
            if self.door.fileno() in ready:
                self.door.let_in(len(self.here()) + len(self.door.leaving))
            for peer in [peer for peer in self.door.callers if peer.fileno() in ready]:
                self.from_caller(peer)
            for client in self.here():
                self.from_client(client, ready.get(client.peer.fileno(), 0) if client.peer else 0)
            if not self.ended:  # Else its descriptors are closed, and their numbers may be those of others.
                self.from_shell(ready)
            self.pump()
            self.by_time()

    def from_shell(self, ready: "dict[int, int]") -> None:
        """Give the shell what it takes, and take what it gives."""
        if self.child.pipe in ready and self.child.wants_pipe:
            self.child.feed()
        if self.child.report in ready or self.child.pipe in ready or self.keyboard.waits:
            self.from_reports()
        self.keyboard.pump()
        self.from_question()
        if self.terminal.master in ready:
            self.from_terminal()
        if self.child.ended in ready:
            self.finish()

    def is_over(self) -> bool:
        """Tell whether nothing is left to do."""
        if not self.ended:
            return False
        if not self.clients and time.monotonic() < self.alone_since + PATIENCE:
            return False  # Whoever had it started is about to come, and has to hear how it ended.
        if time.monotonic() >= self.ended_at + LAST_WORDS:
            return True
        return not self.clients.may_be_back() and all(client.has_all(self.ring) for client in self.here())

    def here(self) -> "list[Client]":
        """Give the clients that are attached."""
        return self.clients.here()

    # --- waiting ---

    def wait(self) -> "dict[int, int]":
        """Wait until there is something to do."""
        poll = select.poll()
        poll.register(self.door, select.POLLIN)
        for peer in self.door.callers:
            poll.register(peer, select.POLLIN)
        for peer in self.door.leaving:
            poll.register(peer, select.POLLOUT)
        for client in self.here():
            if client.peer is not None:
                poll.register(client.peer, select.POLLIN | (0 if client.has_all(self.ring) else select.POLLOUT))
        if not self.ended:
            poll.register(self.child.ended, select.POLLIN)
            poll.register(self.child.report, select.POLLIN)
            reading = select.POLLIN if self.may_print() else 0
            poll.register(self.terminal.master, reading | (select.POLLOUT if self.terminal.typed else 0))
            if self.child.question is not None:
                poll.register(self.child.question, select.POLLIN)
            if self.child.wants_pipe or self.keyboard.is_early:
                poll.register(self.child.pipe, select.POLLOUT)
        return dict(poll.poll(self.patience()))

    def may_print(self) -> bool:
        """Tell whether more output is wanted now."""
        waited_for = self.here() or self.clients.may_be_back()
        return not waited_for or self.ring.end - max(client.seen for client in waited_for) < MAX_UNSEEN

    def patience(self) -> "float | None":
        """Give the milliseconds after which to look at the clock; None when nothing depends on it."""
        if self.child.question is not None:
            return HURRY * 1000 if self.lines.waits else self.child.question.left * 1000 + 1
        if self.keyboard.looks:
            return GLANCE * 1000
        if early := self.child.early_for:
            return early * 1000 + 1
        if self.wiggled_at:
            return WIGGLE * 1000
        if self.door.callers or self.door.leaving or self.ended or self.clients.may_be_back():
            return TICK * 1000
        if self.here():
            return None
        return min(max(self.alone_since + self.identity.lives_on - time.monotonic(), 0.0), LOOK) * 1000

    def by_time(self) -> None:
        """Do what time brings: the right size after the wrong one, the end of a shell that nobody came back to."""
        self.door.show_out()
        now = time.monotonic()
        if self.wiggled_at and now >= self.wiggled_at + WIGGLE:
            self.wiggled_at = 0.0
            if not self.ended:
                self.terminal.resize(*self.size)
        if self.here():
            self.alone_since = now
        elif self.door.callers:
            pass  # Perhaps one comes back; who only asks how it is has not.
        elif now >= self.alone_since + self.identity.lives_on or not self.door.is_there():
            self.clients.give_up()
            self.hang_up()

    # --- clients ---

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

    def ask(self, peer: Peer, kind: bytes, text: bytes) -> None:
        """Ask the shell how a text could go on, if it has nothing else to do."""
        if not self.ended and self.child.ask(kind, text):
            self.asking = peer
        else:
            peer.say(wire.ANSWER, b"\0")

    def from_question(self) -> None:
        """Pass an answer on. What takes too long is ended, and at once when a line waits."""
        question = self.child.question
        if question is None:
            return
        question.read()
        if not question.over:
            if self.lines.waits or not question.left:
                self.terminal.end_others(self.child.pid)
            return
        answer = self.child.answer()
        if self.asking is not None and not self.asking.hung_up:
            self.asking.say(wire.ANSWER, b"\1" + answer)
        self.asking = None
        self.start_next()

    def describe(self) -> bytes:
        """Tell who we are and what goes on."""
        running = self.lines.running
        text = running.text if running is not None else b""
        if running is not None and not text:
            text = os.fsencode(self.terminal.foreground())
        attached = [client.who for client in self.here() if not client.away]
        return self.identity.told(
            time.time() if attached else self.last_seen, text, attached, tree.jobs_of(self.child.pid)
        )

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

    def tell_standing(self, client: Client, seen: int) -> None:
        """Tell a client where it stands, and what it does not know yet."""
        running = self.lines.running
        standing = (client.seen, self.ring.end, client.lines, client.typed, self.lines.count, running is not None)
        client.say(wire.ATTACHED, wire.ATTACHED_BODY.pack(*standing))
        client.say(wire.ECHO, bytes([self.echo]))
        for report in self.lines.reports:
            if report.sequence > seen:
                self.tell_report(client, report)
        if running is not None and running.client is not client:
            self.tell_started(client, running)
        if self.ended:
            client.say(wire.ENDED, self.ended)

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

    def pump(self) -> None:
        """Send everybody what they take without waiting."""
        for client in self.here():
            if self.keyboard.count < CONFIRMED:
                client.confirm()
            client.pump(self.ring)

    # --- the shell ---

    def start_next(self) -> None:
        """Give the shell the next line, if it waits for one."""
        if self.child.question is not None:
            return  # which does not live long now
        line = self.lines.next()
        if line is None:
            return
        self.child.run(line.text)
        self.keyboard.begin_line(line.text)
        for client in self.here():
            if client is not line.client:
                self.tell_started(client, line)

    def from_terminal(self) -> bool:
        """Take output; False when there is none now."""
        if not (data := self.terminal.read()):
            return False
        self.ring.append(data)
        if not self.terminal.closed:
            self.tell_echo()
        return True

    def drain(self) -> None:
        """Take what the terminal holds now: more than it can hold was printed later, by a job that never stops."""
        end = self.ring.end + HOLDS
        while self.ring.end < end and self.from_terminal():
            pass

    def from_reports(self) -> None:
        """Pass reports on: everything that was printed before one goes first."""
        for status, directory in self.child.reports():
            self.drain()
            # With a line that waits already it is for that.
            unread = b"" if self.lines.waits else self.terminal.unread() + self.keyboard.end_line()
            self.terminal.restore()
            self.tell_echo()
            report = self.lines.end(self.ring.end, status, directory)
            if report is not None:
                if self.typist is not None:
                    report.typist, report.typed, report.unread = self.typist, self.typist.typed, unread
                for client in self.here():
                    self.tell_report(client, report)
            self.start_next()

    def finish(self) -> None:
        """Take the last output and the status of a shell that has ended."""
        code = self.child.wait()
        self.terminal.let_go()
        self.drain()
        self.ended_at = time.monotonic()
        self.ended = wire.ENDED_BODY.pack(self.ring.end, max(code, 0), max(-code, 0))
        for client in self.here():
            client.say(wire.ENDED, self.ended)

    def hang_up(self) -> None:
        """End the shell as a terminal that goes away does."""
        if not self.ended:
            hang_up(self.child, self.terminal, self.drain)
            self.finish()

    # --- telling ---

    def tell_report(self, client: Client, report: Report) -> None:
        """Tell a client of a line that has ended."""
        number = report.line.number if report.line.client is client else 0
        theirs = client is report.typist
        typed, unread = (report.typed, report.unread) if theirs else (client.typed, b"")
        head = wire.REPORT_HEAD.pack(report.sequence, report.offset, number, report.status, typed, len(unread))
        client.say(wire.REPORT, head + report.directory + unread)

    def tell_started(self, client: Client, line: Line) -> None:
        """Tell a client that a line begins, or runs, that is not its own."""
        who = line.client.who.encode() if line.client is not None else b""
        head = wire.STARTED_HEAD.pack(self.lines.count + 1, self.ring.end)
        client.say(wire.STARTED, head + who + b"\0" + line.text[:SHOWN])

    def tell_echo(self) -> None:
        """Say whether what is typed is shown, when that has changed."""
        if self.terminal.shows_typing() != self.echo:
            self.echo = not self.echo
            for client in self.here():
                client.say(wire.ECHO, bytes([self.echo]))
