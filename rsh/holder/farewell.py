"""The end of a shell that is hung up on: as when a terminal goes away, but what it says to that is heard."""

import select
import signal
import time
from collections.abc import Callable

from rsh.holder.child import Child
from rsh.holder.terminal import Terminal

# How long it may take, in seconds.
PATIENCE = 2.0


def hang_up(child: Child, terminal: Terminal, take_output: "Callable[[], None]") -> None:
    """End a shell; once this returns it is over.

    A bash that begins to wait for a program just then does not hear of it before that has ended (a signal between its
    last look and its waitpid(2)). So who is in the foreground later is told too; what an EXIT trap runs is given the
    time before that.
    """
    if terminal.signal(signal.SIGHUP) != child.pid:
        child.signal(signal.SIGHUP)
    terminal.signal(signal.SIGCONT)
    child.signal(signal.SIGCONT)
    child.give_up_lines()
    if not _sees_end(child, terminal, take_output):
        terminal.signal(signal.SIGHUP)
        if not _sees_end(child, terminal, take_output):
            child.signal(signal.SIGKILL)


def _sees_end(child: Child, terminal: Terminal, take_output: "Callable[[], None]") -> bool:
    """Take output until the shell has ended, for half of the time; whether it has."""
    until = time.monotonic() + PATIENCE / 2
    poll = select.poll()
    poll.register(child.ended, select.POLLIN)
    poll.register(terminal.master, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        if child.ended in dict(poll.poll(left * 1000)):
            return True
        take_output()
    return False
