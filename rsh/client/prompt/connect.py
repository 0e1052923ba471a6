"""`rsh connect`: decides how lines come, and prepares what the prompt needs while the connection is being made."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.cli.settings import Settings
from rsh.client.commands.sessions import called, checked_name, checked_word, run_attach_here, running, shells
from rsh.client.editor.history import History, file_name
from rsh.client.editor.lines import is_remote
from rsh.client.prompt.dispatch import run_line
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.shell.joining import SCROLLBACK, Joining
from rsh.client.shell.notes import no_shell
from rsh.client.shell.shell import Leave, Shell
from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.shell.wishes import wishes_of
from rsh.client.terminal.console import is_terminal
from rsh.client.terminal.passthrough import OutputClosed
from rsh.client.text.complaints import complain
from rsh.client.text.units import duration
from rsh.errors import LinkError, Refused, RshError, UsageError, exit_status

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.client.editor.name import Name
    from rsh.client.editor.screen import Screen
    from rsh.client.prompt.offers import Offers
    from rsh.client.prompt.offline import Offline

# An outage that was shorter is not worth a line, in seconds.
SHORT: Final = 2.0

DUMB: Final = ("", "dumb", "unknown")  # terminals that do not know escape sequences


def run_connect(context: Context, options: Options) -> int:
    """Carry out `rsh connect`: a batch when lines do not come from a keyboard, else the prompt.

    Returns:
        In a batch, the status of the line that ended it; from the prompt, what `exit` was given, else 0.

    Raises:
        BrokenPipeError: nobody reads our stdout.
    """
    return _run(context, options, Joining(name="" if options.name is None else checked_name(options.name)))


def run_attach(context: Context, options: Options) -> int:
    """Carry out `rsh attach`: the prompt of a shell that is there; at a prompt, this one goes there.

    Returns, raises: as run_connect.
    """
    if isinstance(context, PromptContext):
        return run_attach_here(context, options)
    scrollback = SCROLLBACK if options.scrollback is None else options.scrollback
    joining = Joining(checked_word(options.shell or ""), True, options.read_only, options.steal, scrollback)
    for name, value in (("commands", []), ("batch", None), ("keep_going", False)):
        setattr(options, name, value)
    return _run(context, options, joining)


def _run(context: Context, options: Options, joining: Joining) -> int:
    try:
        return _run_as_asked(context, options, joining)
    except OutputClosed as error:
        raise BrokenPipeError from error


def _run_as_asked(context: Context, options: Options, joining: Joining) -> int:
    interactive = is_terminal(0) and is_terminal(1)
    wishes = wishes_of(options, context.host)
    lines = None if joining.attach else _given_lines(options)
    settings = _settings(options)
    with PromptContext(context, wishes, terminal=interactive and options.batch != "-", settings=settings) as prompt:
        if isinstance(prompt.shell, TerminalShell):
            prompt.shell.joining = joining
        elif joining.attach or joining.name:
            raise UsageError("a living shell needs a terminal", advice="without one: rsh exec, rsh jobs")
        first = [] if options.no_rc or joining.attach else _first_lines()
        if lines is not None:
            return _run_batch(prompt, first, lines)
        if options.plain or _wants_plain() or not interactive:
            return _run_plain(prompt, options, first)
        return _run_on_screen(prompt, first)


def _settings(options: Options) -> Settings:
    """Take what the configuration sets; a wrong one is told, and keeps nobody from working."""
    from rsh.client.dialling.configuration import prompt_settings

    settings = Settings()
    try:
        for name, value in ({} if options.no_rc else prompt_settings()).items():
            settings.set(name, value)
    except UsageError as error:
        complain("connect", error)
    if options.keep_going:
        settings.set("stop", "off")
    return settings


def _first_lines() -> list[str]:
    """Give the lines of the user's rc file, which run before all others; none when there is no such file."""
    from rsh.client.prompt.batch import lines_of
    from rsh.places import config_dir

    try:
        path = os.path.join(config_dir(), "rc")
        return list(lines_of(path)) if os.path.exists(path) else []
    except RshError as error:
        complain("connect", error)
        return []


def _given_lines(options: Options) -> Iterable[str] | None:
    """Give the lines of a batch; None when they are to be typed."""
    from rsh.client.prompt.batch import lines_of

    if options.commands or options.batch:
        return _chained(options.commands, lines_of(options.batch) if options.batch else ())
    return None if is_terminal(0) else lines_of("-")


