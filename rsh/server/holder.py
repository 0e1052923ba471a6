"""The holder: a small process of its own that owns one shell and its terminal (design: rsh-protocol(7), SHELL).

It is started by its path with as little of Python as possible and imports nothing of rsh: 8 MB and 25 ms a shell. The
daemon talks to it over the Unix socket at descriptor 0, in messages of one byte kind, four bytes length, and payload.

The shell, bash or zsh, is interactive and has the terminal as its controlling one, but reads its lines from a pipe:
descriptor 0 is that pipe, 1, 2 and 8 are the terminal, 9 goes back to us. For each line we write two into the pipe, an
`eval` of the line with the terminal as its stdin, and a call of __rsh_report, which writes status and directory to 9.
So nothing is echoed, quoted or scraped, and no output can be mistaken for a report. When a report arrives, the terminal
is read empty first: what a line printed is complete before its report.
"""

import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios

HEAD = struct.Struct(">BI")

# From the daemon.
RUN, INPUT, RESIZE, SIGNAL = 1, 2, 3, 4

# To the daemon.
OUTPUT, REPORT, ECHO, ENDED = 16, 17, 18, 19

READ_SIZE = 64 * 1024

# Where bash finds its rc file, which closes it: beyond the single digits that are the shell's own.
RC_DESCRIPTOR = 50

# Output that waits for the daemon; above it the terminal is not read, and the program that writes to it waits.
MAX_WAITING = 256 * 1024

# What a terminal can hold unread, with room to spare (Linux: 8 KiB on its way, and 4 KiB of lines; pty(7)).
TERMINAL_SIZE = 64 * 1024

# Input and lines that wait for whoever reads them; above it the daemon is not read, and the client waits in the end.
MAX_UNREAD = 4 * 1024 * 1024

# Nothing of the user's may get between: no alias (\), no function (builtin), no readonly variable, no IFS, no set -u.
REPORT_FUNCTION = (
    r"""__rsh_report() { \builtin set -- "$?"; \builtin printf '%d %s\0' "$1" "${PWD-$(\builtin pwd)}" >&9; """
    r"""{ \builtin unset PROMPT_COMMAND; \builtin printf -v PS1 ''; \builtin printf -v PS2 ''; } 2>/dev/null """
    r"""|| \builtin :; \builtin return "$1"; }"""
)

# For a plain sh, which has no `builtin`.
SH_REPORT_FUNCTION = r"""__rsh_report() { set -- "$?"; printf '%d %s\0' "$1" "${PWD-}" >&9; PS1= PS2=; return "$1"; }"""

# With && its status is still the line's, but a shell under `set -e` does not end when the line ended by Ctrl-C.
REPORT_LINE = b"__rsh_report && \\:\n"

BASH_RC = r"""
exec %d<&-
if [ -n "$RSH_LOGIN" ]; then
    [ -r /etc/profile ] && . /etc/profile 0<&8 8<&- 9>&-
    for __rsh_file in ~/.bash_profile ~/.bash_login ~/.profile; do
        [ -r "$__rsh_file" ] && { . "$__rsh_file" 0<&8 8<&- 9>&-; break; }
    done
    [ -r "$__rsh_file" ] || { [ -r ~/.bashrc ] && . ~/.bashrc 0<&8 8<&- 9>&-; }
    unset __rsh_file
elif [ -r ~/.bashrc ]; then
    . ~/.bashrc 0<&8 8<&- 9>&-
fi
\builtin unset RSH_LOGIN HISTFILE
\builtin set -o notify +o history
"""

# Called, so that nothing is shown before the first line; and not to be unset by accident, as nothing could end then.
BASH_END = r"""
\builtin readonly -f __rsh_report
\builtin unset PROMPT_COMMAND
PS1= PS2=
"""

# In one line, as a prompt is shown for each.
ZSH_SETUP = r"\unsetopt zle prompt_cr prompt_sp; \unset HISTFILE; \typeset +x PS1; "


def main() -> None:
    """Start the shell in argv and hold it until it ends or the daemon hangs up."""
    columns, rows, shell = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    Holder(socket.socket(fileno=0), shell, columns, rows).run()


