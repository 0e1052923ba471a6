"""What `put` and `get` have in common beside the copy itself: its wishes, the dry run, and the questions of `ask`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.terminal.asking import ask_choice, somebody
from rsh.client.transfer.printing import abandoning
from rsh.errors import RshError, UsageError
from rsh.escape import printable
from rsh.files.transfer.report import Progress

if TYPE_CHECKING:
    from rsh.files.transfer.report import Report

_WIDTH: Final = 8  # of the longest word for what would be done, and a blank

# Answers to one question: what they mean for this path, and for all that follow.
_ANSWERS: Final = {"y": (True, False), "n": (False, False), "a": (True, True), "s": (False, True)}


def wishes(options: Options) -> dict[str, Any]:
    """Give what Remote.put and Remote.get take of a command's options."""
    return {
        "exclude": options.exclude,
        "on_conflict": options.on_conflict,
        "limit": options.limit or 0,
        "compress": compression(options),
        "archive": options.archive,
        "follow": options.follow,
        "durability": options.durability,
    }


def compression(options: Options) -> bool | None:
    """Give whether to compress; None when that is left to us."""
    if options.compress and options.no_compress:
        raise UsageError("--compress and --no-compress contradict each other")
    return True if options.compress else False if options.no_compress else None


class Plan(Progress):
    """Prints what a rehearsal tells, one line each, or one object for programs."""

    def __init__(self, *, json: bool) -> None:
        self._json = json

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        """Print one path."""
        with abandoning():
            if not self._json:
                print_lines([f"{action:<{_WIDTH}}{printable(path)}"])
                return
            from rsh.client.cli.json_output import text_fields
            from rsh.client.transfer.events import tell

            tell("would", {"action": action, **text_fields("path", path), "size": size})


class _Existing(Progress):
    """Collects what would be replaced."""

    def __init__(self) -> None:
        self.paths: list[bytes] = []

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        """Keep it."""
        if action == "replace":
            self.paths.append(path)


def ask_first(context: Context, options: Options, copy: Callable[..., Report]) -> dict[str, Any]:
    """Ask about everything that a copy would replace; give what it then takes in the place of `ask`.

    What is there is found by a rehearsal, in one go; the copy is made after the last answer, without a further word.

    Args:
        copy: makes the copy; takes what Remote.put takes beside sources and target.

    Raises:
        RshError: there is nobody to ask.
    """
    if not (context.asks and somebody()):
        raise RshError(
            "--on-conflict=ask has nobody to ask: there is no terminal, or lines come from a batch",
            advice="skip, newer, rename, backup and fail ask nobody; RSH_ASKPASS names a program that asks",
        )
    existing = _Existing()
    copy(dry_run=True, progress=existing, on_conflict="overwrite")
    agreed: list[bytes] = []
    always: bool | None = None
    for number, path in enumerate(existing.paths):
        if always is None:
            agreed_here, for_all = _ask(path, len(existing.paths) - number)
            always = agreed_here if for_all else None
        else:
            agreed_here = always
        if agreed_here:
            agreed.append(path)
    if len(agreed) == len(existing.paths) and always:
        return {"on_conflict": "overwrite"}
    return {"on_conflict": "ask", "agreed": agreed} if agreed else {"on_conflict": "skip"}


def _ask(path: bytes, left: int) -> tuple[bool, bool]:
    """Ask about one path; no answer at all is a no to all that is left."""
    question = f"replace {printable(path)}? (y)es, (n)o, (a)ll {left}, (s)kip all:"
    return _ANSWERS[ask_choice(question, "".join(_ANSWERS), default="n", nobody="s")]
