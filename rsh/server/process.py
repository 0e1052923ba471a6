"""A command as a process: started on pipes or on a terminal, signalled, and ended with all it has started.

Nothing runs between fork and exec here (no preexec_fn): the daemon has threads, and Python code in a forked child of
such a process can stop for ever on a lock that nobody will release. A terminal becomes the controlling one by being the
first that the new session's leader, a small sh, opens.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from rsh.errors import Code, Refused, error_name
from rsh.holder import tree
from rsh.protocol.requests import Terminal
from rsh.server.census import census

# 256 KiB pipes instead of 64: a quarter of the context switches for bulk output. Linux 2.6.35, fcntl(2).
F_SETPIPE_SZ: Final = 1031
PIPE_SIZE: Final = 256 * 1024

OPEN_TERMINAL: Final = 'exec <>"$0" >&0 2>&0; exec "$@"'


class Command:
    """A running command.

    Attributes:
        pid: its first process, which leads a session and process group of its own.
        input, output, errors: our ends of its pipes; with a terminal `input` and `output` are its master and
            `errors` is -1. -1 also stands for an input that was not wanted.
        ended: a descriptor that is readable once the first process has ended (pidfd_open(2)).
        terminal: whether it runs on one.
    """

    def __init__(
        self,
        arguments: Sequence[bytes],
        *,
        directory: bytes,
        environment: Mapping[bytes, bytes],
        terminal: Terminal | None = None,
        no_input: bool = False,
        keep: Sequence[int] = (),
    ) -> None:
        """Start it.

        Args:
            keep: descriptors that it inherits.

        Raises:
            Refused: it cannot be started; the text is an errno name.
        """
        self.terminal = terminal is not None
        self.input = self.output = self.errors = self.ended = -1
        self._slave = -1  # our end of the terminal's slave side
        self._lock = threading.Lock()  # guards _reaped: no signal goes to a number that may be another's
        self._reaped = False
        self._gone = threading.Event()  # set with it
        self._ending = False
        try:
            if terminal is not None:
                self._popen = self._start_on_terminal(arguments, directory, environment, terminal, keep)
            else:
                self._popen = self._start_on_pipes(arguments, directory, environment, no_input, keep)
        except (OSError, ValueError) as error:
            self.close()
            name = error_name(error) if isinstance(error, OSError) else "EINVAL"
            raise Refused(Code.COMMAND, name) from error
        self.pid = self._popen.pid
        try:
            self.ended = os.pidfd_open(self.pid)
        except OSError as error:
            self._signal_group(signal.SIGKILL)
            self._popen.wait()
            self.close()
            raise Refused(Code.COMMAND, error_name(error)) from error
        if self.input >= 0:
            # A command that does not read must not hold the thread that feeds it up for longer than the command lives.
            os.set_blocking(self.input, False)

    def _start_on_pipes(
        self,
        arguments: Sequence[bytes],
        directory: bytes,
        environment: Mapping[bytes, bytes],
        no_input: bool,
        keep: Sequence[int],
    ) -> subprocess.Popen[bytes]:
        read_in, its_ends = subprocess.DEVNULL, []
        try:
            if not no_input:
                read_in, self.input = os.pipe()
                its_ends.append(read_in)
            self.output, write_out = _large_pipe()
            its_ends.append(write_out)
            self.errors, write_err = os.pipe()
            its_ends.append(write_err)
            return subprocess.Popen(
                arguments,
                stdin=read_in,
                stdout=write_out,
                stderr=write_err,
                cwd=directory,
                env=environment,
                start_new_session=True,
                pass_fds=keep,
            )
        finally:
            for descriptor in its_ends:
                os.close(descriptor)

    def _start_on_terminal(
        self,
        arguments: Sequence[bytes],
        directory: bytes,
        environment: Mapping[bytes, bytes],
        terminal: Terminal,
        keep: Sequence[int],
    ) -> subprocess.Popen[bytes]:
        self.input, self._slave = os.openpty()
        self.output = os.dup(self.input)
        self.resize(terminal.columns, terminal.rows)
        _prefer_utf8(self._slave)
        # Our own end of the slave keeps the master alive until the child has opened its own.
        return subprocess.Popen(
            [b"/bin/sh", b"-c", OPEN_TERMINAL.encode(), os.ttyname(self._slave).encode(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env=environment,
            start_new_session=True,
            pass_fds=keep,
        )

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its new size; without a terminal nothing happens."""
        with self._lock:
            if self._slave >= 0:
                try:
                    fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                except OSError:
                    pass  # It ended a moment ago.

    def signal(self, name: str) -> None:
        """Send a signal, named without SIG: to the terminal's foreground processes, else to the command's group."""
        number = getattr(signal, f"SIG{name}", None)
        if not isinstance(number, signal.Signals):
            return
        with self._lock:
            if self._reaped:
                return
            try:
                os.killpg(self._foreground(), number)
            except (ProcessLookupError, PermissionError):
                pass

    def _foreground(self) -> int:
        if self._slave < 0:
            return self.pid
        try:
            return os.tcgetpgrp(self.input) or self.pid
        except OSError:
            return self.pid

    def end_input(self) -> None:
        """Say that no more input comes: close the pipe, or type the terminal's end-of-file character."""
        if not self.terminal and self.input >= 0:
            os.close(self.input)
            self.input = -1
        elif self.input >= 0:
            os.write(self.input, b"\x04")

    def let_go_of_terminal(self) -> None:
        """Give up our end of the slave, so that its master reports the end once no process has it any more."""
        with self._lock:
            if self._slave >= 0:
                os.close(self._slave)
                self._slave = -1

    def wait(self) -> tuple[int, int]:
        """Wait for the first process.

        Returns:
            Its exit status and 0, or 0 and the number of the signal that ended it.
        """
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._reaped = True
            code = self._popen.wait()
            self._gone.set()
        return (code, 0) if code >= 0 else (0, -code)

    def end(self) -> None:
        """Have the command and all that it started end, within some seconds; does not wait for it."""
        with self._lock:
            if self._reaped or self._ending:
                return
            self._ending = True
        try:
            # No daemon thread, as whoever calls us may be: a process that ends waits until this is done.
            threading.Thread(target=self._end_tree, name=f"ending {self.pid}", daemon=False).start()
        except RuntimeError:  # No thread can be had now.
            self._signal_group(signal.SIGKILL)

    def _end_tree(self) -> None:
        known = self._members(set())
        for name, patience in tree.FAREWELL:
            number = getattr(signal, f"SIG{name}")
            if not known:
                # It has ended; or there is no descriptor left to look into /proc with, and its group is all we reach.
                self._signal_group(number)
                if self._gone.wait(patience):
                    return
                continue
            tree.signal_all(known, number)
            tree.signal_all(known, signal.SIGCONT)
            tree.wait_gone(known, patience)
            known = self._members(known)
            if not known and self._gone.is_set():
                return

    def _members(self, known: set[tree.Process]) -> set[tree.Process]:
        try:
            return census.take().members(self.pid, known)
        except OSError:
            return set()

    def _signal_group(self, number: int) -> None:
        with self._lock:
            if self._reaped:
                return
            try:
                os.killpg(self.pid, number)
            except (ProcessLookupError, PermissionError):
                pass

    def close(self) -> None:
        """Close our descriptors."""
        self.let_go_of_terminal()
        for name in ("input", "output", "errors", "ended"):
            descriptor = getattr(self, name)
            if descriptor >= 0:
                os.close(descriptor)
                setattr(self, name, -1)


def _large_pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        pass  # The account has used up what it may have in large pipes; 64 KiB work as well.
    return reading, writing


def _prefer_utf8(terminal: int) -> None:
    """Have the line discipline erase whole UTF-8 characters (IUTF8, termios(3)); ssh does so too."""
    iutf8 = 0x4000
    attributes = termios.tcgetattr(terminal)
    attributes[0] |= iutf8
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
