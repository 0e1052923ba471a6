"""One client of a holder: how far it has come, remembered while it is away, so that it goes on exactly once."""

import time

from rsh.holder import wire
from rsh.holder.ring import Ring
from rsh.holder.wire import Peer

# Output is put into messages of this size, one at a time: what is told beside it is never far behind. One frame.
PIECE = 256 * 1024

# Input is confirmed so often, in bytes.
CONFIRMED = 64 * 1024

# For how long output is held back for a client that went without a word, in seconds: its daemon may be starting anew.
HELD_BACK = 30.0


class Client:
    """Who is attached, or was.

    Attributes:
        who: its key and where from, for others to see.
        peer: the connection it has now.
        read_only: what it types is not taken.
        away: its daemon keeps its place, but has lost the connection to it.
        lines: number of its last line that was taken.
        typed: bytes of its input that were taken.
        early: the end of it, which came while no line ran: it is for the next one.
        seen: offset up to which it has the output.
        size: columns and rows of its terminal.
    """

    def __init__(self) -> None:
        self.who = ""
        self.peer: Peer | None = None
        self.read_only = False
        self.away = False
        self.lines = 0
        self.typed = 0
        self.early = bytearray()
        self.seen = 0
        self.size = (80, 24)
        self._position = 0  # of the next output to send
        self._confirmed = 0  # of typed, what it was told
        self._barred = 0  # input up to here was taken back, if no line has seen it
        self._gone_at = 0.0  # when it went without a word

    @property
    def attached(self) -> bool:
        """Whether it is here."""
        return self.peer is not None

    @property
    def may_be_back(self) -> bool:
        """Whether it went without a word, and not long ago."""
        return self.peer is None and time.monotonic() < self._gone_at + HELD_BACK

    def come(self, peer: Peer, offset: int) -> None:
        """Take a connection, and output from an offset on."""
        self.peer = peer
        self.away = False
        self.seen = self._position = offset
        self._confirmed = self.typed

    def go(self, *, for_good: bool) -> None:
        """Lose the connection."""
        if self.peer is not None:
            self.peer.close()
        self.peer = None
        self._gone_at = 0.0 if for_good else time.monotonic()

    def send_off(self, words: bytes) -> "Peer | None":
        """Tell it why it has to go, for good; give the connection, which is to be closed once it has taken that."""
        self.say(wire.GONE, words)
        peer, self.peer = self.peer, None
        self.go(for_good=True)
        return peer

    def say(self, kind: int, payload: bytes) -> None:
        """Tell it something, if it is here."""
        if self.peer is not None:
            self.peer.say(kind, payload)

    @property
    def unconfirmed(self) -> int:
        """Bytes of input that it has not been told of as taken."""
        return self.typed - self._confirmed

    def confirm(self) -> None:
        """Tell it, now and then, that its input was taken: it may send as much again."""
        if self.unconfirmed >= CONFIRMED:
            self._confirmed = self.typed
            self.say(wire.TAKEN, wire.NUMBER.pack(self.typed))

    def take_input(self, data: bytes) -> bytes:
        """Count input, and give what of it counts."""
        start, self.typed = self.typed, self.typed + len(data)
        return data[max(self._barred - start, 0) :]

    def bar(self, typed: int) -> bytes:
        """Forget input up to a position, which the client has taken back; give what came early behind it."""
        self._barred = typed
        early = bytes(self.early[max(typed - self.typed + len(self.early), 0) :])
        self.early.clear()
        return early

    def take_seen(self, offset: int, end: int) -> None:
        """Note how much output it has; it cannot have more than there is."""
        self.seen = max(self.seen, min(offset, end))

    def has_all(self, ring: Ring) -> bool:
        """Whether all output and all words have been sent."""
        return self.peer is None or (self._position == ring.end and not self.peer.waiting)

    def pump(self, ring: Ring) -> None:
        """Send what it takes without waiting. When it is so slow that output has gone meanwhile, there is a gap."""
        peer = self.peer
        if peer is None:
            return
        peer.flush()
        while not peer.waiting and not peer.hung_up and self._position < ring.end:
            self._position = max(self._position, ring.start)
            with ring.view(self._position, PIECE) as piece:
                peer.say(wire.OUTPUT, wire.NUMBER.pack(self._position), piece)
                self._position += len(piece)
