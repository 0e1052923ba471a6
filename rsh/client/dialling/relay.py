"""Passes the channels of one session on to another, byte for byte: how several clients share one connection.

A channel here becomes a channel there. Each lane in each direction has a thread that reads on one side and writes on
the other, so ends of lanes, windows and slow readers mean the same as without us: what cannot be written is not read,
and whoever sends it has to wait. The rejected alternative, passing frames on under other numbers, would save these
copies and need the whole of flow control and replay a second time.
"""

from __future__ import annotations

import threading
from typing import Final

from rsh.errors import Code, Refused, RshError, SessionGone
from rsh.protocol import requests
from rsh.protocol.channel import LANES
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.session.channel import Channel
from rsh.session.session import Session

# Requests that move much: everything else goes before their data.
BULK: Final = (requests.Put, requests.Get, requests.Read, requests.Write, requests.Logs)


class Relay:
    """Serves channels by asking somebody else.

    Attributes:
        far: the session with whoever serves them.
    """

    def __init__(self, far: Session) -> None:
        self.far = far

    def serve(self, near: Channel) -> None:
        """Serve one channel to its end; run in a thread of its own."""
        bulk = is_bulk(near.request)
        try:
            far = self.far.open(near.request, bulk=bulk)
        except RshError as error:
            near.close(_code(error), str(error))
            return
        pair = _Pair(near, far)
        try:
            pair.run(bulk=bulk)
        except RuntimeError:  # No thread can be had now.
            far.close(discard=True)
            near.close(Code.BUSY, "no room for another request")
            return
        reason = far.closed_by
        if isinstance(reason, SessionGone) and reason.unheard:
            near.close(_code(reason), str(reason))
        elif reason is not self.far.error:  # It was over before the session was, if that is.
            pair.end()


def _code(error: RshError) -> Code:
    """Give how a request is rejected that could not be passed on."""
    return Code.SHUTDOWN if isinstance(error, SessionGone) and error.unheard else Code.CANCELLED


def is_bulk(request: requests.Request) -> bool:
    """Tell whether the channel of a request moves much."""
    return isinstance(request, BULK) or (isinstance(request, requests.Exec) and request.terminal is None)


class _Pair:
    """A channel of a client, and the one that it stands for."""

    def __init__(self, near: Channel, far: Channel) -> None:
        self._near = near
        self._far = far
        self._exit: Exit | None = None  # goes on behind the output, which other threads pass on
        self._over = threading.Event()  # either side is done with its channel

    def run(self, *, bulk: bool) -> None:
        """Pass everything on until either side is done with its channel."""
        self._near.listen(self._from_near)
        self._far.listen(self._from_far)
        for lane in range(LANES):
            self._start(self._near, self._far, lane)
        try:
            self._far.wait_accepted()
            self._near.accept(bulk=bulk)
            for thread in [self._start(self._far, self._near, lane) for lane in range(LANES)]:
                thread.join()
        except RshError:
            pass  # It was rejected, which is passed on as any other end.
        self._over.wait()

    def end(self) -> None:
        """Pass on how it ended. What the threads up there still wait for is over with that."""
        if self._exit is not None:
            self._near.tell(self._exit)
        reason = self._far.closed_by
        if isinstance(reason, Refused) and not self._far.closed_in_order:
            self._near.close(reason.code, str(reason))
        else:
            self._near.close()
        self._far.close()

    def _start(self, source: Channel, target: Channel, lane: int) -> threading.Thread:
        name = f"relay {source.number}.{lane}"
        thread = threading.Thread(target=_pump, args=(source, target, lane), name=name, daemon=True)
        thread.start()
        return thread

    def _from_near(self, message: Signal | Resize | Exit | None) -> None:
        if message is None:
            self._far.close(discard=True)  # Nobody wants it any more, so what was on its way there is of no use.
            self._over.set()
        else:
            self._far.tell(message)

    def _from_far(self, message: Signal | Resize | Exit | None) -> None:
        if message is None:
            self._over.set()
        elif isinstance(message, Exit):
            self._exit = message
        else:
            self._near.tell(message)


def _pump(source: Channel, target: Channel, lane: int) -> None:
    """Pass one lane on to its end, or to that of either channel."""
    try:
        while piece := source.read(lane):
            target.write(piece, lane=lane)
        target.end(lane)
    except RshError:
        pass  # Both hear of it by their listeners.
