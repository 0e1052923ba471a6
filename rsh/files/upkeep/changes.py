"""Changes to a tree that move no content over the network: remove, make directories, move.

Each yields a Failure for what did not work, as it goes; the rest goes on.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Final

from rsh.errors import FileError, error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.names import is_component, join
from rsh.files.disk.part_names import part_name
from rsh.files.disk.tree import Step, walk
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure

_ABOVE: Final = DIRECTORY_FLAGS & ~os.O_NOFOLLOW


def remove(
    paths: Sequence[bytes], *, directory: bytes = b"", recursive: bool = False, force: bool = False
) -> Iterator[Failure]:
    """Remove files, and with `recursive` trees, never following a symlink.

    Args:
        force: what is not there is no failure.
    """
    for path in paths:
        try:
            yield from _remove(path, join(directory, path), recursive)
        except FileNotFoundError as error:
            if not force:
                yield Failure(path, error_name(error))
        except OSError as error:
            yield Failure(path, error_name(error))


def _remove(shown: bytes, path: bytes, recursive: bool) -> Iterator[Failure]:
    above, name = _split(path)
    fd = os.open(above, _ABOVE)
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=fd)
        elif recursive:
            yield from remove_tree(shown, os.open(name, DIRECTORY_FLAGS, dir_fd=fd))
            os.rmdir(name, dir_fd=fd)
        else:
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    finally:
        os.close(fd)


def remove_tree(shown: bytes, top: int) -> Iterator[Failure]:
    """Remove what is in an open directory, which is closed at the end, never following a symlink.

    Args:
        shown: what it is called in failures.
    """
    place = Descent(top)
    try:
        for step, name, error in walk(place):
            try:
                if step is Step.LEFT:
                    os.rmdir(name, dir_fd=place.fd)
                elif step is Step.UNREADABLE:
                    yield Failure(join(shown, b"/".join((*place.names, name)))[-MAX_PATH:], error)
                elif step is not Step.DIRECTORY:
                    os.unlink(name, dir_fd=place.fd)
            except OSError as failed:
                yield Failure(join(shown, b"/".join((*place.names, name)))[-MAX_PATH:], error_name(failed))
    finally:
        place.close()


def make_directories(paths: Sequence[bytes], *, directory: bytes = b"", parents: bool = False) -> Iterator[Failure]:
    """Make directories, with `parents` those above as well; then one that exists is no failure."""
    for path in paths:
        try:
            where = join(directory, path)
            os.makedirs(where, exist_ok=True) if parents else os.mkdir(where)
        except OSError as error:
            yield Failure(path, error_name(error))


def move(sources: Sequence[bytes], target: bytes, *, directory: bytes = b"") -> Iterator[Failure]:
    """Rename a source, or move sources into a directory, as mv(1); to another file system by copy and removal."""
    where = join(directory, target)
    into = os.path.isdir(where)
    if len(sources) > 1 and not into:
        yield Failure(target, "ENOTDIRTARGET")
        return
    for source in sources:
        try:
            path = join(directory, source)
            _move(path, join(where, _split(path)[1]) if into else where)
        except FileError as error:
            yield Failure(source, error.error)
        except OSError as error:
            yield Failure(source, error_name(error))


def _move(source: bytes, target: bytes) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        for failure in remove([source], recursive=True):
            raise FileError(failure.error, failure.path) from error


def _copy(source: bytes, target: bytes) -> None:
    """Copy beside the target and rename, so that it is there whole or not at all."""
    import shutil

    part = join(os.path.dirname(target.rstrip(b"/")), part_name())
    try:
        if stat.S_ISDIR(os.lstat(source).st_mode):
            shutil.copytree(os.fsdecode(source), os.fsdecode(part), symlinks=True)
        else:
            shutil.copy2(source, part, follow_symlinks=False)
        os.rename(part, target)
    except shutil.SpecialFileError:
        raise FileError("ESPECIAL", source) from None
    except shutil.Error as error:
        raise FileError("EFAILED", source) from error
    finally:
        for _ in remove([part], recursive=True, force=True):
            pass


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Split into the directory above and a name; a path without a name of its own (`.`, `..`, `/`) is EINVAL."""
    stripped = path.rstrip(b"/")
    above, _, name = stripped.rpartition(b"/")
    if not is_component(name):
        raise OSError(errno.EINVAL if path else errno.ENOENT, "")
    return above or (b"/" if stripped.startswith(b"/") else b"."), name
