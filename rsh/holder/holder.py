"""The holder's loop: bytes between the shell, its terminal, and whoever is attached.

Output is read from the terminal as long as the client that has taken most of it is not far behind; then the program
that prints waits, as it does for a slow terminal. A client that falls further behind than what is kept gets a gap, so
a slow one does not hold the others up. With nobody attached nothing waits, but for a client that went without a word,
which has HELD_BACK seconds to come back to output that is complete.
"""

import select
import time

from rsh.holder.client import CONFIRMED
from rsh.holder.keyboard import GLANCE
from rsh.holder.reception import Reception
from rsh.holder.ring import KEPT

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


class Holder(Reception):
    """One shell, its terminal, and its clients."""

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

    def is_over(self) -> bool:
        """Tell whether nothing is left to do."""
        if not self.ended:
            return False
        if not (self.clients or self.unwanted) and time.monotonic() < self.alone_since + PATIENCE:
            return False  # Whoever had it started is about to come, and has to hear how it ended.
        if time.monotonic() >= self.ended_at + LAST_WORDS:
            return True
        return not self.clients.may_be_back() and all(client.has_all(self.ring) for client in self.here())

    def wait(self) -> "dict[int, int]":
        """Wait until there is something to do."""
        patience = self.patience()  # reckoned first: what it is not waited for by time is waited for below
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
        return dict(poll.poll(patience))

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

    def pump(self) -> None:
        """Send everybody what they take without waiting."""
        for client in self.here():
            if self.keyboard.count < CONFIRMED:
                client.confirm()
            client.pump(self.ring)
