"""A signal that came while the shell was at work by itself, and that perhaps nobody has heeded.

A shell takes note of SIGINT and acts on that between two commands. What it has begun by then it waits for first; of
SIGQUIT and SIGTSTP it takes no note at all. So the program that has the terminal soon after that, and keeps it, is sent
the signal: it has not seen the first one, which was for the shell. One that comes and goes may be what a trap of the
shell's runs, and is left alone.
"""

import time

from rsh.holder.settling import is_on_its_way

# How long after the signal the program may come, and how long it has to be there, in seconds.
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
        self._group = 0  # of the program that had the terminal at the last look; 0 for none,
        self._since = 0.0  # and since when

    @property
    def is_over(self) -> bool:
        """Whether no program has come that the signal could be for."""
        return not self._group and time.monotonic() >= self._until

    def is_lost(self, group: int) -> bool:
        """Tell whether it is evident now that nobody has heeded it; to be asked again soon if not.

        Args:
            group: who has the terminal.
        """
        if group == self._shell or is_on_its_way(group, self._shell):
            self._group = 0
        elif group != self._group:
            self._group, self._since = group, time.monotonic()
        return self._group != 0 and time.monotonic() >= self._since + EVIDENT
