"""The processes that belong to a command: found through /proc (proc(5)), signalled together."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

# What a tree is told before it is killed, and the seconds it is given after each: under five together.
FAREWELL: Final = (("HUP", 0.5), ("TERM", 1.5), ("KILL", 1.0))


class Process(NamedTuple):
    """One process as /proc shows it; pid and start time together are never used twice."""

    pid: int
    parent: int
    session: int
    started: int


class Snapshot:
    """All processes that could be seen at one moment, and whose they are."""

    def __init__(self) -> None:
        """Look at them all. Raises OSError: there is no descriptor left for that."""
        found = (look_up(int(name)) for name in os.listdir("/proc") if name.isdigit())
        self._present = {process.pid: process for process in found if process}
        self._sessions: dict[int, list[Process]] = {}
        self._children: dict[int, list[Process]] = {}
        for process in self._present.values():
            self._sessions.setdefault(process.session, []).append(process)
            self._children.setdefault(process.parent, []).append(process)

    def members(self, leader: int, known: set[Process]) -> set[Process]:
        """Give the live processes of a command's tree.

        That is everything in the session that its first process leads, their descendants (which may have made sessions
        of their own), and those of `known` that are still there: a child whose parent died is found by no other way.
        """
        tree: set[Process] = set()
        new = [process for process in known if self._is_there(process)] + self._sessions.get(leader, [])
        if leader in self._present:
            new.append(self._present[leader])
        while new:
            process = new.pop()
            if process not in tree:
                tree.add(process)
                new += self._children.get(process.pid, [])
        return tree

    def _is_there(self, old: Process) -> bool:
        now = self._present.get(old.pid)
        return now is not None and now.started == old.started


def look_up(pid: int) -> Process | None:
    """Read one process's entry; None when it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The second field, the name, is in parentheses and may hold anything, spaces and parentheses too.
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def children_of(parent: int) -> list[int]:
    """Give the children of a process with one thread; none when they cannot be seen."""
    try:
        with open(f"/proc/{parent}/task/{parent}/children", "rb", buffering=0) as file:
            return [int(pid) for pid in file.readall().split()]
    except OSError:
        return []


def jobs_of(shell: int, foreground: int = 0) -> tuple[int, int]:
    """Count the jobs of a shell, process groups of its children; and those of them that are stopped.

    Args:
        foreground: a process group that is none of them.
    """
    groups, stopped = set(), set()
    for child in children_of(shell):
        try:
            with open(f"/proc/{child}/stat", "rb") as file:
                text = file.read()
        except OSError:
            continue
        state, _, group = text[text.rindex(b")") + 2 :].split()[:3]
        if int(group) in (shell, foreground) or (state == b"T" and _is_rest_of_a_line(child, shell)):
            continue  # A process substitution is no job, nor what zsh makes of the rest of a line that was stopped.
        if state not in (b"Z", b"X"):
            groups.add(group)
        if state == b"T":
            stopped.add(group)
    return len(groups), len(stopped)


def _is_rest_of_a_line(child: int, shell: int) -> bool:
    """Tell whether a stopped child is only the shell once more, with nobody beneath it."""
    try:
        same = os.readlink(f"/proc/{child}/exe") == os.readlink(f"/proc/{shell}/exe")
    except OSError:
        return False
    return same and not children_of(child) and _words_of(child) == _words_of(shell)


def _words_of(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def members(leader: int, known: set[Process]) -> set[Process]:
    """Give the live processes of a command's tree, as they are now."""
    return Snapshot().members(leader, known)


def signal_all(processes: set[Process], number: int) -> None:
    """Send a signal to each that is still the process we found."""
    for process in processes:
        now = look_up(process.pid)
        if now is None or now.started != process.started:
            continue
        try:
            os.kill(process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # It ended, or became somebody else's (sudo): not ours to end.


def wait_gone(processes: Iterable[Process], patience: float) -> None:
    """Wait until all of them have ended, at most `patience` seconds."""
    poll = select.poll()
    watched = []
    for process in processes:
        try:
            watched.append(os.pidfd_open(process.pid))
        except OSError:
            continue  # It is gone.
        poll.register(watched[-1], select.POLLIN)
    left = len(watched)
    deadline = time.monotonic() + patience
    while left > 0 and (seconds := deadline - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(min(seconds, 3600.0) * 1000):
            poll.unregister(descriptor)
            left -= 1
    for descriptor in watched:
        os.close(descriptor)
