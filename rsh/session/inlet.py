"""What arrives in a lane is acted on where it arrives, in the session's reader: waking another thread takes longer.

A reader must never wait for anybody. So whoever acts says when it would have to; then a thread goes on from there,
until all that has arrived is done, and takes as long as it takes: what is not read meanwhile, its window stops.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Generic, TypeVar

from rsh.errors import Code, LinkError, Refused, RshError
from rsh.protocol.frames import Buffer
from rsh.session.channel import Channel

T = TypeVar("T")


class Inlet(Generic[T]):
    """One lane of a channel, in the place of who would read it."""

    def __init__(
        self,
        channel: Channel,
        lane: int,
        cut: Callable[[Buffer], Iterable[T]],
        act: Callable[[T, bool], bool],
        fail: Callable[[RshError], None],
    ) -> None:
        """Prepare; `begin` begins.

        Args:
            cut: gives the elements of a piece as it arrived; of b"" those of the lane's end.
            act: acts on an element; when it would have to wait and must not (False), it leaves it and gives False.
            fail: is called once, with what ended the lane before its end, or what the other two raise.
        """
        self._channel = channel
        self._lane = lane
        self._cut = cut
        self._act = act
        self._fail = fail
        self._elements: Iterator[T] = iter(())  # of the last piece; touched by who is at work
        self._ended = False  # the last piece was the lane's end; likewise
        self._state = threading.Lock()  # guards what follows
        self._idle = threading.Condition(self._state)
        self._news = False  # something has come that nobody has looked at
        self._working = False  # somebody is at work
        self._over = False

    def begin(self) -> None:
        """Take what has come and what comes."""
        self._channel.hand(self._lane, self._arrived)
        self._arrived()

    def wait_over(self) -> None:
        """Wait until nobody is at work any more; the channel has ended."""
        with self._state:
            self._idle.wait_for(lambda: not self._working)

    def _arrived(self) -> None:
        """Look what there is; called by the session's threads, and must not wait."""
        with self._state:
            if self._working:
                self._news = True
                return
            if self._over:
                return
            self._working = True
        self._work(wait=False)

    def _work(self, *, wait: bool) -> None:
        """Do what there is to do, and what comes meanwhile; we are at work already."""
        try:
            while self._act_on_all(wait):
                if not self._has_news():
                    return
            self._go_on()
        except RshError as error:
            self._stop(error)
        except Exception:  # a net for bugs: nobody may wait for the rest
            self._stop(LinkError("what came cannot be acted on"))
            raise

    def _stop(self, error: RshError) -> None:
        with self._state:
            self._over = True
        self._fail(error)
        self._has_news()

    def _has_news(self) -> bool:
        """Tell whether there may be something to do; otherwise we are not at work any more."""
        with self._state:
            self._working = self._news and not self._over
            self._news = False
            if not self._working:
                self._idle.notify_all()
            return self._working

    def _act_on_all(self, wait: bool) -> bool:
        """Act on what has arrived; False when we would have to wait for that."""
        while True:
            for element in self._elements:
                if not self._act(element, wait):
                    self._elements = chain((element,), self._elements)
                    return False
            piece = None if self._ended else self._channel.read_now(self._lane)
            if piece is None:
                return True
            self._ended = not piece
            self._elements = iter(self._cut(piece))

    def _go_on(self) -> None:
        """Have a thread go on with what we had to leave."""
        name = f"inlet {self._channel.number}.{self._lane}"
        try:
            threading.Thread(target=self._work, kwargs={"wait": True}, name=name, daemon=True).start()
        except RuntimeError as error:  # No thread can be had now.
            raise Refused(Code.BUSY, "no room for another request") from error
