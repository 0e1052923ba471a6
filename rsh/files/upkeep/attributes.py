"""Changes to what is so about files: permissions, owner and group; and names that lead to them.

Each yields a Failure for what did not work, as it goes; the rest goes on.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from rsh.errors import FileError, UsageError, error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.modes import Mode, gives_identity
from rsh.files.disk.names import is_component, join
from rsh.files.disk.part_names import part_name
from rsh.files.disk.tree import Step, walk
from rsh.files.upkeep.operations import umask
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure

# Changes the file of a name, meant from an open directory or, None, from where we stand.
Change: TypeAlias = Callable[[bytes, int | None], None]


def set_modes(
    paths: Sequence[bytes], mode: str, *, directory: bytes = b"", recursive: bool = False
) -> Iterator[Failure]:
    """Change permissions as chmod(1); a symlink that is named is followed, one in a tree is left alone.

    Raises:
        UsageError: no such mode; at once.
    """
    wanted, mask = Mode(mode), umask()

    def change(name: bytes, fd: int | None) -> None:
        if fd is None:
            set_mode(name, wanted, mask)
        else:
            set_mode_below(fd, name, wanted, mask)

    return _each(paths, directory, recursive, change, links=False)


def set_mode(path: bytes, wanted: Mode, mask: int) -> None:
    """Change the permissions of what a path leads to. Raises OSError."""
    status = os.stat(path)
    before, is_directory = stat.S_IMODE(status.st_mode), stat.S_ISDIR(status.st_mode)
    after = wanted.applied(before, directory=is_directory, umask=mask)
    if gives_identity(before, after, directory=is_directory):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    os.chmod(path, after)


def set_mode_below(directory: int, name: bytes, wanted: Mode, mask: int) -> None:
    """Change the permissions of what is in an open directory, and of nothing else. Raises OSError.

    Who may write to the directory can put a symlink there after we have looked; that one is left alone.
    """
    held = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        if not stat.S_ISLNK(os.fstat(held).st_mode):
            set_mode(b"/proc/self/fd/%d" % held, wanted, mask)
    finally:
        os.close(held)


def set_owners(
    paths: Sequence[bytes], owner: str, group: str, *, directory: bytes = b"", recursive: bool = False
) -> Iterator[Failure]:
    """Change owner and group as chown(1); "" leaves one as it is. A symlink in a tree is changed itself.

    Raises:
        UsageError: no such account or group; at once.
    """
    uid, gid = _account(owner), _group(group)

    def change(name: bytes, fd: int | None) -> None:
        os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=fd is None)

    return _each(paths, directory, recursive, change, links=True)


def link(
    sources: Sequence[bytes], target: bytes, *, directory: bytes = b"", symbolic: bool = False, force: bool = False
) -> Iterator[Failure]:
    """Make links as ln(1): to one source under a name, or to several in a directory.

    Args:
        sources: of a symbolic link the text that it holds, whatever that means from where the link is.
        force: replace what has the name.
    """
    where = join(directory, target) or b"."
    into = os.path.isdir(where)
    if not into and (len(sources) > 1 or target.endswith(b"/")):
        yield Failure(target, "ENOTDIRTARGET")
        return
    for source in sources:
        name = source.rstrip(b"/").rpartition(b"/")[2]
        try:
            if into and not is_component(name):
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
            place = join(where, name) if into else where
            _link(source if symbolic else join(directory, source), place, symbolic, force)
        except OSError as error:
            yield Failure(target if not into else source, error_name(error))


def _link(source: bytes, place: bytes, symbolic: bool, force: bool) -> None:
    made = join(os.path.dirname(place), part_name()) if force else place
    if symbolic:
        os.symlink(source, made)
    else:
        os.link(source, made, follow_symlinks=False)
    if force:
        try:
            os.rename(made, place)
        finally:
            if os.path.lexists(made):  # rename(2) leaves both when they are the same file
                os.unlink(made)


def _each(
    paths: Sequence[bytes], directory: bytes, recursive: bool, change: Change, *, links: bool
) -> Iterator[Failure]:
    for path in paths:
        where = join(directory, path)
        try:
            is_tree = recursive and stat.S_ISDIR(os.lstat(where).st_mode)
            if is_tree:
                yield from _tree(path, os.open(where, DIRECTORY_FLAGS), change, links)
            change(where, None)
        except FileError as error:
            yield Failure(path, error.error)
        except OSError as error:
            yield Failure(path, error_name(error))


def _tree(shown: bytes, top: int, change: Change, links: bool) -> Iterator[Failure]:
    """Change all in a directory; each directory when what is in it has been changed, lest it shuts us out."""
    place = Descent(top)
    try:
        for step, name, error in walk(place):
            try:
                if step is Step.UNREADABLE:
                    yield Failure(_named(shown, place, name), error)
                elif step is not Step.DIRECTORY and (links or step is not Step.SYMLINK):
                    change(name, place.fd)
            except OSError as failed:
                yield Failure(_named(shown, place, name), error_name(failed))
    finally:
        place.close()


def _named(shown: bytes, place: Descent, name: bytes) -> bytes:
    return join(shown, b"/".join((*place.names, name)))[-MAX_PATH:]


def _account(name: str) -> int:
    import pwd

    if not name:
        return -1
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return _number(name, "account")


def _group(name: str) -> int:
    import grp

    if not name:
        return -1
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return _number(name, "group")


def _number(name: str, what: str) -> int:
    if name.isascii() and name.isdigit() and int(name) < 2**32 - 1:
        return int(name)
    raise UsageError(f"no {what} '{name}'")
