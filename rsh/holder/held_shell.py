"""A shell that is held: it is given lines, its output is kept, and those who are attached are told of both."""

import os
import time

from rsh.holder import tree, wire
from rsh.holder.child import Child
from rsh.holder.client import Client
from rsh.holder.clients import Clients
from rsh.holder.farewell import hang_up
from rsh.holder.identity import SHOWN, Identity
from rsh.holder.keyboard import Keyboard
from rsh.holder.lines import Line, Lines, Report
from rsh.holder.ring import Ring
from rsh.holder.terminal import HOLDS, Terminal
from rsh.holder.wire import Peer


class HeldShell:
    """One shell, its terminal, and whom it tells."""

    def __init__(self, identity: Identity, shell: str, columns: int, rows: int) -> None:
        self.identity = identity
        self.terminal = Terminal(columns, rows)
        self.child = Child(shell, self.terminal.name)
        self.keyboard = Keyboard(self.terminal, self.child)
        self.ring = Ring()
        self.lines = Lines()
        self.clients = Clients()
        self.last_seen = time.time()  # when somebody left last
        self.echo = True
        self.jobs = 0  # of the shell, as the clients know it
        self.ended = b""  # how the shell has ended, once it has,
        self.ended_at = 0.0  # and when
        self.unwanted = False  # whoever has not come by now need not hear how it has ended
        self.typist: Client | None = None  # who has typed last
        self.asking: Peer | None = None  # who has asked what the shell is being asked

    def here(self) -> "list[Client]":
        """Give the clients that are attached."""
        return self.clients.here()

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
        if self.jobs and b"[" in data:  # the end of one is told by the shell
            self.tell_jobs()
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
            self.tell_jobs()

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
        """End the shell as a terminal that goes away does: somebody wants it to end, or nobody wants it."""
        self.unwanted = True
        if not self.ended:
            hang_up(self.child, self.terminal, self.drain)
            self.finish()

    # --- questions ---

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
        self.terminal.restore()  # bash has put the modes of the line before back where the question was killed (jobs.c)
        if self.asking is not None and not self.asking.hung_up:
            self.asking.say(wire.ANSWER, b"\1" + answer)
        self.asking = None
        self.start_next()
        self.tell_jobs()

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

    # --- telling ---

    def tell_standing(self, client: Client, seen: int) -> None:
        """Tell a client where it stands, and what it does not know yet."""
        running = self.lines.running
        standing = (client.seen, self.ring.end, client.lines, client.typed, self.lines.count, running is not None)
        client.say(wire.ATTACHED, wire.ATTACHED_BODY.pack(*standing))
        client.say(wire.ECHO, bytes([self.echo]))
        if self.jobs:
            client.say(wire.JOBS, wire.JOBS_BODY.pack(self.jobs))
        for report in self.lines.reports:
            if report.sequence > seen:
                self.tell_report(client, report)
        if running is not None and running.client is not client:
            self.tell_started(client, running)
        if self.ended:
            client.say(wire.ENDED, self.ended)

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

    def tell_jobs(self) -> None:
        """Say how many jobs the shell has, when that has changed.

        What a line runs in the foreground is none, nor the copy of the shell that answers a question. That is counted
        with its end, as it may not have the terminal yet; and may have it still when it has answered.
        """
        if self.lines.running is not None or self.child.question is not None:
            return
        jobs = min(tree.jobs_of(self.child.pid, self.terminal.group())[0], 0xFFFF)
        if jobs != self.jobs:
            self.jobs = jobs
            for client in self.here():
                client.say(wire.JOBS, wire.JOBS_BODY.pack(jobs))

    def tell_echo(self) -> None:
        """Say whether what is typed is shown, when that has changed."""
        if self.terminal.shows_typing() != self.echo:
            self.echo = not self.echo
            for client in self.here():
                client.say(wire.ECHO, bytes([self.echo]))
