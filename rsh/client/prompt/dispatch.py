"""Hands one line of the prompt to whom it is for, and turns what goes wrong into words and a status."""

from __future__ import annotations

import sys
from typing import Final

from rsh.client.cli.table import find
from rsh.client.editor.lines import Local, Nothing, Ours, read_line
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.shell.shell import Called, Leave
from rsh.client.terminal.passthrough import OutputClosed
from rsh.client.text.complaints import complain, hint
from rsh.client.text.syntax import Scan
from rsh.errors import RshError, UsageError

# Groups of commands that wait for the other side, and those in them that have the terminal: their bar, or an editor.
WAITING: Final = ("files", "machine")
BUSY: Final = ("put", "get", "mput", "mget", "sync", "edit")

_BETWEEN: Final = (";", "&&", "||", "")  # what stands between two commands, a newline among it

NOT_FOUND: Final = 127  # status of a shell for a command that is not there


def run_line(context: PromptContext, text: str) -> int:
    """Run one line, whoever it is for, and give its status, which the context keeps.

    Raises:
        shell.Leave: the line ends the prompt. KeyboardInterrupt. OutputClosed: nobody reads our stdout.
    """
    context.verb, context.complained = "", False
    try:
        context.status = _run(context, text)
    except OutputClosed:
        raise
    except RshError as error:
        context.status = _told(context, error)
    except (Leave, Called, BrokenPipeError):
        raise
    except Exception as error:  # a net for bugs: what lives in the shell over there is worth more than this line
        if not context.verb:
            raise
        context.status = _told(context, RshError(f"internal error: {error!r}", advice="-vv shows where"))
    finally:
        sys.stdout.flush()
    return context.status


def _run(context: PromptContext, text: str) -> int:
    line = read_line(text)
    if isinstance(line, Nothing):
        return 0
    context.shell.fresh_line = False  # Of the shell over there alone we know what it wrote last.
    if isinstance(line, Local):
        from rsh.client.terminal.local import run_locally

        return run_locally(line.command)
    if isinstance(line, Ours):
        return _run_ours(context, line)
    status = context.shell.run(line.text)
    _explain_not_found(context, line.text, status)
    return status


def _run_ours(context: PromptContext, line: Ours) -> int:
    context.verb, context.background = line.command.name, line.background
    if getattr(line.options, "help", False):
        from rsh.client.cli.help import page

        sys.stdout.write(page(line.command, "prompt"))
        return 0
    from rsh.client.cli.main import carry_out
    from rsh.client.cli.outage import Outage

    remote = context.connected
    waits = line.command.group in WAITING and line.command.name not in BUSY
    session = remote.session if remote is not None and waits else None
    with Outage(session, replaced=lambda: context.connected not in (None, remote)) as outage:
        status = carry_out(context, line.command, line.options)
    if outage.told:
        context.missed = 0.0
    return status


def _told(context: PromptContext, error: RshError) -> int:
    """Tell an error, with its traceback if that is wanted; give its status."""
    if context.debug:
        import traceback

        traceback.print_exc()
    verb = error.verb if isinstance(error, UsageError) and not context.verb else context.verb
    complain(verb, error, color=context.color)
    context.complained = True
    if context.close_if_lost():
        hint("the next line connects again", color=context.color)
    return error.exit_status


def _explain_not_found(context: PromptContext, text: str, status: int) -> None:
    """Say why a command of ours went over there, where nobody knows it.

    The status may be that of another command in the line; then the shell must be known not to have this one.
    """
    scan = Scan(text)
    ours = [word for word in scan.words if word.command and not word.quoted and _is_reserved(word.text)]
    if status != NOT_FOUND:
        ours = [word for word in ours if context.knows(word.text) is False]
    if not ours or not scan.syntax:
        return
    name = ours[0].text
    if ours[0] is scan.words[0] and scan.syntax.strip() not in _BETWEEN:
        words = f"{name}: '{scan.syntax}' made this a line for the shell over there; quote it"
    else:
        words = f"{name} is a command of the prompt, not of the shell over there: give it a line of its own"
    hint(words, color=context.color)


def _is_reserved(word: str) -> bool:
    command = find(word, "prompt")
    return command is not None and command.bare
