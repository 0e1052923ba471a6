"""What is said when a prompt is left: what would be lost, and what was moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.text.units import amount
from rsh.errors import RshError

if TYPE_CHECKING:
    from rsh.client.prompt.prompt_context import PromptContext


def unfinished(context: PromptContext) -> str:
    """Say what would be lost if the prompt ended now: transfers, and stopped jobs of the shell; "" for nothing."""
    stopped = _stopped_jobs(context)
    jobs = f"{stopped} stopped job{'s' if stopped > 1 else ''}" if stopped else ""
    return " and ".join(filter(None, (context.transfers.unfinished(), jobs)))


def _stopped_jobs(context: PromptContext) -> int:
    """Ask how many jobs of the shell are stopped; nobody has to wait for a link that is away."""
    from rsh.client.commands.sessions import shells

    remote, shell = context.connected, context.shell
    if remote is None or not isinstance(shell, TerminalShell) or not shell.id or not remote.session.condition.connected:
        return 0
    try:
        return next((entry.stopped for entry in shells(remote) if entry.id == shell.id), 0)
    except (RshError, KeyboardInterrupt):
        return 0


def farewell(context: PromptContext) -> str:
    """Give the line on what was moved; "" when nothing was."""
    parts = [
        f"{word} {files} file{'' if files == 1 else 's'}, {amount(size)}"
        for word, (files, size) in context.transfers.totals.items()
        if files
    ]
    return f"rsh: {'; '.join(parts)}" if parts else ""
