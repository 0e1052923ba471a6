"""`rsh rm`, `rsh mkdir` and `rsh mv`: changes to files over there that move no content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.commands.rehearsing import rehearse_mkdir, rehearse_placing
from rsh.client.terminal.asking import confirm
from rsh.client.terminal.console import is_terminal
from rsh.client.text.complaints import complain, say
from rsh.client.text.units import amount
from rsh.errors import FileError, UsageError
from rsh.escape import shell_quoted
from rsh.protocol.record_stream import Failure

MANY: Final = 5  # trees named in a question


def run_rm(context: Context, options: Options) -> int:
    """Remove files; 1 when some are still there."""
    kept = [path for path in options.paths if _is_dangerous(path)]
    for path in kept:
        complain(context.verb, UsageError(f"refusing to remove '{path}'"))
    paths = [path for path in options.paths if not _is_dangerous(path)]
    if options.dry_run:
        print_lines(f"would remove {each}" for each in _described(context, paths))
        return 1 if kept else 0
    if paths and not _may_remove(context, options, paths):
        say(f"rsh: {context.verb}: nothing was removed\n")
        return 1
    failed = context.remote.rm(*paths, recursive=options.recursive, force=options.force) if paths else []
    return max(1 if kept else 0, finish(context, failed))


def _may_remove(context: Context, options: Options, paths: list[str]) -> bool:
    """Say whether trees may go: a user at a terminal is told what and how much, and asked."""
    if not options.recursive or options.force or options.yes or not context.asks or not is_terminal(0):
        return True
    found = list(_described(context, paths))
    return not found or confirm(f"remove {', '.join(found[:MANY])}{' ...' if len(found) > MANY else ''}?")


def _described(context: Context, paths: list[str]) -> Iterator[str]:
    """Name what is there, and how much it is."""
    for record in context.remote.du(*paths) if paths else ():
        if not isinstance(record, Failure):
            several = f" ({record.files} files, {amount(record.bytes)})" if record.files > 1 else ""
            yield f"{shell_quoted(record.path)}{several}"


def run_mkdir(context: Context, options: Options) -> int:
    """Make directories; 1 when some could not be made."""
    if options.dry_run:
        return rehearse_mkdir(context, options.paths, parents=options.parents)
    return finish(context, context.remote.mkdir(*options.paths, parents=options.parents))


def run_mv(context: Context, options: Options) -> int:
    """Rename or move; 1 when some stayed where they were."""
    paths: list[str] = options.paths
    if options.target is not None:
        # As `mv -t`: what is no directory must not be replaced.
        sources, target = paths, options.target.rstrip("/") + "/"
    elif len(paths) < 2:
        raise UsageError(f"missing destination after '{paths[0]}'", advice="write where it should go")
    else:
        sources, target = paths[:-1], paths[-1]
    if options.dry_run:
        return rehearse_placing(context, sources, target)
    return finish(context, context.remote.mv(*sources, to=target))


def _is_dangerous(path: str) -> bool:
    """Say whether a path is one that rm(1) refuses as well: `.`, `..`, and the root."""
    return path.rstrip("/").rpartition("/")[2] in ("", ".", "..")


def finish(context: Context, failed: Sequence[FileError]) -> int:
    """Name what failed; give the exit status."""
    for error in failed:
        complain(context.verb, error)
    return max((error.exit_status for error in failed), default=0)
