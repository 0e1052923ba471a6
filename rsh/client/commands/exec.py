"""`rsh exec` and `rsh shell`: one command over there, or the account's login shell, as if it ran here.

Its streams, signals and exit status are ours.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.shell.attached import run_attached
from rsh.client.shell.wanted import asked_environment
from rsh.client.terminal.passthrough import Buffer, OutputClosed
from rsh.errors import CommandTimeout, DeadlineExpired, SessionGone, UsageError, exit_status
from rsh.session.deadline import Deadline

if TYPE_CHECKING:
    from rsh.client.api.process import RemoteProcess
    from rsh.client.shell.wishes import Wishes


def run_exec(context: Context, options: Options) -> int:
    """Carry out `rsh exec`; the exit status is the remote one."""
    if options.detach or options.id is not None:
        from rsh.client.commands.jobs import run_detached

        return run_detached(context, options)
    deadline = Deadline(options.timeout)
    try:
        return _run_json(context, options, deadline) if options.json else exit_status(_run(context, options, deadline))
    except DeadlineExpired as error:
        if deadline.expired:
            raise CommandTimeout(options.timeout) from error
        raise
    except OutputClosed as error:
        raise BrokenPipeError from error  # the program ends as others do whose reader has left


def run_shell(context: Context, options: Options) -> int:
    """Carry out `rsh shell`; the exit status is that of the login shell.

    With a keyboard it runs on a terminal; without one it reads its lines from our stdin, as with ssh(1).
    """
    from rsh.client.terminal.console import is_terminal

    as_exec = {"terminal": is_terminal(0), "command": [], "no_input": False, "timeout": None, "json": False}
    as_exec |= {"detach": False, "id": None}
    for name, value in as_exec.items():
        setattr(options, name, value)
    return run_exec(context, options)


def _run(context: Context, options: Options, deadline: Deadline, **sinks: Any) -> int:
    wishes = _wishes(context, options)
    context.spelling = wishes.spelling if wishes is not None else None
    process = _begin(context, options, deadline)
    if wishes is not None:
        wishes.session, wishes.shown = context.begin().session, not sinks
    stdin = None if options.no_input else 0
    session = context.begin().session
    return run_attached(
        process, terminal=options.terminal, stdin=stdin, deadline=deadline, wishes=wishes, session=session, **sinks
    )


def _begin(context: Context, options: Options, deadline: Deadline) -> RemoteProcess:
    """Send the request, and again to the next daemon as long as it has certainly not begun."""
    while True:
        process = _start(context, options, language=options.encoding is None)
        context.wait_connected()
        if not context.shared:
            return process  # Whoever welcomes us takes requests.
        try:
            process.wait_begun(deadline)
            return process
        except SessionGone as gone:
            if not gone.unheard:
                raise
            from rsh.client.cli.repeat import dial_again

            dial_again(context, gone, context.patience)


def _wishes(context: Context, options: Options) -> Wishes | None:
    """Read what concerns the terminal, before anything is asked of the other side."""
    if not options.terminal:
        if options.encoding is not None and options.command:
            raise UsageError("--encoding needs -t: without a terminal bytes pass as they are")
        if options.escape is None and options.encoding is None:
            return None
    from rsh.client.shell.wishes import wishes_of

    wishes = wishes_of(options, context.host)  # A typing error is one without a terminal, too.
    return wishes if options.terminal else None


def _start(context: Context, options: Options, *, language: bool) -> RemoteProcess:
    """Send the request: one word is a line for the shell over there, several words are its arguments, untouched."""
    words = [os.fsencode(word) for word in options.command]
    return context.begin().start(
        options.command[0] if len(words) == 1 else words or None,
        cwd=os.fsencode(options.directory) if options.directory else None,
        env=asked_environment(options, language=language),
        terminal=_terminal() if options.terminal else None,
        no_input=options.no_input,
    )


def _terminal() -> Any:
    from rsh.client.terminal.console import size
    from rsh.protocol.requests import Terminal

    return Terminal(*size())


def _run_json(context: Context, options: Options, deadline: Deadline) -> int:
    """Keep the output and print all about the run as one JSON object; also of a run that ran out of time."""
    from rsh.client.cli.json_output import print_object, text_fields

    stdout: list[Buffer] = []
    stderr: list[Buffer] = []
    start = time.monotonic()
    returncode: int | None
    try:
        returncode = _run(context, options, deadline, stdout=stdout.append, stderr=stderr.append)
    except DeadlineExpired:
        if not deadline.expired:
            raise
        returncode = None
    timed_out = returncode is None
    status = CommandTimeout.exit_status if returncode is None else exit_status(returncode)
    print_object(
        {
            "command": [word.encode(errors="surrogateescape").decode(errors="replace") for word in options.command],
            "status": status,
            "signal": -returncode if returncode is not None and returncode < 0 else None,
            "timed_out": timed_out,
            "duration": round(time.monotonic() - start, 6),
            **text_fields("stdout", b"".join(stdout)),
            **text_fields("stderr", b"".join(stderr)),
        }
    )
    return status
