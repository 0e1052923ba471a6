"""The process that owns one detached command: keeps its output, ends it on demand, and writes down how it ended.

It is started with as little of Python as possible and belongs to nobody: the daemon that asked for it may end, be
killed and be replaced. What it knows stands in the job's folder (job_folder.py), for whoever looks later.

A job ends as `rsh exec` does: with its first process and what that had written. When it is cancelled, everything that
it started ends first: this process is the one that orphans among them fall to (PR_SET_CHILD_SUBREAPER), so none hides.
"""

from __future__ import annotations

import array
import errno
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from typing import Final

from rsh.holder import job_folder, tree
from rsh.holder.joblog import MAX_CHUNK, STDERR, STDOUT, LogWriter
from rsh.holder.watchers import Watchers

# What the holder says on its standard output once the command runs; otherwise an errno name.
STARTED: Final = "started"

# Seconds after which those that were sent KILL are looked at again, and after which we give up on them.
KILL_AGAIN: Final = 0.5
KILL_PATIENCE: Final = 5.0

# Seconds that poll(2) is asked to wait at once: it counts milliseconds, in an int.
LONGEST_WAIT: Final = 86400.0

# Seconds between TERM and KILL for who runs out of time, or when the machine goes down.
GRACE: Final = 5.0

PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h

SHELL_NOT_FOUND: Final = 127
SHELL_NOT_EXECUTABLE: Final = 126


def main() -> None:
    """Leave the daemon, then hold one job to its end: FOLDER SOCKET LIMIT TIMEOUT COMMAND..."""
    folder, listener, limit, timeout, *command = sys.argv[1:]
    if os.fork():
        os._exit(0)
    _adopt_orphans()
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    job = Job(folder, socket.socket(fileno=int(listener)), int(limit), float(timeout))
    error = job.start([os.fsencode(word) for word in command])
    _tell(answer, error or STARTED)
    if not error:
        job.run()


