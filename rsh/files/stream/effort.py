"""How hard to compress: decided from what the compressor and the link were measured to do, block by block.

A block is compressed, then written; a write waits when the link is slower than we are. So what is slow shows by itself:
much waiting and little compressing means that the link could be spared more, the contrary that it is kept idle. Whether
to compress at all is decided by trying: the way that moved more content a second of late goes on, and the other one is
tried again after a while, less and less often.

Within one machine nothing is ever compressed: what looks like a slow link there is a busy processor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# zstd levels; 0 sends blocks as they are. Above 17 a level costs more than it saves on any link worth the name.
LEVELS: Final = (0, 1, 3, 6, 9, 13, 17)

# Content between two decisions, in bytes. Several blocks, and more than the socket's buffers take up unmeasured.
_SPAN: Final = 2 * 1024 * 1024

# A link that takes longer than this for a byte of content is worth a try: 250 MB/s. What seems to end on this machine
# may be a tunnel; to be taken for one it has to be as slow as 20 MB/s, twice.
_SLOW: Final = 4e-9
_SLOW_NEAR: Final = 50e-9

_PATIENCE: Final = 16  # spans before what was slower is tried again; doubles each time
_MOST_PATIENCE: Final = 512


class Effort:
    """The level for the next block.

    Args:
        direct: tells whether the peer is known to be on this machine; asked at each decision, as it may not be
            known at once.
        near: the peer's address is on this machine: begin without compression.
        always: never send what can be compressed as it is, wherever the peer is.

    Attributes:
        level: zstd's, or 0.
    """

    def __init__(self, direct: Callable[[], bool], *, near: bool = False, always: bool = False) -> None:
        self._direct = direct
        self._step = 0 if near and not always else 1
        self._near = near
        self._always = always
        self._slow_spans = 0
        self._patience = _PATIENCE
        self._wait = 0  # spans before another try
        self._plain = 0.0  # content a second when it was last sent as it is; 0: not tried
        self._content = 0
        self._compressing = 0.0
        self._writing = 0.0
        self._begun = 0.0  # when the span began; 0: with the next block

    @property
    def level(self) -> int:
        """Give zstd's level, 0 for none."""
        return LEVELS[self._step]

    def account(self, content: int, compressing: float, writing: float, now: float) -> None:
        """Take one block.

        Args:
            content: its bytes before compression.
            compressing, writing: seconds.
            now: seconds of any clock, after it was written.
        """
        if not self._begun:
            self._begun = now - compressing - writing
        self._content += content
        self._compressing += compressing
        self._writing += writing
        if self._content >= _SPAN:
            self._decide(self._content / max(now - self._begun, 1e-9))
            self._content, self._compressing, self._writing, self._begun = 0, 0.0, 0.0, now

    def _decide(self, rate: float) -> None:
        self._wait = max(0, self._wait - 1)
        if not self._always and self._direct():
            self._step = 0
        elif self._step:
            self._adjust(rate)
        else:
            self._consider(rate)

    def _consider(self, rate: float) -> None:
        """Sent as it is: try to compress when the link is what holds us up."""
        self._plain = rate
        slow = self._writing / self._content > (_SLOW_NEAR if self._near else _SLOW)
        self._slow_spans = self._slow_spans + 1 if slow else 0
        if self._slow_spans >= (2 if self._near else 1) and not self._wait:
            self._step = 1

    def _adjust(self, rate: float) -> None:
        """Compressed: more, less, or not at all."""
        if self._writing > 2 * self._compressing:
            self._step = min(self._step + 1, len(LEVELS) - 1)
        elif self._compressing > self._writing:
            if self._step > 1:
                self._step -= 1
            elif not self._always and (rate < self._plain or not self._plain) and not self._wait:
                self._give_up()

    def _give_up(self) -> None:
        """Go on without; the next try is a while away."""
        self._step = 0
        self._slow_spans = 0
        self._wait = self._patience
        self._patience = min(2 * self._patience, _MOST_PATIENCE)
