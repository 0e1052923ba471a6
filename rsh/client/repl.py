"""`rsh connect`: asks for lines, has each run, and keeps what lives on between them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from rsh.client.complaints import say
from rsh.client.console import is_terminal
from rsh.client.context import Context
from rsh.client.dispatch import run_line
from rsh.client.history import History, file_name
from rsh.client.options import Options
from rsh.client.passthrough import OutputClosed
from rsh.client.prompt_context import PromptContext
from rsh.client.prompt_text import Place
from rsh.client.shell import Leave
from rsh.client.terminal_shell import TerminalShell
from rsh.errors import LinkError, Refused, RshError

if TYPE_CHECKING:
    from rsh.client.completion import Name
    from rsh.client.names import Memory

INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell shows it
DUMB: Final = ("", "dumb", "unknown")  # terminals that do not know escape sequences


class LineSource(Protocol):
    """What lines come from: a screen."""

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Show the prompt and wait for a line; EOFError at the end, KeyboardInterrupt when it was dropped."""

    def leave(self, status: int) -> None:
        """End the program from a signal handler, leaving the terminal as it was found."""


def run_connect(context: Context, options: Options) -> int:
    """Carry out `rsh connect`: a batch when lines do not come from a keyboard, else the prompt.

    Returns:
        In a batch, the status of the line that ended it; from the prompt, what `exit` was given, else 0.

    Raises:
        BrokenPipeError: nobody reads our stdout.
    """
    try:
        return _run_as_asked(context, options)
    except OutputClosed as error:
        raise BrokenPipeError from error


def _run_as_asked(context: Context, options: Options) -> int:
    interactive = is_terminal(0) and is_terminal(1)
    lines = _given_lines(options)
    with PromptContext(context, terminal=interactive and options.batch != "-") as prompt:
        if lines is not None:
            return _run_batch(prompt, lines)
        if options.plain or _wants_plain() or not interactive:
            return _run_plain(prompt, options.prompt)
        return _run_on_screen(prompt)


def _given_lines(options: Options) -> Iterable[str] | None:
    """Give the lines of a batch; None when they are to be typed."""
    from rsh.client.batch import lines_of

    if options.commands or options.batch:
        return _chained(options.commands, lines_of(options.batch) if options.batch else ())
    return None if is_terminal(0) else lines_of("-")


def _chained(first: Iterable[str], second: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from second


def _wants_plain() -> bool:
    return os.environ.get("RSH_PLAIN", "") not in ("", "0") or os.environ.get("TERM", "") in DUMB


def _run_batch(context: PromptContext, lines: Iterable[str]) -> int:
    from rsh.client.batch import run_batch
    from rsh.client.dial import CONNECT_TIMEOUT
    from rsh.session.deadline import Deadline

    context.quiet = True
    context.color = "never" if context.color == "auto" else context.color
    context.remote.wait_connected(Deadline(CONNECT_TIMEOUT))  # who cannot connect fails before the first line
    try:
        return run_batch(lines, lambda line: run_line(context, line))
    except Leave as leave:
        return context.status if leave.status is None else leave.status


def _run_plain(context: PromptContext, prompt: str) -> int:
    from rsh.client.plain import PlainScreen

    context.quiet = True  # no bar, which would redraw its line
    context.color = "never"
    os.environ["TERM"] = "dumb"  # for commands here and over there
    return _run_prompt(context, PlainScreen(prompt), _open_history(context), None)


def _run_on_screen(context: PromptContext) -> int:
    """Show the prompt; what it takes is imported while the connection is being made."""
    loading = threading.Thread(target=__import__, args=("rsh.client.screen",), name="loading", daemon=True)
    loading.start()
    remote = context.remote
    from rsh.client.banner import RoundTrip, greet
    from rsh.client.colors import wants_color
    from rsh.client.marks import wants_marks
    from rsh.client.names import ClientNames, Memory

    round_trip = RoundTrip(remote)
    shell = context.shell
    if isinstance(shell, TerminalShell):
        shell.begin()
    loading.join()
    from rsh.client.screen import Screen

    memory = Memory(lambda kind, word, directory: _ask(context, kind, word, directory))
    names = ClientNames(memory, lambda: context.shell.directory)
    history = _open_history(context)
    color = wants_color(context.color, terminal=True)
    screen = Screen(history, names, color=color, marked=wants_marks(os.environ))
    if isinstance(shell, TerminalShell):
        shell.above = screen.print_above
    if not context.quiet:
        greet(remote, round_trip)
    try:
        return _run_prompt(context, screen, history, memory)
    finally:
        memory.close()


def _open_history(context: PromptContext) -> History:
    from rsh.places import state_dir

    remote = context.remote
    try:
        folder = os.path.join(state_dir(), "history")
    except RshError:
        folder = ""  # No home: then nothing is kept.
    context.history = History(
        os.path.join(folder, file_name(remote.account, remote.name.rpartition("@")[2] or remote.system))
    )
    return context.history


def _ask(context: PromptContext, kind: str, word: bytes, directory: bytes) -> list[Name]:
    """Ask the other side for completions; a lost connection is not made again for that."""
    from rsh.client.completion import Name

    remote = context.connected
    if remote is None:
        raise LinkError("not connected")
    return [Name(os.fsdecode(found.text), found.directory) for found in remote.complete(kind, word, directory)]


def _run_prompt(context: PromptContext, screen: LineSource, history: History, memory: Memory | None) -> int:
    """Ask for lines and run them till one ends the prompt."""
    remote = context.remote
    account, system, home = remote.account, remote.system, remote.home
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: screen.leave(128 + received))
    if isinstance(context.shell, TerminalShell):
        _settle(context, context.shell)
    while True:
        place = Place(account, system, context.shell.directory, home, context.status)
        try:
            text = screen.read(place, fresh_line=context.shell.fresh_line)
        except KeyboardInterrupt:
            context.status, context.shell.fresh_line = INTERRUPTED, True
            continue
        except EOFError:
            return 0
        try:
            _run_kept(context, text, history)
        except Leave as leave:
            return leave.status or 0
        if memory is not None:
            memory.forget()


def _settle(context: PromptContext, shell: TerminalShell) -> None:
    """Wait for the shell to be there. A key that may have none still has all that concerns files."""
    try:
        shell.settle()
    except Refused as error:
        say(f"rsh: no shell: {error}\n")
        context.status = error.exit_status


def _run_kept(context: PromptContext, text: str, history: History) -> None:
    """Run a line and keep it in the history; Ctrl-C ends it, not the prompt."""
    item = history.begin(text, context.shell.directory)
    begun = time.monotonic()
    try:
        if text.strip():
            run_line(context, text)
    except KeyboardInterrupt:
        say("\n")
        context.status = INTERRUPTED
    finally:
        history.end(item, context.status, time.monotonic() - begun)