class Holder:
    """One shell, its terminal, and the daemon that talks to it."""

    def __init__(self, daemon: socket.socket, shell: str, columns: int, rows: int) -> None:
        self.daemon = daemon
        self.waiting = bytearray()  # messages for the daemon
        self.arriving = bytearray()  # a message from it, in part
        self.typed = bytearray()  # for the terminal, which takes only so much at once
        self.lines = bytearray()  # for the shell's pipe, likewise
        self.reported = bytearray()  # a report, in part
        self.written = 0  # bytes of output in all
        self.echo = True
        self.dropping = False  # the terminal's own queue is still full of what was interrupted
        self.hung_up = False
        self.master, self.slave = os.openpty()
        self.resize(columns, rows)
        _prefer_utf8(self.slave)
        self.sane = termios.tcgetattr(self.slave)
        self.child = self.start(shell)
        for descriptor in (self.master, self.pipe, self.report, daemon.fileno()):
            os.set_blocking(descriptor, False)

    def start(self, shell: str) -> "subprocess.Popen[bytes]":
        """Start the shell; `sh` opens the terminal first, which makes it the controlling one of the new session."""
        read_lines, self.pipe = os.pipe()
        self.report, report = os.pipe()
        if report != 9:
            os.dup2(report, 9)
            os.close(report)
        name = os.path.basename(shell)
        rc = None
        if name == "bash":
            rc = _memory_file((BASH_RC % RC_DESCRIPTOR + REPORT_FUNCTION + BASH_END).encode())
            words = [shell, "--noprofile", "--noediting", "--rcfile", f"/proc/self/fd/{rc}", "-i", "-s"]
        elif name == "zsh":
            login = ["-l"] if os.environ.pop("RSH_LOGIN", "") else []
            words = [shell, *login, "-o", "no_prompt_cr", "-o", "no_prompt_sp", "-i", "-s"]
            os.environ["PS1"] = ""  # of no use before the setup
        else:
            words = ["/bin/sh", "-s"]
        child = subprocess.Popen(
            ["/bin/sh", "-c", 'exec 8<>"$0" >&8 2>&8; exec "$@"', os.ttyname(self.slave), *words],
            stdin=read_lines,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(9,) if rc is None else (9, rc),
        )
        os.close(read_lines)
        os.close(9)
        if rc is not None:
            os.close(rc)
        else:
            self.lines += (ZSH_SETUP + REPORT_FUNCTION if name == "zsh" else SH_REPORT_FUNCTION).encode() + b"; "
        self.evaluate = b"\\builtin eval" if name in ("bash", "zsh") else b"eval"
        self.lines += REPORT_LINE
        return child

    def run(self) -> None:
        """Move bytes until the shell has ended and the daemon knows it, or the daemon is gone."""
        ended = os.pidfd_open(self.child.pid)
        while not self.hung_up:
            ready = self.wait(ended)
            if self.daemon.fileno() in ready:
                self.from_daemon(ready[self.daemon.fileno()])
            self.feed()
            if self.report in ready:
                self.from_report()
            if self.master in ready:
                self.from_terminal()
            if ended in ready:
                self.finish()
                return
        self.hang_up()

    def wait(self, ended: int) -> "dict[int, int]":
        """Wait until there is something to do."""
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self.report, select.POLLIN)
        hearing = select.POLLIN if max(len(self.typed), len(self.lines)) < MAX_UNREAD else 0
        poll.register(self.daemon, hearing | (select.POLLOUT if self.waiting else 0))
        reading = select.POLLIN if len(self.waiting) < MAX_WAITING else 0
        poll.register(self.master, reading | (select.POLLOUT if self.typed else 0))
        if self.lines:
            poll.register(self.pipe, select.POLLOUT)
        return dict(poll.poll())

    # --- the daemon ---

    def say(self, kind: int, payload: bytes) -> None:
        """Queue a message for the daemon and send what goes at once."""
        self.waiting += HEAD.pack(kind, len(payload)) + payload
        self.flush()

    def flush(self) -> None:
        """Send what the daemon takes without waiting."""
        while self.waiting:
            try:
                del self.waiting[: self.daemon.send(self.waiting)]
            except BlockingIOError:
                return
            except OSError:
                self.hung_up = True
                return

    def from_daemon(self, event: int) -> None:
        """Take messages from the daemon, and let go when it does."""
        self.flush()
        self.hung_up |= bool(event & (select.POLLHUP | select.POLLERR))
        if self.hung_up or not event & select.POLLIN:
            return
        try:
            data = self.daemon.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.hung_up = not data
        self.arriving += data
        while len(self.arriving) >= HEAD.size:
            kind, length = HEAD.unpack_from(self.arriving)
            if len(self.arriving) < HEAD.size + length:
                return
            payload = bytes(self.arriving[HEAD.size : HEAD.size + length])
            del self.arriving[: HEAD.size + length]
            self.take(kind, payload)

    def take(self, kind: int, payload: bytes) -> None:
        """Act on one message."""
        if kind == RUN:
            quoted = payload.replace(b"\0", b"").replace(b"'", b"'\\''")
            self.lines += self.evaluate + b" '" + quoted + b"' 0<&8 9>&- 8<&-\n" + REPORT_LINE
        elif kind == INPUT:
            self.type(payload)
        elif kind == RESIZE:
            self.resize(*struct.unpack(">HH", payload))
        elif kind == SIGNAL:
            self.signal(payload[0])

    def type(self, data: bytes) -> None:
        """Queue what was typed. An interrupt drops what nobody reads, as at a terminal, and does not wait behind it."""
        attributes = termios.tcgetattr(self.slave)
        flags, interrupt = attributes[3], attributes[6][termios.VINTR]
        interrupts = flags & termios.ISIG and not flags & termios.NOFLSH and interrupt != b"\0"
        if self.typed and interrupts and interrupt in data:
            self.typed.clear()
            self.dropping = True
            self.signal(signal.SIGINT)
            data = data.rpartition(interrupt)[2]
        self.typed += data

    # --- the shell ---

    def feed(self) -> None:
        """Give the terminal and the shell what they take without waiting."""
        for descriptor, data in ((self.master, self.typed), (self.pipe, self.lines)):
            try:
                while data:
                    del data[: os.write(descriptor, data[:READ_SIZE])]
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    data.clear()  # The shell is ending; its end is reported by itself.

    def from_terminal(self) -> bool:
        """Pass output on; False when there is none now."""
        try:
            data = os.read(self.master, READ_SIZE)
        except OSError:
            return False
        self.written += len(data)
        self.say(OUTPUT, data)
        self.tell_echo()
        return True

    def drain(self) -> None:
        """Pass on what the terminal holds now: more than it can hold was printed later, by a job that never stops."""
        end = self.written + TERMINAL_SIZE
        while self.written < end and self.from_terminal():
            pass

    def from_report(self) -> None:
        """Read a report: everything that was printed before it goes first."""
        try:
            self.reported += os.read(self.report, READ_SIZE)
        except OSError:
            return
        while b"\0" in self.reported:
            text, _, rest = bytes(self.reported).partition(b"\0")
            self.reported[:] = rest
            status, _, directory = text.partition(b" ")
            if not status.isdigit():
                continue  # Not ours: somebody has written to the shell's descriptor.
            self.drain()
            if self.dropping:
                termios.tcflush(self.slave, termios.TCIFLUSH)
                self.dropping = False
            termios.tcsetattr(self.slave, termios.TCSANOW, self.sane)
            self.tell_echo()
            self.say(REPORT, struct.pack(">QB", self.written, int(status) & 0xFF) + directory)

    def tell_echo(self) -> None:
        """Say whether what is typed is shown: a password prompt is known by this fact and not guessed."""
        echo = bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)
        raw = not termios.tcgetattr(self.slave)[3] & termios.ICANON
        if (echo or raw) != self.echo:
            self.echo = echo or raw
            self.say(ECHO, bytes([self.echo]))

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: int) -> None:
        """Send a signal to what runs in the foreground."""
        try:
            os.killpg(os.tcgetpgrp(self.master), number)
        except (OSError, ValueError):
            pass

    def finish(self) -> None:
        """Send the last output and the status of a shell that has ended."""
        code = self.child.wait()
        os.close(self.slave)
        self.drain()
        self.say(ENDED, struct.pack(">QBB", self.written, max(code, 0), max(-code, 0)))
        self.daemon.setblocking(True)
        while self.waiting and not self.hung_up:
            self.flush()

    def hang_up(self) -> None:
        """End the shell as a terminal that goes away does."""
        self.signal(signal.SIGHUP)
        self.signal(signal.SIGCONT)
        self.child.send_signal(signal.SIGHUP)
        self.child.send_signal(signal.SIGCONT)
        os.close(self.pipe)
        try:
            self.child.wait(2)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def _memory_file(content: bytes) -> int:
    """Make a file that is nowhere, at a descriptor that the shell's own (single digits) do not overwrite."""
    low = os.memfd_create("rc")
    os.write(low, content)
    high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, RC_DESCRIPTOR)
    os.close(low)
    return high


def _prefer_utf8(terminal: int) -> None:
    """Have the line discipline erase whole UTF-8 characters (IUTF8, termios(3))."""
    attributes = termios.tcgetattr(terminal)
    attributes[0] |= 0x4000
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


if __name__ == "__main__":
    main()