class Job:
    """One command and all who want to know of it."""

    def __init__(self, folder: str, listener: socket.socket, limit: int, timeout: float) -> None:
        self.folder = folder
        self.log = LogWriter(folder, limit)
        self.watchers = Watchers(listener)
        self.pipes: dict[int, int] = {}  # our end of each: the stream that it brings
        self.child = 0
        self.status: int | None = None  # of the first process, as waitpid(2) gives it
        self.why = ""  # "cancelled" or "timeout": why it is being ended
        self.grace = GRACE
        self.tree: set[tree.Process] = set()  # what is being ended
        self.due = time.monotonic() + timeout if timeout else None  # when something happens by itself
        self.killing = 0.0  # since when, 0.0 before
        self.given_up = False
        self.over = False
        self.signals = self._relay_signals()

    def _relay_signals(self) -> int:
        """Have signals arrive in a pipe; by handlers, for what is ignored would be ignored by the command as well."""
        read_end, write_end = os.pipe()
        for end in (read_end, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        return read_end

    # --- the command ---

    def start(self, command: list[bytes]) -> str:
        """Start the command; "" or the name of the error."""
        job_folder.write(self.folder, job_folder.BEGUN, b"")
        job_folder.reserve_end(self.folder)
        ends = [os.pipe(), os.pipe()]
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=ends[0][1], stderr=ends[1][1], start_new_session=True
            )
        except (OSError, ValueError) as error:
            name = errno.errorcode.get(error.errno or 0, "EFAILED") if isinstance(error, OSError) else "EINVAL"
            self.finish(SHELL_NOT_FOUND if name == "ENOENT" else SHELL_NOT_EXECUTABLE, 0)
            return name
        child.returncode = 0  # It is we who wait for it, with all others that fall to us.
        os.chdir("/")
        self.child = child.pid
        for (read_end, write_end), stream in zip(ends, (STDOUT, STDERR), strict=True):
            os.close(write_end)
            os.set_blocking(read_end, False)
            self.pipes[read_end] = stream
        entry = tree.look_up(child.pid)
        try:
            who = [child.pid, entry.started if entry else 0, job_folder.boot_id()]
            job_folder.write(self.folder, job_folder.PROCESS, json.dumps(who).encode())
        except OSError:
            pass  # The disk is full: only who has to tidy up behind us would miss it.
        return ""

    def run(self) -> None:
        """Keep the output until the job is over."""
        while not self.over:
            ready = self.wait()
            if self.signals in ready:
                self.on_signals()
            grown = [self.keep(pipe) for pipe in list(self.pipes) if pipe in ready]
            for grace in self.watchers.hear(ready):
                self.cancel("cancelled", grace)
            if any(grown):
                self.watchers.tell()
            if self.due is not None and time.monotonic() >= self.due:
                self.on_time()
            self.look_whether_over()

    def wait(self) -> set[int]:
        """Wait until there is something to do."""
        poll = select.poll()
        for descriptor in (self.signals, *self.pipes, *self.watchers.descriptors()):
            poll.register(descriptor, select.POLLIN)
        patience = None if self.due is None else min(max(0.0, self.due - time.monotonic()), LONGEST_WAIT) * 1000 + 1
        return {descriptor for descriptor, _ in poll.poll(patience)}

    def keep(self, pipe: int) -> bool:
        """Keep what a pipe has now; whether it was anything."""
        try:
            data = os.read(pipe, MAX_CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self.pipes.pop(pipe)
            os.close(pipe)
            return False
        self.log.append(self.pipes[pipe], data)
        return True

    def on_signals(self) -> None:
        """Collect who has ended; being asked to end is what a machine does that goes down."""
        numbers = os.read(self.signals, 4096)
        if signal.SIGTERM in numbers:
            self.cancel("cancelled", GRACE)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.child:
                self.status = status

    def look_whether_over(self) -> None:
        """Finish when the first process has ended; when the job is being ended, only with the last one."""
        if self.status is None and not self.given_up:
            return
        if self.why and not self.given_up and self.remaining():
            return
        for pipe in list(self.pipes):
            self.drain(pipe)
        status = os.waitstatus_to_exitcode(signal.SIGKILL if self.status is None else self.status)
        self.finish(max(status, 0), max(-status, 0))

    def drain(self, pipe: int) -> None:
        """Keep what is in a pipe now; what a process in the background writes later is nobody's."""
        count = array.array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, count)
        while count[0] > 0 and (data := os.read(pipe, min(count[0], MAX_CHUNK))):
            self.log.append(self.pipes[pipe], data)
            count[0] -= len(data)

    # --- ending it ---

    def cancel(self, why: str, grace: float) -> None:
        """Ask everything to end; those that have not after `grace` seconds are killed."""
        if not self.why:
            self.why = why
            self.grace = grace
        elif self.killing or grace >= self.grace:
            return
        self.due = time.monotonic() + grace
        self.grace = grace
        self.tree = self.members()
        tree.signal_all(self.tree, signal.SIGTERM)
        tree.signal_all(self.tree, signal.SIGCONT)

    def on_time(self) -> None:
        """Do what is due: the time is up, or the patience is."""
        now = time.monotonic()
        if not self.why:
            self.cancel("timeout", GRACE)
            return
        self.killing = self.killing or now
        # What is left then cannot be killed, or is somebody else's.
        self.given_up = now - self.killing > KILL_PATIENCE
        self.due = now + KILL_AGAIN
        self.tree = self.members()
        tree.signal_all(self.tree, signal.SIGKILL)

    def remaining(self) -> bool:
        """Look whether something of what is being ended is still there, and go on ending it."""
        self.tree = self.members()
        if self.tree and self.killing:
            tree.signal_all(self.tree, signal.SIGKILL)
        return bool(self.tree)

    def members(self) -> set[tree.Process]:
        """Give all processes of the job: the command's session, and whatever has us for an ancestor."""
        found = tree.members(self.child, self.tree) | tree.members(os.getpid(), set())
        return {process for process in found if process.pid != os.getpid()}

    def finish(self, status: int, number: int) -> None:
        """Write how it ended, then let everybody know."""
        end = {
            "status": status,
            "signal": number,
            "why": self.why,
            "ended_ns": time.time_ns(),
            "output": self.log.position,
        }
        self.log.close()
        job_folder.write_end(self.folder, json.dumps(end).encode())
        self.watchers.close()
        os.unlink(os.path.join(self.folder, job_folder.SOCKET))
        self.over = True


def _adopt_orphans() -> None:
    """Have the orphans among our descendants fall to us; where that cannot be they are found by their session."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def _tell(descriptor: int, words: str) -> None:
    try:
        os.write(descriptor, words.encode())
    except OSError:
        pass  # The daemon has gone; the job goes on.
    os.close(descriptor)
