"""The shell's process: the pipe that its lines go into, and the one that its reports come out of."""

import errno
import os
import signal
import subprocess

from rsh.holder.shells import RC_DESCRIPTOR, dialect

READ_SIZE = 64 * 1024

# How long a shell that was hung up on may take to end, in seconds.
PATIENCE = 2.0


class Child:
    """A shell that has been started on a terminal.

    Attributes:
        lines: what is for its pipe, which takes only so much at once.
        pipe: where that goes.
        report: where its reports come from.
        ended: a descriptor that is readable once it has ended.
    """

    def __init__(self, shell: str, terminal: str) -> None:
        """Start it; `sh` opens the terminal first, which makes it the controlling one of the new session."""
        self._reported = bytearray()  # a report, in part
        self._dialect = dialect(shell)
        self.lines = bytearray(self._dialect.setup)
        read_lines, self.pipe = os.pipe()
        self.report, report = os.pipe()
        if report != 9:
            os.dup2(report, 9)
            os.close(report)
        given = [9, _memory_file(self._dialect.rc)] if self._dialect.rc else [9]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec 8<>"$0" >&8 2>&8; exec "$@"', terminal, *self._dialect.words],
            stdin=read_lines,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=given,
        )
        for descriptor in (read_lines, *given):
            os.close(descriptor)
        self.ended = os.pidfd_open(self._process.pid)
        os.set_blocking(self.pipe, False)
        os.set_blocking(self.report, False)

    def run(self, line: bytes) -> None:
        """Queue a line of the user's."""
        self.lines += self._dialect.feed(line)

    def reports(self) -> "list[tuple[int, bytes]]":
        """Give the reports that have arrived: the status of a line, and the directory the shell stands in."""
        try:
            self._reported += os.read(self.report, READ_SIZE)
        except OSError:
            return []
        *texts, rest = bytes(self._reported).split(b"\0")
        self._reported[:] = rest
        reports = []
        for text in texts:
            status, _, directory = text.partition(b" ")
            if status.isdigit():  # or somebody has written to the shell's descriptor
                reports.append((int(status) & 0xFF, directory))
        return reports

    def wait(self) -> int:
        """Wait for its end; give its returncode as subprocess does."""
        return self._process.wait()

    def hang_up(self) -> None:
        """End it as a terminal that goes away does."""
        self._process.send_signal(signal.SIGHUP)
        self._process.send_signal(signal.SIGCONT)
        os.close(self.pipe)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def feed(descriptor: int, data: bytearray) -> None:
    """Write what goes without waiting, and take it out of `data`."""
    try:
        while data:
            del data[: os.write(descriptor, data[:READ_SIZE])]
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            data.clear()  # The shell is ending; its end is reported by itself.


def _memory_file(content: bytes) -> int:
    """Make a file that is nowhere, at a descriptor that the shell's own (single digits) do not overwrite."""
    low = os.memfd_create("rc")
    os.write(low, content)
    os.dup2(low, RC_DESCRIPTOR)
    os.close(low)
    return RC_DESCRIPTOR
