"""`rsh sessions` and `rsh kill`: the living shells over there, which belong to nobody's connection."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.shell.joining import SCROLLBACK, Joining, come_back, quoted
from rsh.errors import UsageError
from rsh.escape import printable
from rsh.session.deadline import Deadline

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.protocol.answer_records import ShellEntry

# How long a shell may take to end, in seconds; its holder gives it two.
END_PATIENCE = 10.0

# Shells that are offered at the beginning: more would push the banner off the screen. Scripts leave dozens behind.
OFFERED = 3


def run_sessions(context: Context, options: Options) -> int:
    """Print what living shells there are."""
    found = shells(context.remote)
    if options.json:
        from rsh.client.cli.json_output import print_object

        for entry in found:
            print_object(_fields(entry, context.remote.account))
    elif found:
        print_lines(shell_lines(found, context.remote.account, time.time()))
    return 0


def run_kill(context: Context, options: Options) -> int:
    """End a living shell."""
    from rsh.protocol.requests import EndShell

    channel = context.remote.session.open(EndShell(checked_word(options.shell)))
    channel.wait_accepted(Deadline(END_PATIENCE))
    channel.close()
    return 0


def run_detach(context: Context, options: Options) -> int:
    """Leave the prompt, and the shell to itself."""
    from rsh.client.shell.shell import Leave
    from rsh.client.shell.terminal_shell import TerminalShell

    shell = getattr(context, "shell", None)
    if not isinstance(shell, TerminalShell) or not shell.lives_on:
        raise UsageError(
            "this shell ends with its prompt", advice="one behind a daemon lives on: rsh connect localhost"
        )
    name = shell.called
    if not name:
        raise UsageError("there is no shell to leave", advice="exit leaves the prompt")
    shell.detach()
    print_lines([come_back(context.host, name)])
    raise Leave(0)


def run_attach_here(context: Context, options: Options) -> int:
    """Leave the shell of this prompt to itself, and go to another one."""
    from rsh.client.shell.terminal_shell import TerminalShell

    shell = getattr(context, "shell", None)
    if not isinstance(shell, TerminalShell):
        raise UsageError("a living shell needs a terminal")
    scrollback = SCROLLBACK if options.scrollback is None else options.scrollback
    name = checked_word(options.shell or "")
    if name and name not in [word for entry in shells(context.remote) for word in (entry.id, entry.name)]:
        raise UsageError(f"there is no shell {name}", advice=":sessions lists them")
    return shell.switch(Joining(name, True, options.read_only, options.steal, scrollback))


def shells(remote: Remote) -> list[ShellEntry]:
    """Ask what living shells there are."""
    from rsh.files.stream.stream import read_records
    from rsh.protocol.answer_records import ShellEntry
    from rsh.protocol.requests import Shells

    channel = remote.session.open(Shells())
    return [remote.taken(record) for record in read_records(channel) if isinstance(record, ShellEntry)]


def shell_lines(found: list[ShellEntry], account: str, now: float) -> list[str]:
    """Give the table of shells.

    Args:
        account: whose they are.
        now: seconds since 1970, to choose how a moment is written.
    """
    from rsh.client.text.columns import align
    from rsh.client.text.units import listing_time

    rows = [["NAME", "USER", "SINCE", "LAST SEEN", "RUNNING", "ATTACHED"]]
    for entry in found:
        since, seen = (listing_time(moment * 10**9, now) for moment in (entry.since, entry.last_seen))
        attached = ", ".join(map(printable, entry.attached)) or "-"
        if entry.answers:
            rows.append([called(entry), printable(account), since, seen, running(entry), attached])
        else:
            rows.append([called(entry), printable(account), "?", "?", "does not answer", "?"])
    return align(rows, (False,) * 6)


def offers(found: list[ShellEntry], host: str) -> list[str]:
    """Give a line for each shell that nobody is attached to: what it is, and how to come to it; the newest few."""
    left = [entry for entry in found if entry.answers and not entry.attached]
    left.sort(key=lambda entry: entry.last_seen, reverse=True)
    now = time.time()
    more = (
        [f"rsh: {len(left) - OFFERED} more were left here: rsh sessions {quoted(host)}"] if len(left) > OFFERED else []
    )
    lines = [
        f"rsh: left here {_ago(now - entry.last_seen)} ago, {_doing(entry)}: "
        f"rsh attach {quoted(host)} {quoted(entry.name or entry.id)}"
        for entry in left[:OFFERED]
    ]
    return lines + more


def called(entry: ShellEntry) -> str:
    """Give what a shell is called by: its name, else its id."""
    return printable(entry.name or entry.id)


def running(entry: ShellEntry) -> str:
    """Give what runs, in one line; "-" for nothing."""
    line, _, more = os.fsdecode(entry.running).strip().partition("\n")
    return (printable(line)[:60] + (" ..." if more or len(line) > 60 else "")) or "-"


def checked_word(name: str) -> str:
    """Give the id or name of a shell as the wire takes it. Raises UsageError: it cannot be one."""
    if len(name) > 64:
        raise UsageError(f"'{name[:64]}...' is no shell's name")
    return name


def checked_name(name: str) -> str:
    """Give a name for a new shell. Raises UsageError: it cannot be one."""
    plain = name.replace("_", "a").replace(".", "a").replace("-", "a")
    if len(name) > 32 or name[:1] in ("", ".", "-") or not (plain.isascii() and plain.isalnum()):
        raise UsageError(f"'{name}' is no name for a shell", advice="up to 32 letters, digits, _ . and -")
    return name


def _fields(entry: ShellEntry, account: str) -> dict[str, object]:
    return {
        "id": entry.id,
        "name": entry.name,
        "user": account,
        "key": entry.owner,
        "since": entry.since,
        "last_seen": entry.last_seen,
        "running": entry.running.decode("utf-8", "replace"),
        "attached": list(entry.attached),
        "answers": entry.answers,
    }


def _doing(entry: ShellEntry) -> str:
    return f"running {running(entry)}" if entry.running else "at its prompt"


def _ago(seconds: float) -> str:
    from rsh.client.text.units import duration

    return duration(max(seconds, 0.0))
