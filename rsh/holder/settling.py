"""The moment in which a shell begins a program: a signal that comes then is heeded by nobody.

A shell ignores SIGTSTP and SIGQUIT, and heeds SIGINT only once its program is over; and its child does the same until
it has become that program, or nearly: zsh waits for a word of it, and would wait for ever for one that is stopped. So a
key that makes a signal waits until the shell, and what is still a copy of it, wait for something and so begin nothing,
or have had the processor for long enough.
"""

import time

from rsh.holder.tree import children_of

# For how long a key waits at most, in seconds.
LIMIT = 2.0

# What a shell that works by itself has used of the processor, in nanoseconds, beside what it takes at most to parse
# its line, for each byte of that; and what counts of it from one look to the next: a virtual machine that is not served
# itself takes that for work, and a large shell needs long for a fork.
WORKED = 20_000_000
PARSES = 1_000
COUNTS = 2_000_000

# How many looks in a row find them all in the sleep that each of them is in; and how far from each other these are, in
# seconds, as one may be asked for at any event.
ASLEEP = 3
APART = 0.001

# States of those that begin nothing (proc(5)): asleep, stopped, traced, ended.
SLEEPS = ("S", "T", "t", "Z")
SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


class Settling:
    """What is seen of a shell that has just read a line.

    Attributes:
        number: the signal that a key makes.
    """

    def __init__(self, shell: int, number: int, size: int) -> None:
        """Look for the first time.

        Args:
            size: the bytes of the line.
        """
        self.number = number
        self._shell = shell
        self._enough = WORKED + PARSES * size
        self._until = time.monotonic() + LIMIT
        self._used = {shell: _used(shell)}  # of the processor, at the last look
        self._worked = 0  # what counts of that
        self._seen: list[tuple[str, ...]] = []  # their states, at the last look
        self._asleep = 0  # the looks that found them so
        self._looked_at = 0.0

    def is_over(self) -> bool:
        """Tell whether the signal will be heeded now; to be asked again soon if not."""
        if (now := time.monotonic()) < self._looked_at + APART:
            return False
        self._looked_at = now
        shells = [self._shell, *_copies(self._shell, _command(self._shell))]
        last, self._seen = self._seen, [_state(pid) for pid in shells]
        if any(not state[0].startswith(SLEEPS) for state in self._seen):
            self._asleep = 0
        else:
            self._asleep = self._asleep + 1 if self._seen == last else 1
        before, self._used = self._used, {pid: _used(pid) for pid in shells}
        self._worked += min(sum(used - before.get(pid, used) for pid, used in self._used.items()), COUNTS)
        return self.sleeps or self._worked >= self._enough or now >= self._until

    @property
    def sleeps(self) -> bool:
        """Whether the shell waits for something, and does not work by itself."""
        return self._asleep >= ASLEEP


def is_shell(pid: int, shell: int) -> bool:
    """Tell whether a process is the shell, or a child of it that has not become another program."""
    return pid == shell or _command(pid) == _command(shell)


def is_on_its_way(pid: int, shell: int) -> bool:
    """Tell whether a child of the shell's is about to become a program."""
    return is_shell(pid, shell) and not _state(pid)[0].startswith(SLEEPS) and _used(pid) < WORKED


def asleep(pid: int) -> "tuple[str, ...]":
    """Tell by which sleep a process does nothing; () when it does something."""
    state = _state(pid)
    return state if state[0].startswith(SLEEPS) else ()


def _copies(parent: int, command: bytes) -> "list[int]":
    """Give the children, and theirs, that have not become other programs."""
    copies = [child for child in children_of(parent) if _command(child) == command]
    return copies + [pid for copy in copies for pid in _copies(copy, command)]


def _command(pid: int) -> bytes:
    """Give the arguments of a process, which are its parent's until it has become another program."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _state(pid: int) -> "tuple[str, ...]":
    """Give what a process does, and how often it has begun to."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return ("Z",)
    return (fields.get("State", ""), *(fields.get(name, "") for name in SWITCHES), str(pid))


def _used(pid: int) -> int:
    """Give the nanoseconds that a process has had the processor; 0 when the system does not count them."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
