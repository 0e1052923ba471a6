"""Listing: files and directories as Entry records, for `ls` and `stat`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from rsh.errors import error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.names import join
from rsh.protocol.answer_records import Entry, Heading
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.record_stream import Failure

Listed: TypeAlias = Heading | Entry | Failure

_LATEST: Final = 2**63 - 1


def entries(
    paths: Sequence[bytes],
    *,
    directory: bytes = b"",
    recursive: bool = False,
    itself: bool = False,
    follow: bool = False,
) -> Iterator[Listed]:
    """List files, then the content of directories, each under a Heading; what fails is named and the rest goes on.

    Names come in the order of bytes. A symlink that is named and leads to a directory is listed as that directory;
    below that none is followed.

    Args:
        paths: no patterns; each entry says by which of them it is reached.
        directory: where relative paths start.
        recursive: with the content of all directories below.
        itself: a directory is shown itself and not its content.
        follow: a symlink is shown as what it points to; a dangling one as itself.
    """
    lister = Lister(follow)
    directories = []
    for path in paths:
        where = join(directory, path) or b"."
        try:
            if not itself and os.path.isdir(where):
                directories.append((path, where))
            else:
                yield lister.entry(b"", path, where, None)
        except OSError as error:
            yield Failure(path, error_name(error))
    for path, where in directories:
        try:
            place = Descent(os.open(where, DIRECTORY_FLAGS & ~os.O_NOFOLLOW))
        except OSError as error:
            yield Failure(path, error_name(error))
            continue
        try:
            yield from lister.tree(place, path, recursive)
        finally:
            place.close()


class Lister:
    """Makes entries; remembers the names of users and groups."""

    def __init__(self, follow: bool = False) -> None:
        self._follow = follow
        self._users: dict[int, str] = {}
        self._groups: dict[int, str] = {}

    def tree(self, place: Descent, top: bytes, recursive: bool) -> Iterator[Listed]:
        """List the current directory of `place`, and with `recursive` those below, depth first."""
        pending = [iter([b""])]  # directories still to be listed, for each level
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                if place.names:
                    yield from self._leave(place, top)
                continue
            shown = join(top, b"/".join((*place.names, name))) if name else top
            below: list[bytes] = []
            try:
                if len(shown) > MAX_PATH:
                    raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
                if name:
                    place.enter(name)
                names = sorted(map(os.fsencode, os.listdir(place.fd)))
            except OSError as error:
                yield Failure(shown[-MAX_PATH:], error_name(error))
                continue
            yield Heading(shown)
            yield from self._content(place.fd, shown, names, below)
            pending.append(iter(below if recursive else []))

    def _leave(self, place: Descent, top: bytes) -> Iterator[Failure]:
        try:
            place.leave()
        except OSError as error:  # replaced meanwhile: what is left of it fails by itself
            yield Failure(join(top, b"/".join(place.names)), error_name(error))

    def _content(self, fd: int, shown: bytes, names: list[bytes], below: list[bytes]) -> Iterator[Entry | Failure]:
        for name in names:
            try:
                entry = self.entry(shown, name, name, fd)
            except FileNotFoundError:
                continue  # removed since
            except OSError as error:
                yield Failure(join(shown, name), error_name(error))
                continue
            yield entry
            if stat.S_ISDIR(entry.mode) and not entry.target:
                below.append(name)

    def entry(self, shown: bytes, name: bytes, path: bytes, fd: int | None) -> Entry:
        """Make one entry. Raises OSError."""
        status = os.stat(path, dir_fd=fd, follow_symlinks=False)
        target = b""
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(path, dir_fd=fd)
            status = self._behind(status, path, fd) if self._follow else status
        return Entry(
            directory=shown,
            name=name,
            mode=status.st_mode,
            size=status.st_size,
            mtime_ns=max(-_LATEST, min(status.st_mtime_ns, _LATEST)),
            owner=self._users.get(status.st_uid) or self._user(status.st_uid),
            group=self._groups.get(status.st_gid) or self._group(status.st_gid),
            uid=status.st_uid,
            gid=status.st_gid,
            links=status.st_nlink,
            inode=status.st_ino,
            blocks=status.st_blocks,
            target=target,
        )

    def _behind(self, link: os.stat_result, path: bytes, fd: int | None) -> os.stat_result:
        try:
            return os.stat(path, dir_fd=fd)
        except OSError:
            return link

    def _user(self, number: int) -> str:
        import pwd

        try:
            name = pwd.getpwuid(number).pw_name
        except KeyError:
            name = str(number)
        self._users[number] = name
        return name

    def _group(self, number: int) -> str:
        import grp

        try:
            name = grp.getgrgid(number).gr_name
        except KeyError:
            name = str(number)
        self._groups[number] = name
        return name
