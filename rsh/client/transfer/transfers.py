"""`rsh put`, `rsh get` and `rsh cat`: copies there and here by the rules of cp; `-` is our stdin or stdout."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rsh.client.api.remote_copies import ONCE
from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import writing
from rsh.client.terminal.passthrough import to_stdout
from rsh.client.text.complaints import complain, say
from rsh.client.text.units import base_of
from rsh.client.transfer.copying import Plan, ask_first, wishes
from rsh.client.transfer.printing import abandoning, caring
from rsh.client.transfer.progress import shown
from rsh.errors import FileError, UsageError, error_name
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.files.transfer.report import Progress, Report
    from rsh.protocol.answer_records import Total

_PIECE: Final = 256 * 1024  # what travels in one frame


def run_put(context: Context, options: Options) -> int:
    """Copy there; 1 when some failed, 3 when one arrived wrong, 4 when one was in the way."""
    from rsh.files.disk.globs import expand

    sources, target = _sides(options)
    if "-" in sources:
        return _put_stdin(context, options, sources, target)
    local = expand([os.fsencode(source) for source in sources])
    here = _working_directory()  # Its files stay the same ones when the user goes elsewhere.
    rules = [os.fsencode(rule) for rule in options.exclude]
    fixed = wishes(options)

    def copy(remote: Remote, **more: Any) -> Report:
        return remote.put(*local, to=target, here=here, **(fixed | more))

    return _copy(context, options, copy, lambda: survey_here(local, rules, here, options.follow))


def _working_directory() -> bytes:
    """Give where we are; b"" when that has been removed, which whoever opens a file there says better."""
    try:
        return os.getcwdb()
    except OSError:
        return b""


def run_get(context: Context, options: Options) -> int:
    """Copy here; 1 when some failed, 3 when one arrived wrong, 4 when one was in the way."""
    sources, target = _sides(options)
    if target == "-":
        if options.dry_run:
            raise UsageError("'-' does not go with --dry-run")
        return _print_files(context, sources, options.limit or 0)
    if context.where == "prompt":
        target = os.path.expanduser(target)  # on the command line the shell has done so
    remote = context.remote
    fixed = wishes(options)

    def copy(remote: Remote, **more: Any) -> Report:
        return remote.get(*sources, to=target, **(fixed | more))

    def survey() -> Iterable[Total]:
        return remote.survey(*sources, exclude=options.exclude, follow=options.follow)

    return _copy(context, options, copy, survey)


@caring()
def _copy(
    context: Context, options: Options, copy: Callable[..., Report], survey: Callable[[], Iterable[Total]]
) -> int:
    """Copy as the options want it: for show, after questions, or at once."""
    if options.dry_run:
        return finish(context, options, copy(context.remote, dry_run=True, progress=Plan(json=options.json)))
    asked = partial(copy, context.remote)
    answers = ask_first(context, options, asked) if options.on_conflict == "ask" else {}
    label = f"{context.verb} {' '.join(map(printable, options.paths))}"
    report = carried(
        context, label, lambda remote, progress: copy(remote, progress=progress, **answers), survey, options
    )
    return 0 if report is None else finish(context, options, report)


def carried(
    context: Context,
    label: str,
    move: Callable[[Remote, Progress | None], Report],
    survey: Callable[[], Iterable[Total]] | None,
    options: Options,
) -> Report | None:
    """Make a transfer, and show how it goes; None when it goes on in the background of the prompt."""
    context.base = base_of(human=True, si=options.si)
    with stoppable(context):
        if context.carry is not None:
            once = getattr(options, "on_conflict", "") in ONCE
            return context.carry(context, label, move, survey, json=options.json, once=once)
        with shown(context, survey, json=options.json) as progress:
            return move(context.remote, progress)


def survey_here(
    paths: list[bytes], rules: list[bytes], directory: bytes = b"", follow: bool = False
) -> Iterable[Total]:
    """Count what a copy of paths here would send."""
    from rsh.files.transfer.survey import survey

    return survey(paths, directory=directory, rules=rules, follow=follow)


@contextmanager
def stoppable(context: Context) -> Iterator[None]:
    """Say how to go on when Ctrl-C stops a transfer."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"rsh: {context.verb}: stopped; run the same command again to resume it\n")
        raise


def run_cat(context: Context, options: Options) -> int:
    """Print files; 1 when some could not be read."""
    return _print_files(context, options.paths)


def _sides(options: Options) -> tuple[list[str], str]:
    """Part sources from the target: `-t DIR`, else the last path, else here or the home there."""
    paths: list[str] = options.paths
    if options.target is not None:
        # As with cp(1) it has to be a directory, which nothing but a directory is with this behind it.
        return paths, options.target and options.target.rstrip("/") + "/."
    return (paths[:-1], paths[-1]) if len(paths) > 1 else (paths, ".")


def _put_stdin(context: Context, options: Options, sources: list[str], target: str) -> int:
    if len(sources) > 1 or options.target is not None or target in ("", "."):
        raise UsageError("'-' is copied to one file, which has to be named")
    if options.dry_run or options.on_conflict != "overwrite":
        raise UsageError("'-' goes with neither --dry-run nor --on-conflict")
    count = context.remote.write(target, _stdin_pieces(), limit=options.limit or 0)
    if options.json:
        from rsh.client.transfer.events import tell_summary
        from rsh.files.transfer.report import Report

        report = Report()
        report.files, report.bytes = 1, count
        tell_summary(report)
    return 0


def _stdin_pieces() -> Iterator[bytes]:
    try:
        while piece := os.read(0, _PIECE):
            yield piece
    except OSError as error:
        raise FileError(error_name(error), b"-") from error


@caring()
def _print_files(context: Context, paths: list[str], limit: int = 0) -> int:
    """Print files one after the other; one that fails does not keep the rest back."""
    return max(_print_file(context, path, limit) for path in paths)


def _print_file(context: Context, path: str, limit: int) -> int:
    pieces = context.remote.read(path, limit=limit)
    try:
        for piece in pieces:
            with abandoning(), writing():
                to_stdout(piece)
    except FileError as error:
        complain(context.verb, error)
        return error.exit_status
    return 0


def finish(context: Context, options: Options, report: Report) -> int:
    """Name what failed, and give the exit status."""
    if options.json:
        from rsh.client.transfer.events import tell_summary

        tell_summary(report)
    for error in report.failures:
        complain(context.verb, error)
    if report.failed > len(report.failures):
        say(f"rsh: {context.verb}: {report.failed - len(report.failures)} more failed\n")
    if report.failed > 1 and not (options.json or options.dry_run):
        say(f"rsh: {context.verb}: {report.failed} failed, {report.files} file{'s' * (report.files != 1)} arrived\n")
    return report.exit_status
