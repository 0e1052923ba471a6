"""A remote command in the foreground here: our streams are its streams, our signals and window changes reach it.

What `rsh exec`, `rsh shell` and the lines of the prompt have in common.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rsh.client.terminal.passthrough import Attachable, Left, Passthrough, Sink, to_stderr, to_stdout
from rsh.client.terminal.signals import SignalRelay, name_of
from rsh.session.deadline import NEVER, Deadline

if TYPE_CHECKING:
    from rsh.client.shell.wishes import Wishes
    from rsh.session.session import Session

FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ON_TERMINAL: Final = (*FORWARDED, signal.SIGQUIT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


def run_attached(
    process: Attachable,
    *,
    terminal: bool = False,
    stdin: int | None = 0,
    stdout: Sink = to_stdout,
    stderr: Sink = to_stderr,
    deadline: Deadline = NEVER,
    wishes: Wishes | None = None,
    session: Session | None = None,
) -> int:
    """See a command to its end, from the main thread. The process is closed afterwards, however it went.

    Args:
        terminal: the command has a terminal; ours becomes a raw wire to it, and is put back on every way out.
        stdin: descriptor of its input; None sends none.
        wishes: for a terminal.
        session: the command's. While it has no connection, a signal ends our waiting: nobody over there would hear it.

    Returns:
        As subprocess's returncode.

    Raises:
        passthrough.OutputClosed: nobody reads our stdout any more. passthrough.Left: the user left by an escape.
        SystemExit: TERM, HUP or QUIT while on a terminal. RshError: as RemoteProcess.wait.
    """
    if terminal:
        from rsh.client.shell.wishes import Wishes

        return _run_on_terminal(process, stdin, stdout, deadline, wishes or Wishes())
    return _run_without_terminal(
        process, Passthrough(process, stdin=stdin, stdout=stdout, stderr=stderr), deadline, session
    )


def _run_without_terminal(
    process: Attachable, passthrough: Passthrough, deadline: Deadline, session: Session | None
) -> int:
    from rsh.client.cli.outage import Outage

    outage = Outage(session)

    def act(number: int) -> None:
        if outage.lasts:
            passthrough.give_up(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))
        else:
            process.signal(name_of(number))

    with SignalRelay(FORWARDED, act), outage:
        return passthrough.run(deadline)


def _run_on_terminal(process: Attachable, stdin: int | None, stdout: Sink, deadline: Deadline, wishes: Wishes) -> int:
    from rsh.client.shell.foreground import Foreground
    from rsh.client.shell.handover import Handover, takes_output
    from rsh.client.terminal.console import is_terminal
    from rsh.client.terminal.modes import Modes

    handover = Handover(
        wishes.modes or Modes(),
        show=stdout,
        looks=wishes.looks,
        transcoder=wishes.transcoder,
        shown=wishes.shown,
        taken=wishes.taken,
    )
    foreground = Foreground(process, handover, wishes)
    typing = stdin is not None and is_terminal(stdin)
    passthrough = Passthrough(
        process, stdin=stdin, stdout=handover.show, stderr=None, feed=foreground.keyboard().feed if typing else None
    )
    foreground.give_up = passthrough.give_up
    try:
        with SignalRelay(ON_TERMINAL, foreground.act), handover, foreground:
            foreground.act(signal.SIGWINCH)  # The window may have changed while the command was being started.
            return passthrough.run(deadline)
    except Left as left:
        if not takes_output(2):
            raise SystemExit(left.exit_status) from left  # The message would wait for ever.
        raise


def passed_environment(
    own: Mapping[bytes, bytes] = os.environb, *, terminal: bool, language: bool = True
) -> dict[bytes, bytes]:
    """Give what a command gets of our own environment: the language, and what the terminal can do if it has one.

    Args:
        language: False where another encoding is spoken than here: then the other side's own language is the right one.
    """
    names = (b"TERM", b"COLORTERM") if terminal else (b"COLORTERM",)
    passed = {name: value for name, value in own.items() if name in names}
    if language:
        passed |= {name: value for name, value in own.items() if name == b"LANG" or name.startswith(b"LC_")}
    return passed
