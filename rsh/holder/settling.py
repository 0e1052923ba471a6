"""The moment in which a shell begins a program: a signal that comes then is heeded by nobody.

A shell ignores SIGTSTP and SIGQUIT, and heeds SIGINT only once its program is over; and its child does the same until
it has become that program. So a key that makes a signal waits until there is no such child, and the shell is not about
to have one: it waits for something, or has had the processor for long enough.
"""

import time

from rsh.holder.tree import children_of

# For how long a key waits at most, in seconds.
LIMIT = 2.0

# What a shell that works by itself has used of the processor, in nanoseconds; and what counts of it from one look to
# the next: a virtual machine that is not served itself takes that for work, and a large shell needs long for a fork.
WORKED = 20_000_000
COUNTS = 2_000_000

# How many looks in a row find a shell that waits for something in one sleep, and none of its children on its way.
ASLEEP = 3

# Fields of /proc/PID/status (proc(5)).
MASKS = ("SigIgn", "SigCgt", "SigBlk")
SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


class Settling:
    """What is seen of a shell that has just read a line."""

    def __init__(self, shell: int, number: int) -> None:
        """Look for the first time.

        Args:
            number: the signal that a key makes.
        """
        self._shell = shell
        self._number = number
        self._until = time.monotonic() + LIMIT
        self._used = _used(shell)  # of the processor, at the last look
        self._worked = 0  # what counts of that
        self._seen: tuple[str, ...] = ()  # its state, at the last look
        self._asleep = 0  # the looks that found it in the sleep that it is in

    def is_over(self) -> bool:
        """Tell whether the signal will be heeded now; to be asked again soon if not."""
        if time.monotonic() >= self._until:
            return True
        command = _command(self._shell)
        if any(self._is_copy(child, command) for child in children_of(self._shell)):
            self._asleep, self._seen = 0, ()  # it sleeps until that child has come so far
            return False
        return self._is_at_work()

    def _is_copy(self, pid: int, command: bytes) -> bool:
        """Tell whether a child does with the signal what the shell does: it has not become its program yet."""
        if _command(pid) != command:
            return False
        fields = _status(pid)
        return any(int(fields.get(name, "0"), 16) >> (self._number - 1) & 1 for name in MASKS)

    def _is_at_work(self) -> bool:
        """Tell whether the shell begins nothing now: it has slept for some looks, or has worked for long."""
        fields = _status(self._shell)
        last, self._seen = self._seen, (fields.get("State", ""), *(fields.get(name, "") for name in SWITCHES))
        if not self._seen[0].startswith("S"):
            self._asleep = 0
        else:
            self._asleep = self._asleep + 1 if self._seen == last else 1
        before, self._used = self._used, _used(self._shell)
        self._worked += min(self._used - before, COUNTS)
        return self._asleep >= ASLEEP or self._worked >= WORKED


def _command(pid: int) -> bytes:
    """Give the arguments of a process, which are its parent's until it has become another program."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _status(pid: int) -> "dict[str, str]":
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def _used(pid: int) -> int:
    """Give the nanoseconds that a process has had the processor; 0 when the system does not count them."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
