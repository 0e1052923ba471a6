"""The entry point of `rsh`: joins the client with the server that it can carry inside."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # A Ctrl-C while modules are imported shows a traceback, until main() runs: typing can wait.
if TYPE_CHECKING:
    from rsh.transport.stream import Stream


def main() -> int:
    """Run the command line and end the process with its status."""
    # While modules are imported a Ctrl-C simply ends us, as it would a program that has not begun yet. One of these is
    # `signal`; what it is made of is there already.
    __import__("_signal").signal(2, 0)  # SIGINT, SIG_DFL
    import signal

    from rsh.client.cli.main import main as client_main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = client_main(embedded=embedded)
    except SystemExit as leaving:  # A signal has ended it, and what follows is to be done all the same.
        status = leaving.code if isinstance(leaving.code, int) else 1
    try:
        sys.stdout.flush()
    except OSError as error:
        # What could not be written has been complained about, if it could be. The interpreter's end must not try again.
        status = 128 + signal.SIGPIPE if isinstance(error, BrokenPipeError) else status or 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if "rsh.embedded" in sys.modules:
        from rsh.embedded import wait_ended

        wait_ended()
        return status
    # Nothing is left to be tidied up, and the interpreter's own end takes 8 ms.
    os._exit(status)


def embedded() -> Stream:
    """Dial the server inside; its modules are imported only now."""
    from rsh.embedded import dial

    return dial()
