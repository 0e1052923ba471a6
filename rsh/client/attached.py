"""A remote command in the foreground here: our streams are its streams, our signals and window changes reach it.

What `rsh exec` and the lines of the prompt have in common.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rsh.client.passthrough import Attachable, Passthrough, Sink, to_stderr, to_stdout
from rsh.client.signals import SignalRelay, name_of
from rsh.session.deadline import NEVER, Deadline

if TYPE_CHECKING:
    from rsh.client.console import RawMode

FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_attached(
    process: Attachable,
    *,
    terminal: bool = False,
    stdin: int | None = 0,
    stdout: Sink = to_stdout,
    stderr: Sink = to_stderr,
    deadline: Deadline = NEVER,
) -> int:
    """See a command to its end, from the main thread. The process is closed afterwards, however it went.

    Args:
        terminal: the command has a terminal; ours becomes a raw wire to it, and is put back on every way out.
        stdin: descriptor of its input; None sends none.

    Returns:
        As subprocess's returncode.

    Raises:
        passthrough.OutputClosed: nobody reads our stdout any more. RshError: as RemoteProcess.wait.
    """
    passthrough = Passthrough(process, stdin=stdin, stdout=stdout, stderr=None if terminal else stderr)
    if not terminal:
        with SignalRelay(FORWARDED, lambda number: process.signal(name_of(number))):
            return passthrough.run(deadline)
    from rsh.client.console import RawMode

    with RawMode(0) as raw:
        ours = _TerminalSignals(process, raw)
        with SignalRelay((*FORWARDED, signal.SIGWINCH, signal.SIGCONT), ours.act):
            ours.act(signal.SIGWINCH)  # The window may have changed while the command was being started.
            return passthrough.run(deadline)


class _TerminalSignals:
    """What signals mean while our terminal is a wire to the one over there."""

    def __init__(self, process: Attachable, raw: RawMode) -> None:
        self._process = process
        self._raw = raw

    def act(self, number: int) -> None:
        from rsh.client.console import size

        if number == signal.SIGCONT:
            self._raw.resume()
        if number in (signal.SIGWINCH, signal.SIGCONT):
            self._process.resize(*size())
        else:
            self._process.signal(name_of(number))


def passed_environment(own: Mapping[bytes, bytes] = os.environb, *, terminal: bool) -> dict[bytes, bytes]:
    """Give what a command gets of our own environment: the language, and what the terminal can do if it has one."""
    names = (b"TERM", b"COLORTERM") if terminal else (b"COLORTERM",)
    return {name: value for name, value in own.items() if name in (b"LANG", *names) or name.startswith(b"LC_")}
