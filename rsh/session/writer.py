"""What a channel wants of whoever writes on its session's stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from rsh.protocol.frames import Buffer
from rsh.session.interrupts import Interrupts
from rsh.transport.stream import Stream

# Written at once where nothing else is under way: a key, a line, a report. To wake the writer takes longer than that.
LITTLE: Final = 4096

# What is to be written at once, and on which stream.
Taken: TypeAlias = tuple[Stream, list[Buffer]]


class Writer(Protocol):
    """Who writes what the link has to send.

    Attributes:
        interrupts: entered by whoever changes the link: half of a change would be worse than none.
    """

    interrupts: Interrupts

    @property
    def direct(self) -> bool:
        """Whether both ends are known to be one machine, with nothing in between."""

    def do_later(self, work: Callable[[], None]) -> None:
        """Have something done as soon as somebody comes by who does not hold the session's lock."""

    def wake(self) -> None:
        """Have it written; call with the session's lock held."""

    def take(self, number: int, lane: int, parts: tuple[Buffer, ...], length: int) -> Taken | None:
        """Send a little in a lane that has credit for it, if it goes at once; give what `write_taken` has to write.

        Nobody else writes until then. Call with the session's lock held.
        """

    def write_taken(self, taken: Taken) -> None:
        """Write what was taken; call without the lock."""
