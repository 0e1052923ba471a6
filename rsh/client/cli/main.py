"""The command line: finds the command in the table, parses its words, runs it and turns errors into an exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from rsh.client.cli.context import Context
from rsh.client.cli.location import locate
from rsh.client.cli.options import Options, parse, split_leading
from rsh.client.cli.table import GLOBAL, Command, commands, find
from rsh.client.terminal.crashes import Crashes
from rsh.client.text import complaints
from rsh.errors import RshError, SessionGone, UsageError

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.transport.stream import Stream


# Commands that keep a terminal busy until their user leaves.
STAYING: Final = ("connect", "shell", "attach")

# Commands with a connection of their own: they stay, or it is the connection that they are about.
ALONE: Final = (*STAYING, "ping", "info", "mux")

# Commands that show by themselves that there is no connection: by their bar, beside their program, in their editor.
SHOWING: Final = (*STAYING, "exec", "put", "get", "sync", "edit")

# How long others may be without a connection, in seconds: a night's job must not hang for ever.
RECONNECT_TIMEOUT: Final = 600.0


def main(argv: Sequence[str] | None = None, embedded: Callable[[], Stream] | None = None) -> int:
    """Run one command line and give its exit status.

    Args:
        argv: the words after the program's name; None takes sys.argv.
        embedded: makes a stream to a server inside this process, for `rsh connect` with no host.
    """
    _open_standard_descriptors()
    gc.disable()  # While modules are imported it finds nothing, and that costs 5 ms.
    leading, words = split_leading(list(sys.argv[1:] if argv is None else argv))
    verb, color = "", "auto"
    crashes = Crashes(debug=_wants_debug(leading))
    try:
        command = _choose(leading, words)
        if command is None:
            return 0 if leading or words else 2
        verb = command.name
        options = parse(command, leading + words[1:], "cli")
        color = options.color
        crashes.debug = crashes.debug or options.debug or options.verbose > 1
        with crashes:
            status = _run(command, options, embedded, debug=crashes.debug)
        return status if crashes.first is None else _complain_of_bug(verb, crashes.first, status)
    except SystemExit:
        if crashes.first is None:
            raise
        return _complain_of_bug(verb, crashes.first)
    except RshError as error:
        if crashes.debug:
            _print_traceback()
        complaints.complain(verb, error, color=color)
        return error.exit_status
    except BrokenPipeError:  # of our own stdout; the link's are LinkErrors
        return _die_of("SIGPIPE")
    except KeyboardInterrupt:
        return _die_of("SIGINT")
    except Exception as error:  # a net for bugs
        if crashes.debug:
            raise
        return _complain_of_bug(verb, error)
    finally:
        gc.enable()


def _wants_debug(leading: list[str]) -> bool:
    """Tell whether tracebacks are wanted, before the options are parsed, which may fail."""
    told = sum(word.count("v") for word in leading if word.startswith("-") and not word.startswith("--"))
    told += leading.count("--verbose")
    return "--debug" in leading or told > 1 or os.environ.get("RSH_DEBUG", "") not in ("", "0")


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _complain_of_bug(verb: str, error: BaseException, status: int = RshError.exit_status) -> int:
    """Say that something is wrong with rsh itself, or with what this machine can spare; give the exit status."""
    if isinstance(error, MemoryError) or "start new thread" in str(error):
        complaints.complain(verb, RshError("not enough memory here, or too many processes"))
        return status
    complaints.complain(verb, RshError(f"internal error: {error!r}", advice="-vv shows where"))
    return status


def _open_standard_descriptors() -> None:
    """Open what was closed of stdin, stdout and stderr, lest a socket take its number and what is meant for it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _choose(leading: list[str], words: list[str]) -> Command | None:
    """Find the command that is meant; None when all has been said: --version, help, or nothing was asked."""
    if any(word in ("--version", "-V") for word in leading):
        _print_version()
        return None
    if leading and not words and not any(word in ("--help", "-h") for word in leading):
        raise UsageError(_without_command(leading), advice="all commands: rsh --help")
    if not words or words[0] == "help":
        _print_help(words[1:], sys.stdout if leading or words else sys.stderr)
        return None
    return _must_find(words[0])


def _without_command(leading: list[str]) -> str:
    """Say what is wrong with options that no command follows: the first that nobody knows, else that none follows."""
    known = {flag for argument in GLOBAL for flag in argument.flags}
    strange = [word for word in leading if word.startswith("-") and word.partition("=")[0] not in known]
    return f"unrecognized option '{strange[0]}'" if strange else "missing COMMAND"


