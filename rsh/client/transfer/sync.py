"""`rsh sync SRC DST`: makes DST like SRC, one of them here and one over there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.terminal.asking import ask_choice, can_ask, confirm
from rsh.client.terminal.console import is_terminal
from rsh.client.text.complaints import hint, say
from rsh.client.transfer.copying import compression
from rsh.client.transfer.printing import abandoning, caring
from rsh.client.transfer.transfers import carried, finish, survey_here
from rsh.errors import FileError, UsageError
from rsh.escape import printable
from rsh.files.stream.spool import Spool
from rsh.files.sync.agreed import Agreed
from rsh.files.sync.itemize import DELETING
from rsh.files.transfer.report import Progress

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.files.transfer.report import Report
    from rsh.protocol.answer_records import Total

_NAMED: Final = 5  # paths in a question


class Changes(Progress):
    """Prints each change, and hands everything on to whatever shows the transfer."""

    def __init__(self, shown: Progress | None, *, json: bool) -> None:
        self._shown = shown or Progress()
        self._json = json

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        """Print one change."""
        with abandoning():
            if not self._json:
                print_lines([f"{action} {printable(path)}{f' <- {printable(origin)}' if origin else ''}"])
                return
            from rsh.client.cli.json_output import text_fields
            from rsh.client.transfer.events import tell

            named = text_fields("origin", origin) if origin else {"origin": None}
            tell("change", {"change": action.rstrip(), **text_fields("path", path), **named})

    def started(self, path: bytes, size: int) -> None:
        """Hand it on."""
        self._shown.started(path, size)

    def moved(self, count: int) -> None:
        """Hand it on."""
        self._shown.moved(count)

    def arrived(self, count: int) -> None:
        """Hand it on."""
        self._shown.arrived(count)

    def reused(self, count: int) -> None:
        """Hand it on."""
        self._shown.reused(count)

    def passed(self, items: int, size: int) -> None:
        """Hand it on."""
        self._shown.passed(items, size)

    def completed(self, items: int) -> None:
        """Hand it on."""
        self._shown.completed(items)

    def failed(self, error: FileError) -> None:
        """Hand it on."""
        self._shown.failed(error)


class _Deletions(Progress):
    """Takes note of what would be deleted.

    Attributes:
        agreed: all of it.
        names: the first few, for the question.
    """

    def __init__(self) -> None:
        self.agreed = Agreed()
        self.names: list[str] = []
        self._all = Spool()

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        """Take note of a deletion."""
        if action == DELETING:
            self.agreed.add(path)
            self._all.append(path)
            if len(self.names) < _NAMED:
                self.names.append(printable(path))

    def ask(self) -> bool:
        """Say whether all of it may go: the user is told which and how many, and can see the whole list."""
        more = self._all.count - len(self.names)
        question = f"delete {self._all.count}: {', '.join(self.names)}{f' and {more} more' if more else ''}?"
        if not (more and can_ask()):
            return confirm(question)
        while (answer := ask_choice(f"{question} [y/N, l lists them]", "ynl", default="n")) == "l":
            say("".join(f"{printable(path)}\n" for path in self._all))
        return answer == "y"

    def close(self) -> None:
        """Give memory back."""
        self._all.close()


@caring()
def run_sync(context: Context, options: Options) -> int:
    """Make one like the other; 1 when something failed, 3 when a file arrived wrong."""
    source, target, fetch = _sides(context, options)
    if not (target if fetch else source):  # of a variable that is not set: the working directory was not meant
        raise UsageError("the path on this machine is empty")
    if context.spelling is not None and not context.quiet:
        hint("the names in these trees keep their bytes: a sync does not convert them", color=context.color)
    if context.carry is not None:  # The user may go elsewhere while it runs.
        source, target = (source, os.path.abspath(target)) if fetch else (os.path.abspath(source), target)
    fixed = partial(
        _sync,
        source,
        target,
        fetch=fetch,
        exclude=options.exclude,
        checksum=options.checksum,
        archive=options.archive,
        limit=options.limit or 0,
        compress=compression(options),
    )
    sync = partial(fixed, context.remote)
    forced = options.force or options.yes
    if options.dry_run:
        told = Changes(None, json=options.json)
        return finish(context, options, sync(delete=options.delete, delete_all=forced, dry_run=True, progress=told))
    asks = options.delete and not forced and context.asks and is_terminal(0)
    agreed = _agreed(sync) if asks else None
    if asks and agreed is None:
        say(f"rsh: {context.verb}: nothing was changed\n")
        return 1
    deletes = {"delete": options.delete, "delete_all": forced or asks, "agreed": agreed}
    itemize = options.itemize and not context.background

    def move(remote: Remote, progress: Progress | None) -> Report:
        told = Changes(progress, json=options.json) if itemize else progress
        return fixed(remote, itemize=itemize, progress=told, **deletes)

    label = f"{context.verb} {printable(options.source)} {printable(options.destination)}"
    done = carried(context, label, move, _survey(context, source, options.exclude, fetch=fetch), options)
    return 0 if done is None else finish(context, options, done)


def _sync(source: str, target: str, remote: Remote, **wishes: Any) -> Report:
    return remote.sync(source, target, **wishes)


def _survey(context: Context, source: str, rules: list[str], *, fetch: bool) -> Callable[[], Iterable[Total]]:
    """Give what counts all that a sync will look at."""
    path = source.rstrip("/") + "/" if source else ""  # a link to a directory counts as that
    if fetch:
        return partial(context.remote.survey, path, exclude=rules)
    return partial(survey_here, [os.fsencode(path)], [os.fsencode(rule) for rule in rules])


def _sides(context: Context, options: Options) -> tuple[str, str, bool]:
    """Give source and target, and whether the source is over there."""
    if context.where == "prompt":
        from rsh.client.cli.location import sides_at_the_prompt

        return sides_at_the_prompt(options.source, options.destination)
    return options.source, options.destination, options.fetch


def _agreed(sync: Callable[..., Report]) -> Agreed | None:
    """Ask about what a sync would delete; give what may go, None for a no."""
    found = _Deletions()
    try:
        sync(delete=True, delete_all=True, dry_run=True, progress=found)
        return found.agreed if not found.names or found.ask() else None
    finally:
        found.close()
