"""What a living shell has printed and nobody has taken yet, by its offsets: in order, with gaps where some is lost."""

from __future__ import annotations

from collections import deque
from typing import Final

from rsh.client.terminal.scrollback import without_questions
from rsh.errors import ProtocolError
from rsh.protocol.frames import Buffer
from rsh.protocol.shell_records import Attached, Gap

# Output that waits to be taken; above it the channel is not read, and the program over there waits in the end.
MAX_WAITING: Final = 256 * 1024

# Gaps whose place in the output has not come yet.
MAX_GAPS: Final = 1000


class Output:
    """The output of one shell. Whoever has it guards it.

    Attributes:
        arrived: offset behind the last that came.
    """

    def __init__(self) -> None:
        self.arrived = 0
        self._pieces: deque[Buffer] = deque()
        self._waiting = 0  # bytes in them
        self._replayed_to = 0  # offset behind what was there before us
        self._gaps: deque[Gap] = deque()

    def __bool__(self) -> bool:
        """Tell whether some waits."""
        return bool(self._pieces)

    @property
    def full(self) -> bool:
        """Whether so much waits that no more is to come."""
        return self._waiting > MAX_WAITING

    @property
    def taken(self) -> int:
        """Offset behind the last that was taken."""
        return self.arrived - self._waiting

    def begin(self, attached: Attached, *, first: bool) -> int:
        """Go on where a connection begins; give how many bytes are missed by that."""
        missed = attached.offset - self.arrived
        self.arrived = attached.offset
        self._gaps.clear()
        if first:
            self._replayed_to = attached.end
        return missed

    def come(self, data: Buffer, *, keep: bool) -> Buffer:
        """Count what has come, and keep it for who takes it, if it is for somebody; give it as it may be shown.

        What a program asked the terminal of somebody before us is not asked of ours.
        """
        size = len(data)
        if self.arrived < self._replayed_to:
            data = without_questions(bytes(data), self._replayed_to - self.arrived)
        self.arrived += size
        self._skip_gaps()
        if keep and data:
            self._pieces.append(data)
            self._waiting += len(data)
        return data

    def take(self) -> Buffer:
        """Take the next piece, which must be there."""
        piece = self._pieces.popleft()
        self._waiting -= len(piece)
        return piece

    def miss(self, gap: Gap) -> None:
        """Note what will never come. Raises ProtocolError: that cannot be."""
        if len(self._gaps) >= MAX_GAPS or gap.to < gap.offset:
            raise ProtocolError("gaps that cannot be")
        self._gaps.append(gap)
        self._skip_gaps()

    def _skip_gaps(self) -> None:
        """Count what will never come; the lanes may tell of it in any order."""
        while self._gaps and self._gaps[0].offset <= self.arrived:
            gap = self._gaps.popleft()
            self.arrived += gap.to - gap.offset
