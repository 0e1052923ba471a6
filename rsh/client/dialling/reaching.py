"""How a daemon is reached again that is being restarted: it takes a moment until the next one is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from rsh.errors import Code, LinkError, Refused, SessionGone
from rsh.session.deadline import Deadline

T = TypeVar("T")

# Seconds between two attempts to reach a daemon that is being restarted; doubled each time, up to the second number.
PAUSES: Final = (0.05, 1.5)


def reach_again(reach: Callable[[], T], patience: float | None, gone: SessionGone, stopped: threading.Event) -> T:
    """Try to reach a daemon that is being restarted until it works; give what that gives.

    Args:
        patience: seconds that it may take, None: any time.
        stopped: when it is set nobody wants it any more.

    Raises:
        SessionGone: `gone`; it took too long, or was stopped. RshError: whoever is there does not want us.
    """
    deadline = Deadline(patience)
    pause = PAUSES[0]
    while not (deadline.expired or stopped.is_set()):
        try:
            return reach()
        except LinkError:
            pass
        except Refused as error:
            if error.code not in (Code.SHUTDOWN, Code.BUSY, Code.NO_SESSION):
                raise
        left = deadline.left()
        stopped.wait(pause if left is None else min(pause, left))
        pause = min(2 * pause, PAUSES[1])
    raise gone
