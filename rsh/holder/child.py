"""The shell's process: the pipe that its lines go into, and the one that its reports come out of."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time

from rsh.holder.outcome import REPORT, Outcome, read_report
from rsh.holder.question import KINDS, Question
from rsh.holder.shells import dialect

READ_SIZE = 64 * 1024

# The pipe of lines holds one page, and so can be written to only once all that is in it was read (pipe(7), fcntl(2)).
F_SETPIPE_SZ = 1031
PIPE_SIZE = 4096

# Opens what the shell finds at its descriptors: single digits, as not every shell knows others. The terminal is opened
# first, which makes it the controlling one of the new session.
START = 'exec 8<>"$0" 7<"$1" 9>"$2" >&8 2>&8; shift 2; exec "$@"'

# Of util-linux, setpriv(1).
SETPRIV = "/usr/bin/setpriv"

# For how long a line is left alone before a report is asked for beside its own, in seconds; how often that is done.
PAUSE = 0.01
ASKED = 2


class Child:
    """A shell that has been started on a terminal.

    Attributes:
        lines: what is for its pipe, which takes only so much at once.
        pipe: where that goes.
        report: where its reports come from.
        ended: a descriptor that is readable once it has ended.
        last: what came of the last line.
        question: that it is asked, while it is.
    """

    def __init__(self, shell: str, terminal: str) -> None:
        """Start it."""
        self.last = Outcome(-1, 0)
        self.question: Question | None = None
        self._number = 0  # of the line that runs, or ran last; the shell's own beginning is number 0
        self._begun = time.monotonic()  # when that was given
        self._has_line = True  # it has read the line that runs; its own beginning may read the keyboard
        self._asked = 0  # how often its report was asked for beside what is in the line
        self._roused = False  # it has done nothing of what it has read, and was interrupted for that
        self._deaf = False  # it reads no lines any more: it is ending, or another program has taken its place
        self._reported = bytearray()  # a report, in part
        self._dialect = dialect(shell)
        self.lines = bytearray(self._dialect.report(0))
        read_lines, self.pipe = os.pipe()
        fcntl.fcntl(self.pipe, F_SETPIPE_SZ, PIPE_SIZE)
        self.report, reports = os.pipe()
        rc = _memory_file(self._dialect.rc)
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", START, terminal, _path(rc), _path(reports), *_bound(), *self._dialect.words],
            stdin=read_lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self._dialect.variables},
            start_new_session=True,
        )
        self._wait_until_started()
        for descriptor in (read_lines, reports, rc):
            os.close(descriptor)
        self.ended = os.pidfd_open(self._process.pid)
        os.set_blocking(self.pipe, False)
        os.set_blocking(self.report, False)

    def _wait_until_started(self) -> None:
        """Wait until it has opened what it finds here."""
        assert self._process.stdout is not None
        self._process.stdout.read()
        self._process.stdout.close()

    @property
    def running(self) -> bool:
        """Whether a line runs."""
        return self.last.line < self._number

    @property
    def has_line(self) -> bool:
        """Whether a line runs, and it has read all of that: what is typed now is for the line."""
        self._has_line = self._has_line or self._deaf or not (self.lines or self._unread())
        return self._has_line and self.running

    def _unread(self) -> int:
        """Count the bytes of lines that it has not read."""
        return int.from_bytes(fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)), sys.byteorder)

    @property
    def wants_pipe(self) -> bool:
        """Whether there is something to do once the shell has read all it was given."""
        waits = self.question is not None or (self.running and self._asked <= ASKED and not self.early_for)
        return not self._deaf and (bool(self.lines) or waits)

    @property
    def early_for(self) -> float:
        """For how many seconds it is too early yet to ask for a report: most lines make theirs at once."""
        if not self.running or self._asked or self._deaf:
            return 0.0
        return max(self._begun + PAUSE - time.monotonic(), 0.0)

    def run(self, line: bytes) -> None:
        """Give it a line of the user's, as much of it as goes now."""
        self._number += 1
        self._has_line = self._roused = False
        self._asked = 0
        self._begun = time.monotonic()
        self.lines += self._dialect.run(line, self._number, self.last)
        self._deaf = not feed(self.pipe, self.lines)

    def ask(self, kind: bytes, text: bytes) -> bool:
        """Ask it how a text could go on; False when it cannot be asked now."""
        if self.running or self._deaf or self.question is not None or kind not in KINDS or self.last.restricted:
            return False
        self.question = Question(kind, text.replace(b"\0", b""))
        self.lines += self._dialect.ask(kind, self.question.text, os.fsencode(self.question.path))
        self._deaf = not feed(self.pipe, self.lines)
        return True

    def answer(self) -> bytes:
        """Give what it has answered, and have no question any more."""
        assert self.question is not None
        answer, self.question = self.question.close(), None
        return answer

    def feed(self) -> None:
        """Give the shell what it takes without waiting.

        It has read all that it was given: the line runs, or Ctrl-C has ended it and all that stood behind it. So the
        report is asked for once more, in a line of its own; when that was read, an empty line follows; and when that
        was read and there is still no report, something of the user's prevents it, and we say what we can see.
        """
        if not self.lines and self.question is not None:
            self.question.over |= self.question.asked
            self.question.asked = True
            self.lines += b"\n"
        elif not self.lines and self.running:
            self._has_line = True
            self.lines += self._dialect.ask_again(self._number) if self._asked == 0 else b"\n"
            self._asked += 1
        self._deaf = not feed(self.pipe, self.lines)

    def reports(self) -> "list[tuple[int, bytes]]":
        """Give the reports that have arrived: the status of a line, and the directory the shell stands in."""
        try:
            self._reported += os.read(self.report, READ_SIZE)
        except OSError:
            pass
        outcomes = []
        while found := REPORT.search(self._reported):  # what stands before it somebody else has written there
            outcome = read_report(found)
            del self._reported[: found.end()]
            if outcome.line == self._number and self.running:
                outcomes.append(self._remember(outcome))
        if not outcomes and self.running and self._asked > ASKED and not self._rouse():
            outcomes.append(self._seen())
        return [(outcome.status, outcome.directory) for outcome in outcomes]

    def _remember(self, outcome: Outcome) -> Outcome:
        """Keep it for the next line, with what is still switched off where the line was wrong in its form."""
        if not outcome.restored:
            outcome.options += self.last.switched_off
            outcome.trap = outcome.trap or self.last.trap
        self.last = outcome
        return outcome

    def _rouse(self) -> bool:
        """Interrupt it where that may have it do again what it reads, and ask once more; the empty line may be lost."""
        if self._roused or not self._dialect.numb:
            return False
        self._roused = True
        self._asked = 0
        self.signal(signal.SIGINT)
        self.lines += b"\n"
        return True

    def _seen(self) -> Outcome:
        """Give what is known from outside."""
        try:
            self.last.directory = os.fsencode(os.readlink(f"/proc/{self._process.pid}/cwd"))
        except OSError:
            pass
        self.last.line = self._number
        return self.last

    def wait(self) -> int:
        """Wait for its end; give its returncode as subprocess does."""
        return self._process.wait()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def go_on(self) -> None:
        """Have it go on if it has been stopped, as by `suspend`: nobody is at hand who could do that."""
        try:
            stopped = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return  # It has ended.
        if stopped is not None:
            self.signal(signal.SIGCONT)

    def give_up_lines(self) -> None:
        """Give it no more lines: it finds the end of them."""
        self.lines.clear()
        os.close(self.pipe)

    def signal(self, number: int) -> None:
        """Send it a signal, and nobody else."""
        self._process.send_signal(number)


def feed(descriptor: int, data: bytearray) -> bool:
    """Write what goes without waiting, and take it out of `data`; say whether there is still somebody who reads."""
    try:
        while data:
            del data[: os.write(descriptor, data[:READ_SIZE])]
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            data.clear()
            return False
    return True


def _memory_file(content: bytes) -> int:
    """Make a file that is nowhere."""
    descriptor = os.memfd_create("rc")
    os.write(descriptor, content)
    return descriptor


def _bound() -> "list[str]":
    """Give what has a program end when we are killed, which a shell that ignores the hang-up would survive."""
    return [SETPRIV, "--pdeathsig", "KILL"] if os.access(SETPRIV, os.X_OK) else []


def _path(descriptor: int) -> str:
    """Give the path by which a child finds a descriptor of ours."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"