def _must_find(name: str) -> Command:
    command = find(name, "cli")
    if command is None:
        raise UsageError(f"no command '{name}'", advice=_nearest(name))
    return command


def _print_version() -> None:
    from rsh import __version__

    _print(f"rsh {__version__}\n", sys.stdout)


def _print_help(topics: list[str], out: TextIO) -> None:
    from rsh.client.cli.help import overview, page

    for topic in topics:
        _print(page(_must_find(topic), "cli"), out)
    if not topics:
        _print(overview("cli"), out)


def _print(text: str, out: TextIO) -> None:
    from rsh.client.cli.output import writing

    with writing():
        out.write(text)
        out.flush()


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [command.name for command in commands("cli")], 1)
    return f"did you mean '{near[0]}'?" if near else f"all commands: rsh --help; a prompt there: rsh connect {name}"


def _run(command: Command, options: Options, embedded: Callable[[], Stream] | None, *, debug: bool) -> int:
    if options.help:
        from rsh.client.cli.help import page

        _print(page(command, "cli"), sys.stdout)
        return 0
    host = locate(command, options)
    patience = _patience(command, options)
    shared = _shares(command, options)
    renews = command.name not in STAYING  # Those begin another session with what they know of the last.
    with Context("cli", lambda: _open(host, embedded, patience, shared, renews=renews), host=host) as context:
        context.verb = command.name
        context.quiet, context.color = options.quiet, options.color
        context.debug, context.verbose = debug, bool(options.verbose)
        context.patience, context.shared = patience, shared
        context.tells = command.name not in SHOWING or "-" in (getattr(options, "paths", None) or ())
        status = carry_out(context, command, options)
        from rsh.client.cli.output import writing

        with writing():
            sys.stdout.flush()
    return status


def carry_out(context: Context, command: Command, options: Options) -> int:
    """Run a command; again if the daemon was restarted beneath it and that does no harm. Give its status.

    It does none if the daemon was on its way out already when we came: what we asked for has not begun.
    """
    run = load(command)
    try:
        return run(context, options)
    except SessionGone as error:
        from rsh.client.cli.repeat import dial_again, is_repeatable, repeating
        from rsh.client.dialling.dial import CONNECT_TIMEOUT

        if not context.welcome:
            dial_again(context, error, CONNECT_TIMEOUT)
            return carry_out(context, command, options)
        if not is_repeatable(command, options):
            raise
        dial_again(context, error, context.patience)
        return repeating(context, lambda: run(context, options))


def load(command: Command) -> Callable[[Context, Options], int]:
    """Import the function that carries out a command."""
    module, _, name = command.run.partition(":")
    __import__(module)
    function: Callable[[Context, Options], int] = getattr(sys.modules[module], name)
    return function


def _patience(command: Command, options: Options) -> float | None:
    """Give the seconds that we stay without a connection: before a terminal somebody sits who decides."""
    if options.reconnect_timeout is not None:
        return float(options.reconnect_timeout)
    stays = command.name in STAYING or getattr(options, "terminal", False)
    return None if stays and os.isatty(0) and os.isatty(1) else RECONNECT_TIMEOUT


def _shares(command: Command, options: Options) -> bool:
    """Tell whether a command goes through the connection that all share."""
    if command.name in ALONE:
        return False
    from rsh.client.dialling.configuration import mux

    return (options.mux or mux()) == "auto"


def _open(
    host: str | None, embedded: Callable[[], Stream] | None, patience: float | None, shared: bool, *, renews: bool
) -> Remote:
    from rsh.client.api.remote import Remote, lasting
    from rsh.client.dialling.dial import dial

    dialled = dial(host, embedded=embedded, patience=patience, shared=shared)
    if not gc.isenabled():  # the first time: garbage that is there later is to be found
        gc.freeze()  # What was imported stays: without this the next collection looks through all of it, for 30 ms.
        gc.enable()
    return lasting(dialled, host, patience=patience, shared=shared) if renews else Remote(dialled)


def _die_of(name: str) -> int:
    """End as an unhandled signal ends a program, so that the shell that started us knows."""
    import signal

    number = getattr(signal, name)
    _abandon_stdout()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + int(number)


def _abandon_stdout() -> None:
    """Keep the interpreter's end from flushing into a pipe that is gone."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
    except OSError:
        pass
