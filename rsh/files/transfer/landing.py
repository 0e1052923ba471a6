"""Where what arrives is put: the target, and the directory below it that is being filled.

All names have been checked to be single components. What this adds is that each directory is made or found without
following a symlink, and that nothing special is replaced.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from typing import Final, NamedTuple

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.descent import Descent
from rsh.files.disk.identity import is_within
from rsh.files.disk.leftovers import identity_of, sweep
from rsh.files.disk.names import check_component, join
from rsh.files.disk.part import Finisher
from rsh.files.disk.unfinished import mark_unfinished, unmark_unfinished
from rsh.files.disk.vacant import Elsewhere
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.target import Target, open_behind

# Files of which it is remembered that they got another name, for further names of theirs.
_MOST_RENAMED: Final = 10_000

# Directories of which it is remembered that we made them and may not write to them any more.
_MOST_SEALED: Final = 10_000


class _Level(NamedTuple):
    item: int  # number of the item that entered it
    mode: int
    mtime_ns: int
    fresh: bool  # made by us: nothing in it needs protection
    ours: bool  # made by us, now or earlier in this transfer
    settle: bool  # mode and time are to be set when it is left
    finish: Finisher | None  # sets what else there is to set


class Spot(NamedTuple):
    """Where a file goes: a directory, a name in it, and what to do when that is taken by the time the file is whole."""

    directory: int
    name: bytes
    elsewhere: Elsewhere | None  # None: what is there is replaced


class Landing:
    """The place of a receiver. Owns the target's descriptor. OSError and FileError are raised for one item each."""

    def __init__(self, target: Target, conflicts: Conflicts | None = None) -> None:
        self._target = target
        self._conflicts = conflicts or Conflicts()
        self._place = Descent(target.fd)
        self._levels: list[_Level] = []
        self._base = target.path  # what the topmost entered directory is called, for people
        self._skipped = 0  # levels entered below and including a directory that failed
        self._renamed: dict[bytes, bytes] = {}  # by their paths, files that got another name than their own
        self._sealed: set[tuple[int, int]] = set()  # read-only directories made by us, to which we may come back
        self._unfinished = b""  # name of the source that the topmost directory is marked with
        self._behind = -1  # directory of the file that a symlink named by the user leads to

    @property
    def depth(self) -> int:
        """Levels entered, those skipped included."""
        return len(self._levels) + self._skipped

    @property
    def skipping(self) -> bool:
        """Tell whether we are in a directory that could not be made."""
        return self._skipped > 0

    @property
    def fresh(self) -> bool:
        """Tell whether we made the current directory, so that hardly anything can be in the way in it."""
        return bool(self._levels) and self._levels[-1].fresh

    @property
    def target_name(self) -> bytes | None:
        """Give the name that the one source gets; None when the target is a directory that is there."""
        return self._target.name

    @property
    def here(self) -> int:
        """Give the descriptor of the directory that is being filled."""
        return self._place.fd

    @property
    def top(self) -> int:
        """Give the descriptor of the target's directory."""
        return self._target.fd

    def enter(
        self, index: int, name: bytes, mode: int, mtime_ns: int, finish: Finisher | None = None, source: bytes = b""
    ) -> None:
        """Make a directory, or find it, and go in. When that fails all that is below it is skipped up to leave().

        Args:
            source: identity of what is copied, b"" for what is below the top; it is not copied into itself.
        """
        origin = b"" if self.depth else name
        if origin and self._target.is_begun(origin):
            self._enter_target(_Level(index, mode, mtime_ns, False, True, settle=True, finish=finish), source)
            self._unfinished = origin
            return
        self._enter(index, name, mode, mtime_ns, finish, source)
        if origin and self.fresh and self._target.name is not None:
            self._unfinished = origin
            mark_unfinished(self._place.fd, origin)

    def _enter(self, index: int, name: bytes, mode: int, mtime_ns: int, finish: Finisher | None, source: bytes) -> None:
        if self._skipped:
            self._skipped += 1
            return
        self._skipped = 1  # until it has succeeded
        if not self._levels:
            name = self._target.name_for(name, directory=True)
            self._base = self._target.shown(name)
            self._check_outside(self._place.fd, source)
        try:
            os.mkdir(name, 0o700, dir_fd=self._place.fd)
            fresh = True
        except FileExistsError:
            fresh = False
        self._place.enter(name)
        try:
            self._check_outside(self._place.fd, b"" if fresh else source)
            ours = fresh or self._unsealed()
        except (OSError, FileError):
            self._place.leave()
            raise
        self._levels.append(_Level(index, mode, mtime_ns, fresh, ours, settle=True, finish=finish))
        self._skipped = 0

    def enter_root(
        self, index: int, mode: int, mtime_ns: int, finish: Finisher | None = None, source: bytes = b""
    ) -> None:
        """Go into the target itself, which is made when it is not there."""
        if self._target.name is not None:
            self._enter(index, self._target.name, mode, mtime_ns, finish, source)
            return
        self._enter_target(_Level(index, mode, mtime_ns, fresh=False, ours=False, settle=False, finish=None), source)

    def _enter_target(self, level: _Level, source: bytes) -> None:
        self._skipped = 1  # until it has succeeded
        self._base = self._target.path
        self._check_outside(self._place.fd, source)
        self._place.enter(b".")
        self._skipped = 0
        self._levels.append(level)

    def leave(self, *, finished: bool = True) -> None:
        """Set the mode and time of the directory entered last and go up. It has been left also when this raises.

        Args:
            finished: all has come that belongs in it.
        """
        if self._skipped:
            self._skipped -= 1
            return
        level = self._levels.pop()
        if not level.fresh:
            sweep(self._place.fd)
        if self._unfinished and finished and not self._levels:
            unmark_unfinished(self._place.fd, self._unfinished)
            self._unfinished = b""
        try:
            if level.settle:
                self._settle(level)
        finally:
            self._place.leave()

    def entered_by(self) -> int:
        """Give the index of the item that entered the current directory."""
        return self._levels[-1].item if self._levels else 0

    def spot(self, name: bytes, *, link: bool = False, mtime_ns: int | None = None) -> Spot:
        """Give the directory and the name for a file, after a look at what is there.

        Args:
            link: it is a symlink itself, and replaces one instead of following it.
            mtime_ns: its time, for the policy about files that are there already; None when there is none.
        """
        fd, shown = self._place.fd, name
        if self._levels:
            return self._spot(fd, name, shown, None if self.fresh else check_replaceable(fd, name), mtime_ns)
        name = self._target.name_for(name)
        if self._target.name is not None and not link and (behind := open_behind(fd, name)):
            self._behind, name = behind
            fd = self._behind
        return self._spot(fd, name, shown, check_replaceable(fd, name), mtime_ns)

    def _spot(self, fd: int, name: bytes, shown: bytes, there: os.stat_result | None, mtime_ns: int | None) -> Spot:
        if mtime_ns is None:
            return Spot(fd, name, None)
        elsewhere = self._conflicts.elsewhere(fd, name, self.shown(shown)) if self._conflicts.careful else None
        if there is None:
            return Spot(fd, name, elsewhere)
        settled = self._conflicts.settle(fd, name, there, mtime_ns, self.shown(shown))
        if settled != name and len(self._renamed) < _MOST_RENAMED:
            self._renamed[b"/".join((*self._place.names, name)).removeprefix(b"./")] = settled
        return Spot(fd, settled, elsewhere if settled != name else None)

    def _check_outside(self, fd: int, source: bytes) -> None:
        if source and is_within(fd, source):
            raise FileError("EINSIDE", self._base)

    def open_earlier(self, path: bytes, *, across: bool = False) -> tuple[int, bytes]:
        """Find what came earlier, by its path; give its directory, to be closed, and its name.

        Args:
            path: from the top of this tree, or with `across` from the directory that the sources go into.

        Raises:
            ProtocolError: no such path can have been sent.
            OSError: it is not there.
        """
        names = path.split(b"/")
        for name in names:
            check_component(name)
        if not across:
            if not self._levels:
                raise ProtocolError("Link outside of a tree")
            names.insert(0, self._place.names[0])
        elsewhere = self._renamed.get(b"/".join(names).removeprefix(b"./"), names[-1])
        return self._place.open_below(names[:-1]), elsewhere

    def sweep(self) -> None:
        """Remove from the target's directory what nobody came back for."""
        sweep(self._target.fd)

    def from_source(self, name: bytes) -> bytes:
        """Give the path of `name` from the top of its source, or the name of a source that is a file."""
        return b"/".join((*self._place.names[1:], name))

    def shown(self, name: bytes = b"") -> bytes:
        """Give the path of `name`, or of the current directory, as the user would write it."""
        if not self._levels:
            return self._target.shown(name) if name else self._base
        inner = self._place.names[1:]
        return join(self._base, b"/".join((*inner, name) if name else inner)) if inner or name else self._base

    def close(self) -> None:
        """Leave everything and close. Directories get their modes even when the transfer broke off."""
        self._skipped = 0
        while self._levels:
            try:
                self.leave(finished=False)
            except OSError:
                pass  # it stays as it is: private
        self._place.close()
        if self._behind >= 0:
            os.close(self._behind)
            self._behind = -1

    def _unsealed(self) -> bool:
        """Be able to write to the current directory again if we have sealed it; when it is left it is once more."""
        if not self._sealed or identity_of(self._place.fd) not in self._sealed:
            return False
        os.fchmod(self._place.fd, 0o700)
        return True

    def _settle(self, level: _Level) -> None:
        fd = self._place.fd
        special = os.fstat(fd).st_mode & 0o7000  # ours or inherited, never the peer's
        try:
            mode = level.finish(fd, level.mode) if level.finish else level.mode & 0o777
            os.fchmod(fd, special | mode)
            if not mode & 0o200 and level.ours and len(self._sealed) < _MOST_SEALED:
                self._sealed.add(identity_of(fd))
            os.utime(fd, ns=(time.time_ns(), level.mtime_ns))
        except PermissionError:
            if level.fresh:
                raise
            # Somebody else's directory that we may write to: it stays as its owner wants it.


def check_replaceable(fd: int, name: bytes) -> os.stat_result | None:
    """Look at what has a name; None for nothing. Raises OSError and FileError for what is never replaced."""
    try:
        there = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    mode = there.st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise FileError("ESPECIAL", name)
    return there
