"""What a Remote does when its daemon was restarted: its session is gone there, and another one takes its place.

A lost connection is none of this: the session goes on by itself. What was asked for is asked for again where that does
no harm: because it may be done twice, as a transfer, whose second run finds what the first has left, or because it has
certainly not begun.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from rsh.errors import LinkError, SessionGone
from rsh.protocol.requests import Request
from rsh.session.channel import Channel
from rsh.session.session import Session

if TYPE_CHECKING:
    from rsh.client.api.spelling import Spelling

Result = TypeVar("Result")


class Renewing:
    """A machine over there, by way of one session after the other.

    Attributes:
        session: the session with it; another one after the daemon was restarted.
        renewed: hears of each other one; called by the thread that has made it.
        spelling: how names are spelled over there; None: as they are.
    """

    spelling: Spelling | None = None

    def __init__(
        self, session: Session, again: Callable[[], Session] | None = None, patience: float | None = None
    ) -> None:
        """Begin with a session.

        Args:
            again: makes another one, which the server has welcomed; None: there is only this one.
            patience: seconds that it may take until a daemon is there again; None: any time.
        """
        self.session = session
        self.renewed: Callable[[Session], None] = _nothing
        self._again = again
        self._patience = patience
        self._renewal = threading.Lock()  # held by the thread that makes another session
        self._closed = threading.Event()

    def renew_by(self, again: Callable[[], Session], patience: float | None) -> None:
        """Have other sessions made in this way, as those of __init__: others use them as well."""
        self._again, self._patience = again, patience

    def open(self, request: Request, *, bulk: bool = False) -> Channel:
        """Open a channel. Raises UsageError: a name in the request cannot be spelled over there."""
        spelled = request if self.spelling is None else self.spelling.request(request)
        return self.session.open(spelled, bulk=bulk)

    def here(self, name: bytes) -> bytes:
        """Give a name of the other side as it is spelled here."""
        return name if self.spelling is None else self.spelling.here(name)

    def taken(self, record: Result) -> Result:
        """Give a record of the other side with its names as they are spelled here."""
        return record if self.spelling is None else self.spelling.record(record)

    def close(self) -> None:
        """Disconnect; what still runs over there ends."""
        self._closed.set()
        self.session.close()

    def persist(
        self, work: Callable[[], Result], *, once: bool = False, restarted: Callable[[], None] | None = None
    ) -> Result:
        """Do something over there, and again if the daemon was restarted beneath it.

        Args:
            work: opens its channel anew each time.
            once: it must not be done twice: again only if it has certainly not begun.
            restarted: called before it is done again.

        Raises:
            SessionGone: it may have begun; or no daemon was there in time. Whatever `work` raises.
        """
        while True:
            session = self.session
            try:
                return work()
            except SessionGone as gone:
                if once and not gone.unheard:
                    raise
                self.renew(session, gone)
                if restarted is not None:
                    restarted()

    def renew(self, session: Session, gone: SessionGone) -> None:
        """Put another session in the place of one that is gone, unless another thread has done so.

        Raises:
            SessionGone: `gone`; there is to be no other one, or no daemon was there in time.
        """
        if self._again is None:
            raise gone
        from rsh.client.dialling.reaching import reach_again

        with self._renewal:
            if self.session is not session:
                return
            made = reach_again(self._again, self._patience, gone, self._closed)
            self.session = made
        self.renewed(made)
        if self._closed.is_set():  # by somebody who did not see it
            made.close()
            raise LinkError("the session was closed")


def _nothing(session: Session) -> None:
    """There is nobody who would have to know."""
