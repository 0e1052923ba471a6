"""Long output of our own commands at the prompt, through a pager (R26)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from shutil import which
from typing import Final

from rsh.client.cli.output import print_lines
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.terminal.console import is_terminal, layout_size
from rsh.client.terminal.local import run_program

# The first one that is installed. Less ends by itself when all fits, passes colours on, and leaves the screen as it is.
DEFAULTS: Final = ("less -FRX", "more")


def print_paged(context: PromptContext, lines: Iterable[str]) -> None:
    """Print lines, through a pager when they are more than the screen takes; never in a batch or plain mode."""
    known = list(lines)
    program = pager(os.environ)
    if not program or not context.settings.on("pager") or not overflows(context, len(known)):
        print_lines(known)
        return
    begun = time.monotonic()
    run_program(["/bin/sh", "-c", program], os.fsencode("".join(f"{line}\n" for line in known)))
    context.reading += time.monotonic() - begun


def overflows(context: PromptContext, count: int) -> bool:
    """Say whether somebody sits before a screen that takes less than so many lines."""
    able = is_terminal(0) and is_terminal(1) and os.environ.get("TERM") != "dumb"  # as in plain mode
    return able and context.asks and count >= layout_size()[1]


def pager(environment: Mapping[str, str]) -> str:
    """Give the pager's command line: RSH_PAGER, PAGER, or less; "" when one is set and empty, or there is none."""
    for name in ("RSH_PAGER", "PAGER"):
        if name in environment:
            return environment[name].strip()
    return next((command for command in DEFAULTS if which(command.split()[0])), "")
