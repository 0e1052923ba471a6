"""`rsh cp`, `ln`, `chmod`, `chown`, `find` and `du`: changes and searches that move no content."""

from __future__ import annotations

import sys

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines, stdout_is_terminal, writing
from rsh.client.commands.changes import finish
from rsh.client.commands.rehearsing import rehearse_placing, rehearse_setting
from rsh.client.text.columns import align
from rsh.client.text.complaints import complain
from rsh.client.text.listing import Style, show_name
from rsh.client.text.units import base_of, human_size
from rsh.errors import UsageError, file_error
from rsh.protocol.answer_records import Entry, Measured
from rsh.protocol.record_stream import Failure


def run_cp(context: Context, options: Options) -> int:
    """Copy over there; 1 when some could not be copied."""
    sources, target = _sides(options)
    if options.dry_run:
        return rehearse_placing(context, sources, target)
    return finish(context, context.remote.cp(*sources, to=target))


def run_ln(context: Context, options: Options) -> int:
    """Make links over there; 1 when some could not be made."""
    if len(options.paths) == 1 and options.target is None:
        sources, target = options.paths, "./"  # as ln(1): the link has the name of what it leads to
    else:
        sources, target = _sides(options)
    if options.dry_run:
        return rehearse_placing(context, sources, target, looks=not options.symbolic)
    made = context.remote.ln(*sources, to=target, symbolic=options.symbolic, force=options.force)
    return finish(context, made)


def run_chmod(context: Context, options: Options) -> int:
    """Change permissions; 1 when some stayed as they were."""
    from rsh.files.disk.modes import Mode

    Mode(options.mode)  # What is none is an error of usage, and known without asking.
    if options.dry_run:
        return rehearse_setting(context, f"mode {options.mode}", options.paths, recursive=options.recursive)
    return finish(context, context.remote.chmod(options.mode, *options.paths, recursive=options.recursive))


def run_chown(context: Context, options: Options) -> int:
    """Change owner and group; 1 when some stayed as they were."""
    owner, _, group = options.owner.partition(":")
    if not owner and not group:
        raise UsageError(
            f"'{options.owner}' names neither owner nor group", advice="write OWNER, OWNER:GROUP or :GROUP"
        )
    if options.dry_run:
        return rehearse_setting(context, f"owner {options.owner}", options.paths, recursive=options.recursive)
    return finish(context, context.remote.chown(owner, group, *options.paths, recursive=options.recursive))


def run_find(context: Context, options: Options) -> int:
    """Print the paths of what is looked for; 1 when some directory could not be read."""
    status = 0
    style = Style(terminal=stdout_is_terminal())
    found = context.remote.find(
        *(options.paths or ["."]),
        name=options.name,
        kind=options.type or "",
        depth=options.depth,
        larger=options.larger,
        smaller=options.smaller,
        newer=options.newer,
        older=options.older,
    )
    for record in found:
        if isinstance(record, Failure):
            status = 1
            complain(context.verb, file_error(record.error, record.path))
        else:
            _print_found(record, options, style)
    return status


def _print_found(entry: Entry, options: Options, style: Style) -> None:
    if options.json:
        from rsh.client.cli.json_output import entry_fields, print_object

        print_object(entry_fields(entry))
    elif options.null:
        with writing():
            sys.stdout.buffer.write(entry.path + b"\0")
    else:
        print_lines([show_name(entry.path, style)])


def run_du(context: Context, options: Options) -> int:
    """Print how much paths hold; 1 when some of it could not be looked at."""
    status = 0
    measured = []
    for record in context.remote.du(*(options.paths or ["."])):
        if isinstance(record, Failure):
            status = 1
            complain(context.verb, file_error(record.error, record.path))
        else:
            measured.append(record)
    if options.json:
        from rsh.client.cli.json_output import print_object, text_fields

        for each in measured:
            counts = {"files": each.files, "bytes": each.bytes, "blocks": each.blocks}
            print_object({**text_fields("path", each.path), **counts})
    elif measured:
        print_lines(
            du_lines(measured, Style(terminal=stdout_is_terminal()), human=base_of(human=options.human, si=options.si))
        )
    return status


def du_lines(measured: list[Measured], style: Style, *, human: int) -> list[str]:
    """Give the lines of du(1): kibibytes on the disk, or units of this base, and the path."""
    rows = [[_on_disk(each, human), show_name(each.path or b".", style)] for each in measured]
    return align(rows, (True, False))


def _on_disk(measured: Measured, human: int) -> str:
    count = measured.blocks * 512
    return human_size(count, human) if human else str(-(-count // 1024))


def _sides(options: Options) -> tuple[list[str], str]:
    """Part sources from the target: `-t DIR`, or the last path."""
    paths: list[str] = options.paths
    if options.target is not None:
        return paths, options.target.rstrip("/") + "/"
    if len(paths) < 2:
        raise UsageError(f"missing destination after '{paths[0]}'", advice="write where it should go")
    return paths[:-1], paths[-1]