def _chained(first: Iterable[str], second: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from second


def _wants_plain() -> bool:
    return os.environ.get("RSH_PLAIN", "") not in ("", "0") or os.environ.get("TERM", "") in DUMB


def _run_batch(context: PromptContext, first: Iterable[str], lines: Iterable[str]) -> int:
    from rsh.client.dialling.dial import CONNECT_TIMEOUT
    from rsh.client.prompt.batch import run_batch
    from rsh.session.deadline import Deadline

    context.quiet, context.asks = True, False
    context.color = "never" if context.color == "auto" else context.color
    context.remote.wait_connected(Deadline(CONNECT_TIMEOUT))  # who cannot connect fails before the first line
    try:
        run_batch(first, lambda line: run_line(context, line), lambda: False)
        settings = context.settings
        stops, echoes = lambda: settings.on("stop"), lambda: settings.on("echo")
        status = run_batch(lines, lambda line: run_line(context, line), stops, echoes)
        return context.transfers.finish() or status
    except Leave as leave:
        return context.status if leave.status is None else leave.status


def _run_plain(context: PromptContext, options: Options, first: Iterable[str]) -> int:
    from rsh.client.editor.plain import PlainScreen
    from rsh.client.prompt.repl import Repl

    context.quiet = True  # no bar, which would redraw its line
    context.color = "never"
    os.environ["TERM"] = "dumb"  # for commands here and over there
    with PlainScreen(options.prompt, ready=options.ready_marker, echo=not options.no_echo) as screen:
        if isinstance(context.shell, TerminalShell):
            context.shell.ahead = screen.take_ahead
        return Repl(context, screen, _open_history(context), first).run()


def _run_on_screen(context: PromptContext, first: Iterable[str]) -> int:
    """Show the prompt; what it takes is imported while the connection is being made and the shell begins."""
    loading = threading.Thread(target=__import__, args=("rsh.client.editor.screen",), name="loading", daemon=True)
    loading.start()
    remote = context.remote
    gc.disable()  # As in main(): the first prompt has not got the time.
    from rsh.client.editor.banner import RoundTrip, greet
    from rsh.client.editor.marks import wants_marks
    from rsh.client.editor.name import Name
    from rsh.client.editor.names import ClientNames, Memory
    from rsh.client.prompt.leaving import farewell
    from rsh.client.prompt.link_state import PromptLink
    from rsh.client.prompt.offline import Offline
    from rsh.client.prompt.repl import Repl
    from rsh.client.text.colors import wants_color

    round_trip = RoundTrip(remote)
    shell = context.shell
    offers = _offers(context, remote, shell)
    if isinstance(shell, TerminalShell):
        shell.begin()
    loading.join()
    from rsh.client.editor.screen import Screen

    gc.freeze()
    gc.enable()
    memory = Memory(lambda kind, word, directory: _ask(context, kind, word, directory))
    names = ClientNames(memory, lambda: context.shell.directory)
    names.background = lambda: [Name(str(each.number), about=each.label) for each in context.transfers.running()]
    history = _open_history(context)
    color = wants_color(context.color, terminal=True)
    screen = Screen(history, names, context.settings, color=color, marked=wants_marks(os.environ))
    context.transfers.above = screen.print_above
    memory.told, context.knows = screen.answered, names.still_knows
    if isinstance(shell, TerminalShell):
        shell.above, shell.call, shell.ahead = screen.print_above, screen.call_away, screen.take_ahead
        shell.wishes.quits = False
        shell.wishes.taken, screen.goes_on = screen.hand_over, lambda line: shell.waits and is_remote(line)
    if not context.quiet:
        session = shell.called if isinstance(shell, TerminalShell) and shell.lives_on else ""
        greet(remote, round_trip, session, color=color)
    if offers is not None:
        offers.tell(print_lines, lambda lines: screen.print_above("".join(f"{line}\n" for line in lines).encode()))
    if isinstance(shell, TerminalShell):
        shell.begin_behind(lambda error: _tell_begun(context, shell, screen, error))
    link = PromptLink(
        lambda: context.connected, screen.refresh, lambda lasted: tell_back(context, screen, offline, lasted)
    )
    offline = Offline(context, link.away, screen.keep)
    screen.link, screen.toolbar, screen.jobs = link.words, link.toolbar, context.jobs
    screen.begins = lambda: tell_missed(context, screen)  # the connection came back when the last look was over
    link.renew()
    if isinstance(shell, TerminalShell):
        shell.back, shell.changed = link.renew, screen.refresh
        shell.returned = lambda lasted: tell_back(context, screen, offline, lasted)

    def after_line() -> None:
        memory.forget()
        link.renew()

    try:
        status = Repl(context, screen, history, first, after_line=after_line, offline=offline).run()
    finally:
        link.close()
        memory.close()
    if not context.quiet and (words := farewell(context)):
        print_lines([words])
    return status


def _offers(context: PromptContext, remote: Remote, shell: Shell | TerminalShell) -> Offers | None:
    """Ask for shells that were left over there, for whoever opens a new one."""
    if context.quiet or context.host is None or not isinstance(shell, TerminalShell) or shell.joining.attach:
        return None
    from rsh.client.prompt.offers import Offers

    return Offers(remote, context.host, lambda: shell.id)


def tell_back(context: PromptContext, screen: Screen, offline: Offline, lasted: float) -> None:
    """Say that the connection is back after so many seconds, 0 if it never will be; run what has waited."""
    if lasted >= SHORT and (screen.waits or not context.shell.running):  # A line that runs over there tells it itself.
        context.missed = lasted
        tell_missed(context, screen)
    if offline.waits:
        screen.call_away()


def tell_missed(context: PromptContext, screen: Screen) -> None:
    """Say above the prompt that the connection is back, if there is a prompt, and nobody has said it."""
    if screen.waits and (missed := context.take_missed()):
        screen.print_above(f"rsh: connected again after {duration(missed)}\n".encode())


def _tell_begun(context: PromptContext, shell: TerminalShell, screen: Screen, error: RshError | None) -> None:
    """Show where the shell stands, or why there is none: a key that may have none still has all that concerns files."""
    if isinstance(error, Refused):
        screen.print_above(no_shell(error).encode())
        context.status = error.exit_status
    elif error is None and shell.ended is not None:
        screen.end(exit_status(shell.ended))
    elif error is None:
        screen.stand(shell.directory)


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
    from rsh.client.editor.name import Name

    remote = context.connected
    if remote is None:
        raise LinkError("not connected")
    if kind == "shell":
        return [Name(called(entry), about=running(entry)) for entry in shells(remote) if entry.id != context.shell.id]
    candidates = remote.complete(kind, word, directory, context.shell.id)
    return [
        Name(os.fsdecode(each.text), each.directory, each.about, each.raw, each.goes_on, each.link)
        for each in candidates
    ]
