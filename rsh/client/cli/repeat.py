"""Runs a whole operation again on a new session when its own is gone: the daemon was restarted beneath it.

Only for what may be done twice: a transfer, whose second run finds what the first has left, or a look at something. A
lost connection is none of this: the session goes on by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rsh.client.api.remote_copies import ONCE
from rsh.client.cli.outage import PATIENCE
from rsh.client.dialling.reaching import reach_again
from rsh.client.text.complaints import say
from rsh.errors import SessionGone
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.client.cli.command import Command
    from rsh.client.cli.context import Context
    from rsh.client.cli.options import Options


def is_repeatable(command: Command, options: Options) -> bool:
    """Tell whether a command may be run again from the start.

    Not if it reads our stdin, or prints as it goes on, or would take what has arrived for something that is in the way.
    """
    paths = getattr(options, "paths", None) or []
    prints_parts = command.name == "ls" and (options.recursive or len(paths) > 1)
    steps_aside = getattr(options, "on_conflict", None) in ONCE
    return command.repeatable and not (prints_parts or steps_aside) and "-" not in paths


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

    with _telling(context, gone):
        reach_again(dial, patience, gone, threading.Event())


@contextmanager
def _telling(context: Context, gone: SessionGone) -> Iterator[None]:
    """Say that the next daemon is waited for, if that takes long enough to be wondered at."""
    words = f"rsh: {context.verb}: {printable(str(gone))}; waiting for the next one to begin again\n"
    timer = threading.Timer(PATIENCE, say, (words,))
    timer.daemon = True
    if not context.quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
