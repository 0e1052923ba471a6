"""Runs a whole operation again on a new session when its own is gone: the daemon was restarted beneath it.

Only for what may be done twice: a transfer, whose second run finds what the first has left, or a look at something. A
lost connection is none of this: the session goes on by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from rsh.errors import Code, LinkError, Refused, SessionGone
from rsh.session.deadline import Deadline

if TYPE_CHECKING:
    from rsh.client.cli.command import Command
    from rsh.client.cli.context import Context
    from rsh.client.cli.options import Options

T = TypeVar("T")

# Seconds between two attempts to reach a daemon that is being restarted; doubled each time, up to the second number.
PAUSES: Final = (0.05, 1.5)


def is_repeatable(command: Command, options: Options) -> bool:
    """Tell whether a command may be run again from the start: not if it reads our stdin, or prints as it goes on."""
    paths = getattr(options, "paths", None) or []
    prints_parts = command.name == "ls" and (options.recursive or len(paths) > 1)
    return command.repeatable and not prints_parts and "-" not in paths


def repeating(context: Context, run: Callable[[], int]) -> int:
    """Run an operation, and again on a new session as often as its session is gone; give its status."""
    while True:
        try:
            return run()
        except SessionGone as error:
            dial_again(context, error, context.patience)


def dial_again(context: Context, gone: SessionGone, patience: float | None) -> None:
    """Replace the connection of a context by a new one; wait for the daemon while it is being restarted.

    Args:
        patience: seconds that it may take, None: any time.

    Raises:
        SessionGone: nobody was there within the time for that. RshError: whoever is there does not want us.
    """

    def dial() -> None:
        context.close()
        context.wait_connected()

    reach_again(dial, patience, gone, threading.Event())


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
