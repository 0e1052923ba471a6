"""`rsh rm`, `rsh mkdir` and `rsh mv`: changes to files over there that move no content."""

from __future__ import annotations

from collections.abc import Sequence

from rsh.client.complaints import complain
from rsh.client.context import Context
from rsh.client.options import Options
from rsh.errors import FileError, UsageError


def run_rm(context: Context, options: Options) -> int:
    """Remove files; 1 when some are still there."""
    kept = [path for path in options.paths if _is_dangerous(path)]
    for path in kept:
        complain(context.verb, UsageError(f"refusing to remove '{path}'"))
    paths = [path for path in options.paths if not _is_dangerous(path)]
    failed = context.remote.rm(*paths, recursive=options.recursive, force=options.force) if paths else []
    return max(1 if kept else 0, finish(context, failed))


def run_mkdir(context: Context, options: Options) -> int:
    """Make directories; 1 when some could not be made."""
    return finish(context, context.remote.mkdir(*options.paths, parents=options.parents))


def run_mv(context: Context, options: Options) -> int:
    """Rename or move; 1 when some stayed where they were."""
    paths: list[str] = options.paths
    if options.target is not None:
        # As `mv -t`: what is no directory must not be replaced.
        return finish(context, context.remote.mv(*paths, to=options.target.rstrip("/") + "/"))
    if len(paths) < 2:
        raise UsageError(f"missing destination after '{paths[0]}'", advice="write where it should go")
    return finish(context, context.remote.mv(*paths[:-1], to=paths[-1]))


def _is_dangerous(path: str) -> bool:
    """Say whether a path is one that rm(1) refuses as well: `.`, `..`, and the root."""
    return path.rstrip("/").rpartition("/")[2] in ("", ".", "..")


def finish(context: Context, failed: Sequence[FileError]) -> int:
    """Name what failed; give the exit status."""
    for error in failed:
        complain(context.verb, error)
    return max((error.exit_status for error in failed), default=0)
