"""A signal that came while the shell was at work by itself, and that perhaps nobody has heeded.

A shell takes note of SIGINT and acts on that between two commands. What it has begun by then it waits for first; of
SIGQUIT and SIGTSTP it takes no note at all; and zsh forgets a SIGINT that comes between two things that it does.
So the program that has the terminal soon after that, and keeps it, is sent the signal: it has not seen the first one,
which was for the shell. One that comes and goes may be what a trap of the shell's runs, and is left alone. And a shell
that waits by itself (`read`) is sent SIGINT once more, as one that had heeded the first would have ended its line; one
that waits for another process may be at what is to run before its prompt.
"""

import os
import signal
import time

from rsh.holder.settling import asleep, is_on_its_way
from rsh.holder.tree import children_of

# How long after the signal the program may come, and how long it has to be there, or the shell to wait, in seconds.
LIMIT = 2.0
EVIDENT = 0.25


class Unheeded:
    """What is seen of the terminal once a key has made a signal for the shell."""

    def __init__(self, shell: int, number: int) -> None:
        """Begin when the signal has been sent.

        Args:
            number: the signal.
        """
        self.number = number
        self._shell = shell
        self._until = time.monotonic() + LIMIT
        self._waits: tuple[object, ...] = ()  # who the signal could be for, at the last look; () for nobody,
        self._since = 0.0  # and since when

    @property
    def is_over(self) -> bool:
        """Whether nobody has come whom the signal could be for."""
        return not self._waits and time.monotonic() >= self._until

    def is_lost(self, group: int) -> bool:
        """Tell whether it is evident now that nobody has heeded it; to be asked again soon if not.

        Args:
            group: who has the terminal.
        """
        before, self._waits = self._waits, self._who_waits(group)
        if self._waits != before:
            self._since = time.monotonic()
        return bool(self._waits) and time.monotonic() >= self._since + EVIDENT

    def _who_waits(self, group: int) -> "tuple[object, ...]":
        """Tell the program that has the terminal, or a shell that has it and does nothing; () when neither is so."""
        if group == self._shell:
            return asleep(self._shell) if self.number == signal.SIGINT and _is_alone(self._shell) else ()
        return () if is_on_its_way(group, self._shell) else (group,)


def _is_alone(shell: int) -> bool:
    """Tell whether no child of the shell's is in its process group."""
    try:
        group = os.getpgid(shell)
        return all(os.getpgid(child) != group for child in children_of(shell))
    except ProcessLookupError:
        return False
